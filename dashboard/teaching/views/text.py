"""The correction of an answer and the own digits as HTML.

Its buttons name a command in `data-do`, which `page.js` sends to Python; what was announced last is
in `data-announce`.
"""

from __future__ import annotations

from html import escape

import numpy as np

from dashboard.digits.state import DigitsState
from dashboard.digits.views.prediction import are_about_equal
from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext, gettext_noop, ngettext
from dashboard.shell.pictures import ink_pixels, picture_html
from dashboard.teaching.own_digits import MOST_OWN_DIGITS, OwnDigit
from dashboard.teaching.state import TeachingState
from data_cache import to_float
from data_cache.samples import SIDE

CARRIER = "inkling-teaching"

ITS_DIGITS = (
    *(gettext_noop("It is a zero"), gettext_noop("It is a one"), gettext_noop("It is a two")),
    *(gettext_noop("It is a three"), gettext_noop("It is a four"), gettext_noop("It is a five")),
    *(gettext_noop("It is a six"), gettext_noop("It is a seven"), gettext_noop("It is an eight")),
    gettext_noop("It is a nine"),
)
"""The names of the ten buttons."""


def ask_html(digits: DigitsState, state: TeachingState) -> str:
    """Return the button under the answer; "" while there is nothing to correct or to show."""
    label = _question(digits, state) if digits.has_digit_classes else ""
    if not label:
        return ""
    return (
        f'<div class="ask" data-sends="{CARRIER}" data-digits="{len(state.digits)}">'
        f'<button type="button" data-do="open" data-run="0" '
        f'aria-expanded="{str(state.is_open).lower()}">{label}</button></div>'
    )


def _question(digits: DigitsState, state: TeachingState) -> str:
    probabilities = digits.prediction.probabilities
    if probabilities is None:
        return gettext("Own<br>digits") if state.digits or state.is_open else ""
    if not np.isfinite(probabilities).all() or are_about_equal(probabilities):
        return gettext("Which<br>digit?")
    digit = int(probabilities.argmax())
    if digit == 8:
        return gettext("Not an {digit}?<br>Tell it", digit=digit)
    return gettext("Not a {digit}?<br>Tell it", digit=digit)


def own_digits(count: int) -> str:
    """Return a number of own digits in words."""
    return ngettext("{count} own digit", "{count} own digits", count, count=format_number(count))


def teaching_html(state: TeachingState) -> str:
    """Return the ten digits, the latest message, and the buttons for the own digits."""
    result, message, count = state.result, state.message, len(state.digits)
    values = f'data-digits="{count}" data-state="{"training" if state.is_training else "ready"}"'
    if result is not None:
        values += (
            f' data-kept="{str(result.is_kept).lower()}" data-read="{result.read_after}"'
            f' data-validation-before="{result.validation_before:.6f}"'
            f' data-validation-after="{result.validation_after:.6f}"'
        )
    buttons = "".join(
        f'<button type="button" data-do="correct" data-run="{digit}" '
        f'aria-label="{gettext(name)}">{digit}</button>'
        for digit, name in enumerate(ITS_DIGITS)
    )
    kind = "info" if message is None else message.kind
    text = "" if message is None else escape(message.text)
    intro = gettext("Choose the digit; the model is fine-tuned on it.")
    intro = "" if text else f'<p class="quiet">{intro}</p>'
    undo = "" if state.can_undo else " disabled"
    return (
        f'<div class="teaching" data-sends="{CARRIER}" {values}>'
        f'{intro}<p class="said {kind}" data-announce>{text}</p>'
        f'<div class="ten" role="group" aria-label="{gettext("Which digit is it?")}">'
        f"{buttons}</div>"
        '<p class="commands">'
        f'<button type="button" data-do="undo" data-run="0"{undo}>'
        f"{gettext('Undo fine-tuning')}</button>"
        f'<button type="button" data-do="list" data-run="0" '
        f'aria-expanded="{str(state.is_list_open).lower()}">{own_digits(count)}</button>'
        "</p></div>"
    )


def list_html(state: TeachingState) -> str:
    """Return the own digits as pictures with their labels, each with a button that removes it."""
    digits = state.digits
    if not digits:
        text = gettext(
            "No own digits yet. A corrected drawing is kept here, as the model gets it; {most} "
            "fit.",
            most=MOST_OWN_DIGITS,
        )
        return f'<p class="quiet">{text}</p>'
    items = "".join(_item(index, digit) for index, digit in enumerate(digits))
    return (
        f'<div class="own" data-sends="{CARRIER}" data-digits="{len(digits)}">'
        f'<ul aria-label="{gettext("Own digits")}">{items}</ul><p class="commands">'
        f"{_button('tune', gettext('Fine-tune on them'))}"
        f"{_button('idx', gettext('Save as {format}', format='idx'))}"
        f"{_button('png', gettext('Save as {format}', format='PNG'))}"
        f"{_button('clear', gettext('Remove all'))}</p></div>"
    )


def _button(command: str, text: str) -> str:
    return f'<button type="button" data-do="{command}" data-run="0">{text}</button>'


def _item(index: int, digit: OwnDigit) -> str:
    values = {"number": index + 1, "label": digit.label}
    pixels = ink_pixels(to_float(digit.image[np.newaxis]).reshape(SIDE, SIDE))
    picture = picture_html(pixels, gettext("Own digit {number}: {label}", **values))
    return (
        f"<li>{picture}<span>{digit.label}</span>"
        f'<button type="button" data-do="remove" data-run="{index}" '
        f'aria-label="{gettext("Remove own digit {number}: {label}", **values)}">✕</button></li>'
    )
