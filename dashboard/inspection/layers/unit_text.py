"""One unit in numbers: its sum term by term, its activation, and its share in every class's logit.

The values are also in `data-*` attributes, which tests and scripts read.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from dashboard.inspection.layers.arrangement import LayerPlace
from dashboard.inspection.layers.palette import tone_gradient
from dashboard.inspection.layers.pictures import softmax
from dashboard.inspection.layers.state import AblationResult, Selection
from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, gettext_noop, ngettext
from dashboard.shell.fields import display_name
from dashboard.shell.pictures import signed_scale_html
from nn import Conv2D, Network
from nn.interpretation.activations import (
    LayerOutput,
    Terms,
    convolution_terms,
    logit_shares,
    unit_terms,
)

MAX_KERNEL = 7
"""Kernels up to this side are spelt out in tables."""
MOST_UNITS = 4
"""Units that are named for their largest shares in a logit, and for the most negative ones."""


def number(value: float, digits: int = 3) -> str:
    """Return a number with a few significant digits and a true minus sign."""
    return format_number(value, f".{digits}g").replace("-", "−") if value else "0"


def signed(value: float) -> str:
    """Return a number with two decimals and its sign, “0” where it rounds to zero."""
    text = f"{value:+.2f}"
    return "0" if text in ("+0.00", "-0.00") else format_number(value, "+.2f").replace("-", "−")


def unit_name(network: Network, selection: Selection, class_names: tuple[str, ...]) -> str:
    """Return how a unit is called, as HTML: counted from 1, an output by its class."""
    layer, unit = selection.layer, selection.unit + 1
    if layer == len(network.layers) - 1:
        return gettext("Output “{name}”", name=escape(class_names[selection.unit]))
    if isinstance(network.layers[layer], Conv2D):
        return gettext("Filter {unit} of layer {layer}", unit=unit, layer=layer + 1)
    return gettext("Unit {unit} of layer {layer}", unit=unit, layer=layer + 1)


def layer_title(network: Network, place: LayerPlace, mode: str) -> str:
    """Return what a layer is and what its picture shows, in a few words."""
    layer, activation = network.layers[place.layer], display_name(network.activation)
    if place.is_output:
        if mode == "activations":
            return gettext("Output · probability of each class")
        if mode == "weights":
            return gettext("Output · weights of each class")
        return gettext("Output · gradient of each logit")
    count = format_number(place.units)
    parts = [gettext("Layer {number}", number=place.layer + 1)]
    if isinstance(layer, Conv2D):
        size = f"{layer.kernel} × {layer.kernel}"
        parts.append(
            ngettext(
                "{count} filter {size}",
                "{count} filters {size}",
                place.units,
                count=count,
                size=size,
            )
        )
    else:
        parts.append(ngettext("{count} unit", "{count} units", place.units, count=count))
    parts.append(activation)
    if isinstance(layer, Conv2D) and layer.pool:
        size = f"{layer.pool.size} × {layer.pool.size}"
        parts.append(gettext("max pool {size}", size=size))
    if place.shown < place.units:
        parts.append(gettext("first {shown} of {count}", shown=place.shown, count=count))
    return " · ".join(parts)


def unit_html(
    network: Network,
    outputs: Sequence[LayerOutput] | None,
    selection: Selection | None,
    class_names: tuple[str, ...],
) -> str:
    """Return what a unit computes for the drawing.

    Parameters
    ----------
    network
        With the ablated units left out.
    outputs
        Of its layers; None while nothing is drawn.
    selection
        The unit; None for none.
    class_names
        One for each class.
    """
    if selection is None:
        text = gettext("Point at a unit to see its weights and its sum; click it to ablate it.")
        return f'<p class="quiet" data-state="none">{text}</p>'
    name = unit_name(network, selection, class_names)
    place = f'data-layer="{selection.layer}" data-unit="{selection.unit}"'
    if outputs is None:
        text = gettext("Draw something to see what it computes.")
        return (
            f'<p data-state="blank" {place}><b>{name}</b> <span class="quiet">· {text}</span></p>'
        )
    is_map = isinstance(network.layers[selection.layer], Conv2D)
    terms = selected_terms(network, outputs, selection)
    values = f'data-total="{terms.total:.6g}" data-value="{terms.value:.6g}" {place}'
    parts = [
        _pixel_html(network, outputs, selection, terms, name)
        if is_map
        else _sum_html(network, outputs, selection, terms, name)
    ]
    if selection.layer == len(network.layers) - 2:
        shares = logit_shares(network, outputs)
        parts.append(_shares_html(shares[selection.unit], class_names))
        predicted = int(np.nan_to_num(outputs[-1].values).argmax())
        parts.append(_largest_html(shares[:, predicted], class_names[predicted], is_map))
    state = "pixel" if is_map else "unit"
    return f'<div data-state="{state}" {values}>{"".join(parts)}</div>'


def spoken_html(
    network: Network,
    outputs: Sequence[LayerOutput] | None,
    selection: Selection,
    class_names: tuple[str, ...],
) -> str:
    """Return what a screen reader announces when a unit is chosen: its name and its value."""
    name = unit_name(network, selection, class_names)
    value = ""
    if outputs is not None:
        value = f": {number(selected_terms(network, outputs, selection).value)}"
    return f'<p class="unseen" role="status">{name}{value}</p>'


def selected_terms(network: Network, outputs: Sequence[LayerOutput], selection: Selection) -> Terms:
    """Return the terms of a unit, or of the pixel of a feature map."""
    if isinstance(network.layers[selection.layer], Conv2D):
        pixel = chosen_pixel(outputs, selection)
        return convolution_terms(network, outputs, selection.layer, selection.unit, pixel)
    return unit_terms(network, outputs, selection.layer, selection.unit)


def chosen_pixel(outputs: Sequence[LayerOutput], selection: Selection) -> tuple[int, int]:
    """Return the chosen pixel of a feature map; if none is chosen, the one with the largest sum."""
    if selection.row >= 0:
        return selection.row, selection.column
    sums = outputs[selection.layer].sums[selection.unit]
    row, column = divmod(int(sums.argmax()), sums.shape[1])
    return row, column


def _sum_html(
    network: Network,
    outputs: Sequence[LayerOutput],
    selection: Selection,
    terms: Terms,
    name: str,
) -> str:
    weighted = terms.total - terms.bias
    bias = ""
    if network.has_biases:
        bias = f" + {gettext('bias {number}', number=number(terms.bias))}"
    if selection.layer == len(network.layers) - 1:
        probability = float(softmax(outputs[-1].values)[selection.unit])
        after = gettext(
            "logit <b>{number}</b> → probability {percent}",
            number=number(terms.total),
            percent=format_percent(probability),
        )
    else:
        activation = display_name(network.activation)
        after = f"{number(terms.total)} → {activation} → <b>{number(terms.value)}</b>"
    products = gettext("weights × inputs {number}", number=number(weighted))
    return f"<p><b>{name}</b> · {products}{bias} = {after}</p>"


def _pixel_html(
    network: Network,
    outputs: Sequence[LayerOutput],
    selection: Selection,
    terms: Terms,
    name: str,
) -> str:
    row, column = chosen_pixel(outputs, selection)
    by_channel = terms.products.sum(axis=(1, 2))
    channels = len(by_channel)
    finite = np.nan_to_num(np.abs(by_channel), nan=-1.0, posinf=-1.0)
    shown = int(finite.argmax())
    sums = [number(float(by_channel[shown]))]
    if channels > 1:
        rest = float(by_channel.sum() - by_channel[shown])
        sums.append(
            ngettext(
                "{number} of the other {count} map",
                "{number} of the other {count} maps",
                channels - 1,
                number=number(rest),
                count=channels - 1,
            )
        )
    if network.has_biases:
        sums.append(gettext("bias {number}", number=number(terms.bias)))
    activation = display_name(network.activation)
    pixel = {"row": row + 1, "column": column + 1}
    if selection.row >= 0:
        place = gettext("row {row}, column {column}", **pixel)
    else:
        place = gettext("row {row}, column {column}, where its sum is largest", **pixel)
    lines = [
        f"<p><b>{name}</b> · {place}: {' + '.join(sums)} = "
        f"{number(terms.total)} → {activation} → <b>{number(terms.value)}</b></p>"
    ]
    if terms.weights.shape[-1] <= MAX_KERNEL:
        window = gettext("window on the input")
        if selection.layer:
            window = gettext(
                "window on map {map} of layer {layer}", map=shown + 1, layer=selection.layer
            )
        products = gettext("products, sum {number}", number=number(float(by_channel[shown])))
        lines.append(
            '<div class="terms">'
            + "".join(
                f"<figure>{_table(values)}<figcaption>{caption}</figcaption></figure>{sign}"
                for values, caption, sign in (
                    (terms.inputs[shown], window, "<span>×</span>"),
                    (terms.weights[shown], gettext("filter"), "<span>=</span>"),
                    (terms.products[shown], products, ""),
                )
            )
            + "</div>"
        )
    return "".join(lines)


def _table(values: NDArray[np.floating]) -> str:
    rows = "".join(
        f"<tr>{''.join(f'<td>{_short(value)}</td>' for value in row)}</tr>"
        for row in values.tolist()
    )
    return f"<table><tbody>{rows}</tbody></table>"


def _short(value: float) -> str:
    """Return a number for a cell: two decimals without the leading zero."""
    text = f"{value:.2f}"
    if text in ("0.00", "-0.00"):
        return "0"
    return (
        text.replace("0.", ".", 1).replace("-", "−") if abs(value) < 1 else text.replace("-", "−")
    )


def _shares_html(shares: NDArray[np.floating], class_names: tuple[str, ...]) -> str:
    cells = "".join(
        f"<span>{escape(name)} <b>{signed(share)}</b></span>"
        for name, share in zip(class_names, shares.tolist(), strict=True)
    )
    title = gettext("Its share in the logit of each class:")
    return f'<p class="quiet">{title}</p><div class="shares">{cells}</div>'


def _largest_html(shares: NDArray[np.floating], class_name: str, is_map: bool) -> str:
    """Return which units have the largest and the most negative shares in a logit."""
    order = np.argsort(-np.nan_to_num(shares), kind="stable")
    most = [unit for unit in order[:MOST_UNITS].tolist() if shares[unit] > 0]
    least = [unit for unit in order[::-1][:MOST_UNITS].tolist() if shares[unit] < 0]
    groups = [
        f"{words}{', '.join(f'{unit + 1} <b>{signed(float(shares[unit]))}</b>' for unit in units)}"
        for words, units in (("", most), (gettext("most negative:") + " ", least))
        if units
    ]
    if not groups:
        return ""
    largest = f'data-largest="{" ".join(map(str, most))}"'
    name = escape(class_name)
    title = gettext("Units with the largest shares in the logit of “{name}”", name=name)
    if is_map:
        title = gettext("Filters with the largest shares in the logit of “{name}”", name=name)
    return f'<p class="quiet" {largest}>{title}: {"; ".join(groups)}.</p>'


def answer(probabilities: NDArray[np.floating], class_names: tuple[str, ...]) -> str:
    """Return the most probable class with its probability."""
    if not np.isfinite(probabilities).all():
        return gettext("not a number")
    best = int(probabilities.argmax())
    return f"{class_names[best]} · {format_percent(float(probabilities[best]))}"


def ablation_html(
    ablated: int,
    result: AblationResult | None,
    answers: tuple[str, str] | None,
    *,
    samples: str,
    obstacle: str = "",
) -> str:
    """Return what the ablated units cost.

    Parameters
    ----------
    ablated
        How many are.
    result
        The accuracies; None while they are computed.
    answers
        For the drawing, with all units and without the ablated ones; None while nothing is drawn.
    samples
        What the validation samples are called, such as “digits”.
    obstacle
        Why there is no result, if it is not being computed.
    """
    if not ablated:
        text = gettext(
            "Click a unit to ablate it: its outgoing weights become zero in this view, and nowhere "
            "else."
        )
        return f'<p class="quiet" data-ablated="0">{text}</p>'
    units = ngettext("{count} unit ablated", "{count} units ablated", ablated, count=ablated)
    lines, values = [f"<b>{units}</b>"], ""
    if result is None:
        lines.append(obstacle or gettext("computing validation accuracy …"))
    else:
        change = 100 * (result.after - result.before)
        values = f' data-before="{result.before:.6f}" data-after="{result.after:.6f}"'
        lines.append(
            gettext(
                "validation accuracy {before} → {after}, {change} on {count} {samples} at "
                "iteration {iteration}",
                before=format_percent(result.before),
                after=format_percent(result.after),
                change=_points(change),
                count=format_number(result.count),
                samples=gettext(samples),
                iteration=format_number(result.iteration),
            )
        )
    if answers is not None:
        before, after = answers
        lines.append(
            gettext(
                "the drawing: {before} → <b>{after}</b>",
                before=escape(before),
                after=escape(after),
            )
            if before != after
            else gettext("the drawing stays {answer}", answer=escape(after))
        )
    return f'<p data-ablated="{ablated}"{values}>{" · ".join(lines)}</p>'


def _points(change: float) -> str:
    text = format_number(change, "+.1f").replace("-", "−")
    if not round(change, 1):
        text = "±" + format_number(0.0, ".1f")
    return gettext("{number} points", number=text)


LEGENDS = {
    "activations": gettext_noop("Activations for the drawing"),
    "weights": gettext_noop("Incoming weights, a tile for each unit"),
    "gradients": gettext_noop("Change of the logit of {name} with each activation"),
}


def legend_html(mode: str, target: str | None, has_tones: bool) -> str:
    """Return the sentences that explain the colors, beside scales.

    `has_tones` says whether lightness tells signs apart in a picture.
    """
    name = f"“{escape(target)}”" if target else gettext("the answer")
    sentence = gettext(
        "{picture}: colourless at zero, in full colour from the value beside the layer.",
        picture=gettext(LEGENDS[mode], name=name),
    )
    scale = f'<span aria-hidden="true">−{signed_scale_html()}+</span>'
    tones = ""
    if has_tones:
        text = gettext("In small pixels: grey at zero, darker above, lighter below.")
        bar = signed_scale_html(tone_gradient(), has_holes=False)
        tones = f' <span aria-hidden="true">−{bar}+</span> {text}'
    return f'<p class="legend">{scale} {sentence}{tones}</p>'
