"""What panels say in place of results, each with a word for scripts and tests."""

from __future__ import annotations

from html import escape

from dashboard.digits.state import DigitsState
from dashboard.languages.text import gettext, gettext_noop
from data_cache.samples import PIXELS

Message = tuple[str, str]
"""A word and a sentence."""

BLANK: Message = ("blank", gettext_noop("Draw a digit first; this panel follows the drawing."))
DIVERGED: Message = (
    "invalid",
    gettext_noop("The weights are NaN or infinite. Reset starts again with random weights."),
)
UNFIT: Message = (
    "unfit",
    gettext_noop(
        "The network has other classes than the data set. Train or load a network that fits."
    ),
)


def obstacle(state: DigitsState) -> Message | None:
    """Return why nothing can be computed from the shown network and the drawing, if so."""
    network = state.shown_network
    if network.inputs != PIXELS or network.classes != len(state.class_names):
        return UNFIT
    return BLANK if state.prediction.image is None else None


def message_html(message: Message) -> str:
    """Return a message as a paragraph."""
    word, sentence = message[0], gettext(message[1])
    return f'<p class="quiet" data-state="{word}">{escape(sentence)}</p>' if sentence else ""
