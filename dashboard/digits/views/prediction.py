"""The prediction of the drawing: in words, as a bar for each class, and the input of the model.

The values are also in `data-*` attributes, which tests and scripts read.
"""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, LinearColorMapper
from bokeh.plotting import figure
from numpy.typing import NDArray

from dashboard.digits.state import DigitsState
from dashboard.digits.views.pad import INK_PALETTE, PAPER
from dashboard.languages.numbers import format_percent
from dashboard.languages.text import gettext, gettext_noop
from dashboard.shell.chart_parts import make_picture
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.theme import Theme

NUMBER_WORDS = (
    *(gettext_noop("zero"), gettext_noop("one"), gettext_noop("two"), gettext_noop("three")),
    *(gettext_noop("four"), gettext_noop("five"), gettext_noop("six"), gettext_noop("seven")),
    *(gettext_noop("eight"), gettext_noop("nine")),
)
DIGITS = tuple("0123456789")
INVITATION = gettext_noop("Draw a digit")
OTHER_INVITATION = gettext_noop("Draw a picture")
INVALID = gettext_noop("The weights are NaN or infinite")
UNDECIDED = gettext_noop("No answer: the model gives every class about the same probability")
NOT_SURE = gettext_noop("Not sure")
NEAR = 0.25
"""A class may be meant, too, if it has this share of the probability of the best one, or more."""
PICTURE_SIDE = 112
"""Of the model's input on the page, in pixels."""
EQUAL_SPREAD = 0.5
"""Probabilities are about the same if they differ by less than this share of their mean."""


def prediction_html(
    probabilities: NDArray[np.float32] | None,
    class_names: tuple[str, ...],
    is_confident: bool = True,
) -> str:
    """Return the most probable class with its probability, and the second one if it is near.

    None gives an invitation to draw.

    Parameters
    ----------
    probabilities
        Of the classes, (classes,) float32.
    class_names
        Names of the classes.
    is_confident
        False puts “Not sure” before the most probable class.
    """
    if probabilities is None:
        is_digits = set(class_names) <= set(DIGITS)
        invitation = gettext(INVITATION if is_digits else OTHER_INVITATION)
        return f'<div class="answer blank" data-state="blank">{invitation}</div>'
    if not np.isfinite(probabilities).all():
        return f'<div class="answer blank" data-state="invalid">{gettext(INVALID)}</div>'
    if are_about_equal(probabilities):
        text = gettext(UNDECIDED)
        return f'<div class="answer blank undecided" data-state="undecided">{text}</div>'
    best, second = np.argsort(-probabilities, kind="stable")[:2].tolist()
    name, probability = class_names[best], float(probabilities[best])
    values = f'data-digit="{best}" data-probability="{probability:.6f}"'
    share, perhaps = format_percent(probability), ""
    if probabilities[second] >= NEAR * probability:
        values += f' data-second="{second}"'
        perhaps = gettext(", perhaps {name}", name=escape(class_names[second]))
    if not is_confident:
        word = f" {gettext(NUMBER_WORDS[int(name)])}" if name in DIGITS else ""
        return (
            f'<div translate="no" class="answer unsure" data-state="uncertain" {values}>'
            f'<span class="name">{gettext(NOT_SURE)}</span> '
            f'<span class="words">· {escape(name)}{word} {share}{perhaps}</span></div>'
        )
    if name in DIGITS:
        word = gettext(NUMBER_WORDS[int(name)])
        text = (
            f'<span class="digit">{name}</span> '
            f'<span class="words">{word} · <b>{share}</b>{perhaps}</span>'
        )
    else:
        text = (
            f'<span class="name">{escape(name)}</span> '
            f'<span class="words"><b>{share}</b>{perhaps}</span>'
        )
    return f'<div translate="no" class="answer" data-state="confident" {values}>{text}</div>'


def are_about_equal(probabilities: NDArray[np.float32]) -> bool:
    """Return whether finite probabilities, (classes,), are too alike to be an answer."""
    return float(np.ptp(probabilities)) * len(probabilities) < EQUAL_SPREAD


def bars_html(probabilities: NDArray[np.float32] | None, class_names: tuple[str, ...]) -> str:
    """Return a table with a bar for each class; without valid probabilities the bars are empty."""
    if probabilities is not None and not np.isfinite(probabilities).all():
        probabilities = None
    shares = np.zeros(len(class_names)) if probabilities is None else probabilities
    has_answer = probabilities is not None and not are_about_equal(probabilities)
    best = int(np.argmax(shares)) if has_answer else -1
    rows = []
    for index, (name, share) in enumerate(zip(class_names, shares.tolist(), strict=True)):
        text = "" if probabilities is None else format_percent(share)
        rows.append(
            f'<tr class="{"best" if index == best else ""}"><th scope="row">{escape(name)}</th>'
            f'<td class="track"><div style="width:{100 * share:.1f}%"></div></td>'
            f'<td class="share">{text}</td></tr>'
        )
    name = gettext("Probability of each class")
    return f'<table class="bars" translate="no" aria-label="{name}">{"".join(rows)}</table>'


def caption_html(*, is_centred: bool) -> str:
    """Return the caption of the model's input: how it was made from the drawing."""
    state = "centred" if is_centred else "shrunk"
    centred = gettext("Model input (28 × 28, centred)")
    text = centred if is_centred else gettext("Model input (28 × 28, not centred)")
    return f'<span class="quiet" data-state="{state}">{text}</span>'


class PredictionView:
    """The prediction of a state, redrawn whenever it changes.

    Attributes
    ----------
    text, bars, image, caption
        The prediction in words, the probabilities of all classes, and the input of the model with
        its caption.
    """

    def __init__(self, state: DigitsState, page: PageWriter, theme: Theme) -> None:
        self._state = state
        self.text = theme.text("", css_classes=["ink-prediction"])
        self.bars = theme.text("", css_classes=["ink-bars"])
        self._pixels = ColumnDataSource(name="seen", data={"image": [np.zeros((28, 28), np.uint8)]})
        self.image = pn.pane.Bokeh(_picture(self._pixels), css_classes=["ink-sees"], margin=0)
        self.caption = theme.text("", css_classes=["ink-model-input"])
        self.caption.param.update(sizing_mode=None, width=PICTURE_SIDE)
        self._page = page
        self._draw()
        self._draw_input()
        state.param.watch(self._changed, ["prediction", "class_names", "centre_drawing"])

    def _changed(self, *_events: Any) -> None:
        self._page.write(self._draw, key=self)
        self._page.write_later(self._draw_input, key=(self, "input"))

    def _draw(self) -> None:
        prediction, names = self._state.prediction, self._state.class_names
        probabilities = prediction.probabilities
        if probabilities is not None and len(probabilities) != len(names):
            probabilities = None  # of the data set before
        self.text.object = prediction_html(probabilities, names, prediction.is_confident)
        self.bars.object = bars_html(probabilities, names)

    def _draw_input(self) -> None:
        self.caption.object = caption_html(is_centred=self._state.is_drawing_centred)
        image = self._state.prediction.image
        levels = np.zeros(784, np.float32) if image is None else image
        pixels = np.round(255 * levels).astype(np.uint8).reshape(28, 28)
        self._pixels.data = {"image": [pixels]}


def _picture(source: ColumnDataSource) -> figure:
    picture = make_picture(
        width=PICTURE_SIDE,
        height=PICTURE_SIDE,
        x_range=(0, 28),
        y_range=(0, 28),
        stylesheets=[PAPER],
    )
    picture.image(
        "image",
        x=0,
        y=28,
        dw=28,
        dh=28,
        origin="top_left",
        anchor="top_left",
        source=source,
        color_mapper=LinearColorMapper(palette=INK_PALETTE, low=0, high=255),
    )
    return picture
