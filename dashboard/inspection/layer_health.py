"""Statistics of the layers over a run, and what is wrong with them in words.

They are records and functions without a view.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np
from numpy.typing import NDArray

from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, gettext_noop
from nn import Network
from nn.convolution import Conv2D
from nn.interpretation.layer_statistics import QUANTILES, LayerStatistics

CAPACITY = 120

DEAD_SHARE = 0.5
"""Share of the units of a layer from which on a sentence says so."""
SATURATED_SHARE = 0.5
VANISHED = 1e-3
"""Ratio of the first layer's gradient to the last one's below which it has vanished."""
EXPLODED = 10.0
"""Norm of a layer's gradient that is too large if it also exceeds that of the weights."""
LARGE_UPDATE = 1e-2
"""Ratio of the update to the weights above which a step is too large; about 0.001 is usual."""


DEAD_UNITS = gettext_noop(
    "{layer}: {percent} of the units are dead: they output 0 for all samples, so their gradient is "
    "0 too. A smaller learning rate or leaky ReLU helps."
)
DEAD_FILTERS = gettext_noop(
    "{layer}: {percent} of the filters are dead: they output 0 for all samples, so their gradient "
    "is 0 too. A smaller learning rate or leaky ReLU helps."
)
VANISHING = gettext_noop(
    "{layer}: the gradient vanishes: it is {times} times smaller than that of the last layer, so "
    "the first layers hardly learn. ReLU with He initialisation helps."
)
ZERO_GRADIENT = gettext_noop(
    "{layer}: the gradient vanishes: it is 0, unlike that of the last layer, so the first layers "
    "hardly learn. ReLU with He initialisation helps."
)


@dataclass(frozen=True, eq=False)
class HealthRecord:
    """The statistics of all layers at one iteration.

    Attributes
    ----------
    iteration
        Steps taken.
    layers
        Of every layer.
    update_ratios
        Of every layer, as `nn.interpretation.layer_statistics.update_ratios` returns them; NaN
        where they are not known.
    """

    iteration: int
    layers: tuple[LayerStatistics, ...]
    update_ratios: tuple[float, ...]


class HealthRecords:
    """The records of one run in the order of their iterations; of too many, some are dropped."""

    def __init__(self) -> None:
        self._records: list[HealthRecord] = []

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: int) -> HealthRecord:
        return self._records[index]

    @property
    def iterations(self) -> tuple[int, ...]:
        """The iteration of every record."""
        return tuple(record.iteration for record in self._records)

    def add(self, record: HealthRecord) -> None:
        """Add a record, in place of one of the same iteration unless that knows the updates."""
        place = bisect_left(self.iterations, record.iteration)
        if place < len(self._records) and self._records[place].iteration == record.iteration:
            if any(map(isfinite, record.update_ratios)):
                self._records[place] = record
            return
        self._records.insert(place, record)
        if len(self._records) > CAPACITY:
            # The first and the last stay, and every second of the others.
            self._records = [*self._records[:-1:2], self._records[-1]]

    def forget_after(self, iteration: int) -> None:
        """Drop the records after an iteration."""
        self._records = [record for record in self._records if record.iteration <= iteration]

    def quantiles(self, name: str, layer: int) -> NDArray[np.float64]:
        """Return the quantiles (records, 5) of "weights", "activations" or "gradients"."""
        rows = [getattr(record.layers[layer], name) for record in self._records]
        return np.array(rows, np.float64).reshape(len(rows), len(QUANTILES))

    def ratios(self, layer: int) -> NDArray[np.float64]:
        """Return the update ratios (records,) of a layer."""
        return np.array([record.update_ratios[layer] for record in self._records], np.float64)


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with a network in training.

    Attributes
    ----------
    kind
        "vanishing", "exploding", "dead", "saturated" or "update".
    layer
        Index of the layer.
    sentence
        What was found, and what helps.
    lesson
        Name of the lesson on it.
    """

    kind: str
    layer: int
    sentence: str
    lesson: str


def layer_titles(network: Network) -> list[str]:
    """Return the names of the layers: “Convolution 1”, “Dense 1”, “Output”."""
    convolutions = [
        gettext("Convolution {number}", number=number)
        for number in range(1, 1 + len(network.convolutions))
    ]
    dense = [
        gettext("Dense {number}", number=number) for number in range(1, len(network.dense_layers))
    ]
    return [*convolutions, *dense, gettext("Output")]


def find_faults(record: HealthRecord, network: Network) -> list[Finding]:
    """Return what is wrong with the layers of a network, at most one of each kind per layer."""
    titles, layers = layer_titles(network), record.layers
    findings = []
    for index, (layer, title) in enumerate(zip(layers, titles, strict=True)):
        if layer.dead is not None and layer.dead >= DEAD_SHARE:
            is_filter = isinstance(network.layers[index], Conv2D)
            text = DEAD_FILTERS if is_filter else DEAD_UNITS
            sentence = gettext(text, layer=title, percent=format_percent(layer.dead, 0))
            findings.append(Finding("dead", index, sentence, "dying-relu"))
        if layer.saturated is not None and layer.saturated >= SATURATED_SHARE:
            sentence = gettext(
                "{layer}: {percent} of the activations are saturated, where {activation} is almost "
                "flat and passes on little gradient. Smaller initial weights or ReLU help.",
                layer=title,
                percent=format_percent(layer.saturated, 0),
                activation=network.activation,
            )
            findings.append(Finding("saturated", index, sentence, "vanishing-gradients"))
        if not isfinite(layer.gradient_norm) or (
            layer.gradient_norm > max(EXPLODED, layer.weight_norm) and layer.weight_norm > 0
        ):
            sentence = gettext(
                "{layer}: the gradient explodes: its norm is {norm}, that of the weights "
                "{weights}. A smaller learning rate helps.",
                layer=title,
                norm=_number(layer.gradient_norm),
                weights=_number(layer.weight_norm),
            )
            findings.append(Finding("exploding", index, sentence, "learning-rate"))
        ratio = record.update_ratios[index]
        if ratio > LARGE_UPDATE:
            sentence = gettext(
                "{layer}: a step changes the weights by {percent} of their norm; about {usual} is "
                "usual. A smaller learning rate helps.",
                layer=title,
                percent=format_percent(ratio),
                usual=format_percent(0.001),
            )
            findings.append(Finding("update", index, sentence, "learning-rate"))
    first, last = layers[0].gradient_rms, layers[-1].gradient_rms
    if len(layers) > 1 and first < VANISHED * last:
        times = format_number(last / first, ",.0f") if first else ""
        text = VANISHING if first else ZERO_GRADIENT
        sentence = gettext(text, layer=titles[0], times=times)
        findings.append(Finding("vanishing", 0, sentence, "vanishing-gradients"))
    return findings


def no_ratios(network: Network) -> tuple[float, ...]:
    """Return update ratios that are not known."""
    return (nan,) * len(network.layers)


def choose_iterations(iterations: Sequence[int], count: int) -> list[int]:
    """Return the positions of at most `count` of the iterations, first and last among them."""
    chosen = min(len(iterations), count)
    if chosen <= 1:
        return list(range(chosen))
    return [round(place * (len(iterations) - 1) / (chosen - 1)) for place in range(chosen)]


def _number(value: float) -> str:
    return format_number(value, ".3g") if isfinite(value) else gettext("not finite")
