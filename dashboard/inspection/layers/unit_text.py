"""One unit in numbers: its sum term by term, its activation, and its share in every class's logit.

The values are also in `data-*` attributes, which tests and scripts read.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from dashboard.inspection.layers.arrangement import LayerPlace
from dashboard.inspection.layers.pictures import softmax
from dashboard.inspection.layers.state import AblationResult, Selection
from dashboard.shell.fields import display_name
from dashboard.shell.pictures import signed_gradient
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
    return f"{value:.{digits}g}".replace("-", "−") if value else "0"


def signed(value: float) -> str:
    """Return a number with two decimals and its sign, “0” where it rounds to zero."""
    text = f"{value:+.2f}"
    return "0" if text in ("+0.00", "-0.00") else text.replace("-", "−")


def unit_name(network: Network, selection: Selection, class_names: tuple[str, ...]) -> str:
    """Return how a unit is called, as HTML: counted from 1, an output by its class."""
    layer, unit = selection.layer, selection.unit + 1
    if layer == len(network.layers) - 1:
        return f"Output “{escape(class_names[selection.unit])}”"
    return f"{unit_kind(network, layer)} {unit} of layer {layer + 1}"


def unit_kind(network: Network, layer: int) -> str:
    """Return what the units of a layer are called."""
    return "Filter" if isinstance(network.layers[layer], Conv2D) else "Unit"


def layer_title(network: Network, place: LayerPlace, mode: str) -> str:
    """Return what a layer is and what its picture shows, in a few words."""
    layer, activation = network.layers[place.layer], display_name(network.activation)
    first = f" · first {place.shown} of {place.units:,}" if place.shown < place.units else ""
    if place.is_output:
        shows = {"activations": "probability of each class", "weights": "weights of each class"}
        return f"Output · {shows.get(mode, 'gradient of each logit')}"
    if isinstance(layer, Conv2D):
        side = layer.kernel
        pool = f" · max pool {layer.pool.size} × {layer.pool.size}" if layer.pool else ""
        what = f"{place.units} filters {side} × {side} · {activation}{pool}"
    else:
        what = f"{place.units:,} unit{'' if place.units == 1 else 's'} · {activation}"
    return f"Layer {place.layer + 1} · {what}{first}"


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
        return (
            '<p class="quiet" data-state="none">Point at a unit to see its weights and its sum; '
            "click it to ablate it.</p>"
        )
    name = unit_name(network, selection, class_names)
    place = f'data-layer="{selection.layer}" data-unit="{selection.unit}"'
    if outputs is None:
        return (
            f'<p data-state="blank" {place}><b>{name}</b> '
            '<span class="quiet">· Draw something to see what it computes.</span></p>'
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
        parts.append(
            _largest_html(
                shares[:, predicted], class_names[predicted], unit_kind(network, selection.layer)
            )
        )
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
    bias = f" + bias {number(terms.bias)}" if network.has_biases else ""
    if selection.layer == len(network.layers) - 1:
        probability = float(softmax(outputs[-1].values)[selection.unit])
        after = f"logit <b>{number(terms.total)}</b> → probability {100 * probability:.1f} %"
    else:
        activation = display_name(network.activation)
        after = f"{number(terms.total)} → {activation} → <b>{number(terms.value)}</b>"
    return f"<p><b>{name}</b> · weights × inputs {number(weighted)}{bias} = {after}</p>"


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
    which = "" if selection.row >= 0 else ", where its sum is largest"
    sums = [number(float(by_channel[shown]))]
    if channels > 1:
        rest = float(by_channel.sum() - by_channel[shown])
        sums.append(f"{number(rest)} of the other {channels - 1} maps")
    if network.has_biases:
        sums.append(f"bias {number(terms.bias)}")
    activation = display_name(network.activation)
    lines = [
        f"<p><b>{name}</b> · row {row + 1}, column {column + 1}{which}: {' + '.join(sums)} = "
        f"{number(terms.total)} → {activation} → <b>{number(terms.value)}</b></p>"
    ]
    if terms.weights.shape[-1] <= MAX_KERNEL:
        source = "input" if selection.layer == 0 else f"map {shown + 1} of layer {selection.layer}"
        lines.append(
            '<div class="terms">'
            + "".join(
                f"<figure>{_table(values)}<figcaption>{caption}</figcaption></figure>{sign}"
                for values, caption, sign in (
                    (terms.inputs[shown], f"window on {source}", "<span>×</span>"),
                    (terms.weights[shown], "filter", "<span>=</span>"),
                    (
                        terms.products[shown],
                        f"products, sum {number(float(by_channel[shown]))}",
                        "",
                    ),
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
    title = '<p class="quiet">Its share in the logit of each class:</p>'
    return f'{title}<div class="shares">{cells}</div>'


def _largest_html(shares: NDArray[np.floating], class_name: str, kind: str) -> str:
    """Return which units have the largest and the most negative shares in a logit."""
    order = np.argsort(-np.nan_to_num(shares), kind="stable")
    most = [unit for unit in order[:MOST_UNITS].tolist() if shares[unit] > 0]
    least = [unit for unit in order[::-1][:MOST_UNITS].tolist() if shares[unit] < 0]
    groups = [
        f"{words}{', '.join(f'{unit + 1} <b>{signed(float(shares[unit]))}</b>' for unit in units)}"
        for words, units in (("", most), ("most negative: ", least))
        if units
    ]
    if not groups:
        return ""
    largest = f'data-largest="{" ".join(map(str, most))}"'
    title = f"{kind}s with the largest shares in the logit of “{escape(class_name)}”"
    return f'<p class="quiet" {largest}>{title}: {"; ".join(groups)}.</p>'


def answer(probabilities: NDArray[np.floating], class_names: tuple[str, ...]) -> str:
    """Return the most probable class with its probability."""
    if not np.isfinite(probabilities).all():
        return "not a number"
    best = int(probabilities.argmax())
    return f"{class_names[best]} · {100 * float(probabilities[best]):.1f} %"


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
        return (
            '<p class="quiet" data-ablated="0">Click a unit to ablate it: its outgoing weights '
            "become zero in this view, and nowhere else.</p>"
        )
    units = f"{ablated} unit{'' if ablated == 1 else 's'} ablated"
    lines, values = [f"<b>{units}</b>"], ""
    if result is None:
        lines.append(obstacle or "computing validation accuracy …")
    else:
        change = 100 * (result.after - result.before)
        values = f' data-before="{result.before:.6f}" data-after="{result.after:.6f}"'
        lines.append(
            f"validation accuracy {100 * result.before:.1f} → {100 * result.after:.1f} %, "
            f"{_points(change)} on {result.count:,} {samples} at iteration {result.iteration:,}"
        )
    if answers is not None:
        before, after = answers
        lines.append(
            f"the drawing: {escape(before)} → <b>{escape(after)}</b>"
            if before != after
            else f"the drawing stays {escape(after)}"
        )
    return f'<p data-ablated="{ablated}"{values}>{" · ".join(lines)}</p>'


def _points(change: float) -> str:
    text = f"{change:+.1f}".replace("-", "−")
    return "±0.0 points" if text in ("+0.0", "−0.0") else f"{text} points"


LEGENDS = {
    "activations": "Activations for the drawing",
    "weights": "Incoming weights, a tile for each unit",
    "gradients": "Change of the logit of {name} with each activation",
}


def legend_html(mode: str, target: str | None) -> str:
    """Return the sentence that explains the colors, under a scale."""
    sentence = LEGENDS[mode].format(name=f"“{escape(target)}”" if target else "the answer")
    scale = f'<span class="scale" style="background: {signed_gradient()}"></span>'
    return (
        f'<p class="legend"><span aria-hidden="true">−{scale}+</span> {sentence}: colourless at '
        "zero, in full colour from the value beside the layer.</p>"
    )
