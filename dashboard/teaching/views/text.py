"""The correction of an answer and the own digits as HTML.

Its buttons name a command in `data-do`, which `page.js` sends to Python; what was announced last is
in `data-announce`.
"""

from __future__ import annotations

from html import escape

import numpy as np

from dashboard.digits.state import DigitsState
from dashboard.digits.views.prediction import NUMBER_WORDS, are_about_equal
from dashboard.shell.pictures import ink_pixels, picture_html
from dashboard.teaching.own_digits import MOST_OWN_DIGITS, OwnDigit
from dashboard.teaching.state import TeachingState
from data_cache import to_float
from data_cache.samples import SIDE

CARRIER = "inkling-teaching"


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
        return "Own<br>digits" if state.digits or state.is_open else ""
    if not np.isfinite(probabilities).all() or are_about_equal(probabilities):
        return "Which<br>digit?"
    return f"Not {_article(int(probabilities.argmax()))}?<br>Tell it"


def _article(digit: int) -> str:
    return f"a{'n' if digit == 8 else ''} {digit}"


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
        f'aria-label="It is a{"n" if digit == 8 else ""} {NUMBER_WORDS[digit]}">{digit}</button>'
        for digit in range(10)
    )
    kind = "info" if message is None else message.kind
    text = "" if message is None else escape(message.text)
    intro = "" if text else '<p class="quiet">Choose the digit; the model is fine-tuned on it.</p>'
    undo = "" if state.can_undo else " disabled"
    own = f"{count:,} own digit{'' if count == 1 else 's'}"
    return (
        f'<div class="teaching" data-sends="{CARRIER}" {values}>'
        f'{intro}<p class="said {kind}" data-announce>{text}</p>'
        f'<div class="ten" role="group" aria-label="Which digit is it?">{buttons}</div>'
        '<p class="commands">'
        f'<button type="button" data-do="undo" data-run="0"{undo}>Undo fine-tuning</button>'
        f'<button type="button" data-do="list" data-run="0" '
        f'aria-expanded="{str(state.is_list_open).lower()}">{own}</button></p></div>'
    )


def list_html(state: TeachingState) -> str:
    """Return the own digits as pictures with their labels, each with a button that removes it."""
    digits = state.digits
    if not digits:
        return (
            '<p class="quiet">No own digits yet. A corrected drawing is kept here, as the model '
            f"gets it; {MOST_OWN_DIGITS} fit.</p>"
        )
    items = "".join(_item(index, digit) for index, digit in enumerate(digits))
    return (
        f'<div class="own" data-sends="{CARRIER}" data-digits="{len(digits)}">'
        f'<ul aria-label="Own digits">{items}</ul><p class="commands">'
        '<button type="button" data-do="tune" data-run="0">Fine-tune on them</button>'
        '<button type="button" data-do="idx" data-run="0">Save as idx</button>'
        '<button type="button" data-do="png" data-run="0">Save as PNG</button>'
        '<button type="button" data-do="clear" data-run="0">Remove all</button></p></div>'
    )


def _item(index: int, digit: OwnDigit) -> str:
    pixels = ink_pixels(to_float(digit.image[np.newaxis]).reshape(SIDE, SIDE))
    picture = picture_html(pixels, f"Own digit {index + 1}: {_article(digit.label)}")
    return (
        f"<li>{picture}<span>{digit.label}</span>"
        f'<button type="button" data-do="remove" data-run="{index}" '
        f'aria-label="Remove own digit {index + 1}, {_article(digit.label)}">✕</button></li>'
    )
