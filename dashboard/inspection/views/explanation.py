"""The attributions of a drawing: the signed map, its legend, and a sentence with the numbers.

The values are also in `data-*` attributes, which tests and scripts read.
"""

from __future__ import annotations

from html import escape

from dashboard.inspection.explanation import Explanation
from dashboard.shell.pictures import (
    ink_pixels,
    picture_html,
    signed_gradient,
    signed_pixels,
)


def explanation_html(explanation: Explanation) -> str:
    """Return the map over the input of the network, the legend and the sentence."""
    attribution = explanation.attribution
    names = explanation.class_names
    target = escape(names[explanation.target])
    against = None if explanation.against is None else escape(names[explanation.against])
    total = float(attribution.contributions.sum())
    contributions = attribution.contributions.reshape(28, 28)
    largest = float(abs(contributions).max())
    title = f"Why {target}, not {against}?" if against else f"Why {target}?"
    other = "" if explanation.against is None else str(explanation.against)
    image = picture_html(ink_pixels(explanation.image.reshape(28, 28)), "", "ink under")
    overlay = picture_html(
        signed_pixels(contributions, largest),
        f"Contribution of each pixel to the {_subject(target, against)}",
        "over",
    )
    return (
        f'<div data-state="explained" data-target="{explanation.target}" data-against="{other}" '
        f'data-sum="{total:.6f}" data-difference="{attribution.difference:.6f}">'
        f'<h2>{title}</h2><div class="explained">'
        f'<figure><div class="frame">{image}{overlay}</div></figure>'
        f'<div>{_legend(target, against, largest)}<p class="sentence">'
        f"{_sentence(explanation, total, target, against)}</p></div></div></div>"
    )


def _sentence(explanation: Explanation, total: float, target: str, against: str | None) -> str:
    attribution = explanation.attribution
    verb = "rises" if attribution.difference >= 0 else "falls"
    return (
        f"The contributions of the pixels sum to <b>{_number(total, '+')}</b>: the "
        f"{_subject(target, against)} {verb} by {abs(attribution.difference):.2f}, from "
        f"{_number(attribution.baseline_value)} for a blank image to "
        f"<b>{_number(attribution.value)}</b> for this drawing, where {target} has a probability "
        f"of {100 * explanation.probability:.1f} %."
    )


def _subject(target: str, against: str | None) -> str:
    return f"logit of {target} minus that of {against}" if against else f"logit of {target}"


def _number(value: float, sign: str = "") -> str:
    """Return a number with two digits and a minus sign; `sign` “+” is for positive ones too."""
    return f"{value:{sign}.2f}".replace("-", "−")


def _legend(target: str, against: str | None, largest: float) -> str:
    opposite = f"for {against}" if against else f"against {target}"
    scale = f'<span class="scale" style="background: {signed_gradient()}"></span>'
    return (
        f'<div class="color-legend" aria-hidden="true"><span>{opposite}</span>'
        f"{scale}<span>for {target}</span>"
        f"<span>−{largest:.3g}</span><span></span><span>+{largest:.3g}</span></div>"
    )
