"""Sentences about the plane: how the net does, what it says at a place, where training stands."""

from __future__ import annotations

from html import escape

import numpy as np
from numpy.typing import NDArray

from dashboard.plane.palette import CLASS_COLOURS
from dashboard.training.history import Score
from dashboard.training.snapshot import Snapshot

SHOWN_CLASSES = 3
"""So many classes are named at a place, the likeliest first."""

INVITATION = "Point at the plane to see what the net says there."


def summary_html(train: Score | None, test: Score | None) -> str:
    """Show how many points the net has right, of those that it learns from and of the others."""
    return (
        f'<p class="summary">Training <b>{_per_cent(train)}</b> right · '
        f"test <b>{_per_cent(test)}</b></p>"
    )


def spoken_summary(snapshot: Snapshot, train: Score | None, test: Score | None) -> str:
    """Say the same for people who cannot see the picture, with the iteration."""
    return (
        f"Iteration {snapshot.iteration:,}: training accuracy {_per_cent(train)}, "
        f"test {_per_cent(test)}."
    )


def status_line(snapshot: Snapshot, test: Score | None) -> str:
    """Say in one line where training stands."""
    loss = "–" if snapshot.loss is None else f"{snapshot.loss:.3f}"
    accuracy = "–" if snapshot.accuracy is None else f"{100 * snapshot.accuracy:.1f} %"
    sizes = "-".join(str(size) for size in snapshot.network.sizes)
    parts = [
        f"iteration {snapshot.iteration}",
        f"loss {loss}",
        f"accuracy {accuracy}",
        f"test {_per_cent(test)}",
        f"{snapshot.samples_per_second:,.0f} points/s",
        f"net {sizes}",
        f"learning rate {snapshot.learning_rate:g}",
        f"batch {snapshot.batch_size or 'full'}",
        snapshot.optimizer,
        snapshot.backend,
    ]
    return " · ".join(part for part in parts if part)


def place_html(x: float, y: float, probabilities: NDArray[np.floating]) -> str:
    """Say what the net says at a place."""
    where = f'<span class="where">x {_signed(x)}, y {_signed(y)}</span>'
    if not np.isfinite(probabilities).all():
        return f'<p class="place">{where} the weights are out of hand</p>'
    likeliest = np.argsort(-probabilities, kind="stable")[:SHOWN_CLASSES]
    shares = [
        f'<span class="share"><i style="background:{CLASS_COLOURS[label]}"></i>'
        f"class {label} <b>{100 * probabilities[label]:.1f} %</b></span>"
        for label in likeliest.tolist()
    ]
    return f'<p class="place">{where} {" ".join(shares)}</p>'


def quiet_html(text: str) -> str:
    """Show a sentence that is of no importance now."""
    return f'<p class="place quiet">{escape(text)}</p>'


def _per_cent(score: Score | None) -> str:
    known = score is not None and score.count and np.isfinite(score.accuracy)
    return f"{100 * score.accuracy:.1f} %" if known and score is not None else "–"


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−").replace("+", " ").strip()
