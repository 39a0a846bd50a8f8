"""The figures of a report as SVG: curves and the reliability diagram.

Bokeh's charts need scripts and cannot be printed, so these are drawn here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashboard.languages.numbers import format_number
from dashboard.languages.text import current_language, gettext
from dashboard.shell.colors import PLAIN, SECOND
from nn.calibration import ReliabilityDiagram

WIDTH, HEIGHT = 340, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 18, 10, 38
_TICKS = 5


@dataclass(frozen=True, eq=False)
class Series:
    """A line of a chart, in the coordinates of its data; points that are not finite are left out.

    Attributes
    ----------
    name
        For the legend.
    x, y
        (points,) each.
    color
        "#rrggbb".
    has_dots
        Whether every point is marked.
    """

    name: str
    x: ArrayLike
    y: ArrayLike
    color: str
    has_dots: bool = False

    def points(self) -> NDArray[np.float64]:
        """Return the finite points, (n, 2)."""
        both = np.stack([np.asarray(self.x, np.float64), np.asarray(self.y, np.float64)], axis=1)
        return both[np.isfinite(both).all(axis=1)]


@dataclass(frozen=True)
class Axis:
    """An axis: its label, its ends in the data, and whether its values are shares shown in %."""

    label: str
    low: float
    high: float
    is_share: bool = False

    def ticks(self) -> list[float]:
        """Return round values between the ends."""
        return round_ticks(self.low, self.high)

    def text(self, value: float) -> str:
        """Return the label of a tick."""
        if self.is_share:
            return format_number(100 * value, "g") + current_language().percent
        return format_number(value, ",.10g" if abs(value) < 1e15 else "g")


def round_ticks(low: float, high: float) -> list[float]:
    """Return at most seven round values from `low` to `high`: multiples of 1, 2 or 5 · 10ⁿ."""
    if not (math.isfinite(low) and math.isfinite(high) and high > low):
        return [low]
    rough = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{number * step:.12g}") for number in range(first, last + 1)]


def line_chart(series: Sequence[Series], *, title: str, x: str, y: str, is_share: bool) -> str:
    """Return a chart of lines as SVG.

    Parameters
    ----------
    series
        The lines; their range decides that of the axes, which includes 0.
    title
        What is shown, for those who cannot see it.
    x, y
        Labels of the axes.
    is_share
        Whether the values are in [0, 1] and shown in per cent.
    """
    points = [it.points() for it in series]
    everything = np.concatenate([np.zeros((1, 2)), *points])
    x_high = float(everything[:, 0].max()) or 1.0
    y_high = float(everything[:, 1].max()) or 1.0
    x_axis = Axis(x, 0, x_high)
    y_axis = Axis(y, 0, 1 if is_share else y_high, is_share)
    lines = []
    for it, coordinates in zip(series, points, strict=True):
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in _placed(coordinates, x_axis, y_axis))
        lines.append(
            f'<polyline points="{path}" fill="none" stroke="{it.color}" stroke-width="1.3"/>'
        )
        if it.has_dots:
            lines += [
                f'<circle cx="{px:.1f}" cy="{py:.1f}" r="1.6" fill="{it.color}"/>'
                for px, py in _placed(coordinates, x_axis, y_axis)
            ]
    return _svg(title, _axes(x_axis, y_axis), *lines)


def legend_html(series: Sequence[Series]) -> str:
    """Return the names of lines with samples of their colours."""
    entries = "".join(
        f'<span><i style="background:{it.color}"></i>{escape(it.name)}</span>' for it in series
    )
    return f'<p class="legend">{entries}</p>'


def reliability_chart(reliability: ReliabilityDiagram) -> str:
    """Return accuracy by confidence in bins as SVG, with the diagonal of perfect calibration."""
    x_axis = Axis(gettext("probability of the predicted class"), 0, 1, is_share=True)
    y_axis = Axis(gettext("accuracy"), 0, 1, is_share=True)
    bins = len(reliability.counts)
    bars = []
    for number in np.flatnonzero(reliability.counts).tolist():
        accuracy = float(reliability.accuracies[number])
        corners = np.array([[number / bins, accuracy], [(number + 1) / bins, 0.0]])
        (left, top), (right, bottom) = _placed(corners, x_axis, y_axis)
        bars.append(
            f'<rect x="{left + 0.7:.1f}" y="{top:.1f}" width="{right - left - 1.4:.1f}" '
            f'height="{bottom - top:.1f}" fill="{PLAIN}" fill-opacity="0.6"/>'
        )
    (x1, y1), (x2, y2) = _placed(np.array([[0.0, 0.0], [1.0, 1.0]]), x_axis, y_axis)
    diagonal = (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{SECOND}" '
        'stroke-width="1.5" stroke-dasharray="5 3"/>'
    )
    title = gettext("Reliability diagram: accuracy by the probability of the predicted class")
    return _svg(title, _axes(x_axis, y_axis), *bars, diagonal)


def _placed(points: NDArray[np.float64], x: Axis, y: Axis) -> list[tuple[float, float]]:
    """Return points of the data in the coordinates of the picture."""
    width, height = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
    across = _LEFT + width * (points[:, 0] - x.low) / (x.high - x.low)
    down = _TOP + height * (1 - (points[:, 1] - y.low) / (y.high - y.low))
    return list(zip(across.tolist(), down.tolist(), strict=True))


def _axes(x: Axis, y: Axis) -> str:
    """Return the grid, the ticks and the labels of both axes."""
    bottom, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
    parts = []
    for value in y.ticks():
        ((_, level),) = _placed(np.array([[x.low, value]]), x, y)
        parts.append(
            f'<line x1="{_LEFT}" y1="{level:.1f}" x2="{right}" y2="{level:.1f}" class="grid"/>'
            f'<text x="{_LEFT - 4}" y="{level + 3:.1f}" text-anchor="end">{y.text(value)}</text>'
        )
    for value in x.ticks():
        ((place, _),) = _placed(np.array([[value, y.low]]), x, y)
        parts.append(
            f'<line x1="{place:.1f}" y1="{bottom}" x2="{place:.1f}" y2="{bottom + 3}" '
            f'class="axis"/><text x="{place:.1f}" y="{bottom + 13}" text-anchor="middle">'
            f"{x.text(value)}</text>"
        )
    middle = (_TOP + bottom) / 2
    parts.append(
        f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" class="axis"/>'
        f'<text x="{(_LEFT + right) / 2}" y="{HEIGHT - 6}" text-anchor="middle">'
        f"{escape(x.label)}</text>"
        f'<text transform="translate(9 {middle}) rotate(-90)" text-anchor="middle">'
        f"{escape(y.label)}</text>"
    )
    return "".join(parts)


def _svg(title: str, *parts: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )
