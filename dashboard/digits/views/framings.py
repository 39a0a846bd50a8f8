"""The drawing as the model's input without and with centring, side by side, each with its answer.

What centring does to a drawing is seen where both are: only one of them is the model's input.
"""

from __future__ import annotations

from html import escape

import numpy as np

from dashboard.digits.drawing import Framings
from dashboard.digits.state import Prediction
from dashboard.digits.views.prediction import are_about_equal
from dashboard.languages.numbers import format_percent
from dashboard.languages.text import gettext
from dashboard.shell.pictures import ink_pixels, picture_html


def framings_html(framings: Framings | None, class_names: tuple[str, ...]) -> str:
    """Return both inputs as pictures with the answers of the model; nothing for a blank pad."""
    if framings is None:
        return ""
    titles = (gettext("Not centred"), gettext("Centred"))
    found = (framings.shrunk, framings.centred)
    figures = "".join(
        _figure_html(title, prediction, class_names)
        for title, prediction in zip(titles, found, strict=True)
    )
    answers = " ".join(
        f'data-{name}="{"" if _answer(prediction) is None else _answer(prediction)}"'
        for name, prediction in zip(("shrunk", "centred"), found, strict=True)
    )
    return (
        f"<h2>{gettext('Without and with centring')}</h2>"
        f'<div class="pictures small" data-state="compared" {answers}>{figures}</div>'
    )


def _figure_html(title: str, prediction: Prediction, class_names: tuple[str, ...]) -> str:
    assert prediction.image is not None
    assert prediction.probabilities is not None
    picture = picture_html(ink_pixels(prediction.image.reshape(28, 28)), title, "ink")
    best = _answer(prediction)
    answer = "–"
    if best is not None:
        probability = format_percent(float(prediction.probabilities[best]))
        answer = f"{escape(class_names[best])} · {probability}"
    return (
        f'<figure><div class="frame">{picture}</div>'
        f'<figcaption>{title}<br><b translate="no">{answer}</b></figcaption></figure>'
    )


def _answer(prediction: Prediction) -> int | None:
    """Return the most probable class; None where all are about equal, or not numbers."""
    probabilities = prediction.probabilities
    if probabilities is None or not np.isfinite(probabilities).all():
        return None
    return None if are_about_equal(probabilities) else int(probabilities.argmax())
