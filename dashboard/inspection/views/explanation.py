"""The attributions of a drawing: the signed map, its legend, and a sentence with the numbers.

The values are also in `data-*` attributes, which tests and scripts read.
"""

from __future__ import annotations

from html import escape

from dashboard.inspection.explanation import Explanation
from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, gettext_noop
from dashboard.shell.pictures import ink_pixels, picture_html, signed_pixels, signed_scale_html

SENTENCES = {
    (True, False): gettext_noop(
        "The contributions of the pixels sum to <b>{total}</b>: the logit of {target} rises by "
        "{change}, from {blank} for a blank image to <b>{value}</b> for this drawing, where "
        "{target} has a probability of {probability}."
    ),
    (False, False): gettext_noop(
        "The contributions of the pixels sum to <b>{total}</b>: the logit of {target} falls by "
        "{change}, from {blank} for a blank image to <b>{value}</b> for this drawing, where "
        "{target} has a probability of {probability}."
    ),
    (True, True): gettext_noop(
        "The contributions of the pixels sum to <b>{total}</b>: the logit of {target} minus that "
        "of {against} rises by {change}, from {blank} for a blank image to <b>{value}</b> for this "
        "drawing, where {target} has a probability of {probability}."
    ),
    (False, True): gettext_noop(
        "The contributions of the pixels sum to <b>{total}</b>: the logit of {target} minus that "
        "of {against} falls by {change}, from {blank} for a blank image to <b>{value}</b> for this "
        "drawing, where {target} has a probability of {probability}."
    ),
}
"""By whether the logit rises, and whether it is compared with another one."""


def explanation_html(explanation: Explanation) -> str:
    """Return the map over the input of the network, the legend and the sentence."""
    attribution = explanation.attribution
    names = explanation.class_names
    target = escape(names[explanation.target])
    against = None if explanation.against is None else escape(names[explanation.against])
    total = float(attribution.contributions.sum())
    contributions = attribution.contributions.reshape(28, 28)
    largest = float(abs(contributions).max())
    title = gettext("Why {target}?", target=target)
    pixels = gettext("Contribution of each pixel to the logit of {target}", target=target)
    if against:
        title = gettext("Why {target}, not {against}?", target=target, against=against)
        pixels = gettext(
            "Contribution of each pixel to the logit of {target} minus that of {against}",
            target=target,
            against=against,
        )
    other = "" if explanation.against is None else str(explanation.against)
    image = picture_html(ink_pixels(explanation.image.reshape(28, 28)), "", "ink under")
    overlay = picture_html(signed_pixels(contributions, largest), pixels, "over")
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
    is_rise = attribution.difference >= 0
    return gettext(
        SENTENCES[is_rise, against is not None],
        total=_number(total, "+"),
        target=target,
        against=against,
        change=format_number(abs(attribution.difference), ".2f"),
        blank=_number(attribution.baseline_value),
        value=_number(attribution.value),
        probability=format_percent(explanation.probability),
    )


def _number(value: float, sign: str = "") -> str:
    """Return a number with two digits and a minus sign; `sign` “+” is for positive ones too."""
    return format_number(value, f"{sign}.2f").replace("-", "−")


def _legend(target: str, against: str | None, largest: float) -> str:
    opposite = gettext("against {target}", target=target)
    if against:
        opposite = gettext("for {target}", target=against)
    end = format_number(largest, ".3g")
    return (
        f'<div class="color-legend" aria-hidden="true"><span>{opposite}</span>'
        f"{signed_scale_html()}<span>{gettext('for {target}', target=target)}</span>"
        f"<span>−{end}</span><span></span><span>+{end}</span></div>"
    )
