"""The curve of a run in few numbers: means over consecutive steps, and scores on held-out samples.

Forty of them are kept, saved and drawn together, so each has at most a fixed number of points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.training.history import History, Score, smooth
from dashboard.training.run import Run
from dashboard.training.step_times import StepTimes

POINTS = 300
"""Most points of the training curve, and most scores."""

ITERATION, EPOCH, SECONDS = "iteration", "epoch", "seconds"
X_AXES = (ITERATION, EPOCH, SECONDS)

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Line:
    """Loss and accuracy at some places of a run, each (points,) float32.

    Attributes
    ----------
    iteration, epoch, seconds
        The places; seconds are NaN where they are not known.
    loss, accuracy
        The values, the accuracy in [0, 1].
    """

    iteration: Floats
    epoch: Floats
    seconds: Floats
    loss: Floats
    accuracy: Floats

    def __post_init__(self) -> None:
        shapes = {getattr(self, name).shape for name in LINE_COLUMNS}
        if len(shapes) != 1 or len(next(iter(shapes))) != 1:
            raise ValueError(f"expected columns of one length, found the shapes {sorted(shapes)}")

    def __len__(self) -> int:
        return len(self.iteration)


LINE_COLUMNS = tuple(field.name for field in fields(Line))


@dataclass(frozen=True, eq=False)
class RunCurve:
    """The curve of a run.

    Attributes
    ----------
    training
        Means over `stride` steps each, at the last of them.
    validation
        Scores on held-out samples, among them the best ones and the last one.
    stride
        Steps per point of `training`, at least 1.
    """

    training: Line
    validation: Line
    stride: int = 1

    def smoothed(self, key: str, weight: float) -> NDArray[np.float64]:
        """Return a column of the training curve as an exponential moving average.

        Parameters
        ----------
        key
            "loss" or "accuracy".
        weight
            Decay rate per step, in [0, 1).
        """
        values = getattr(self.training, key).astype(np.float64)
        return smooth(values, weight, self.stride)

    def to_arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Return the columns as arrays, whose names begin with a prefix."""
        return {
            f"{prefix}{part}.{name}": getattr(getattr(self, part), name)
            for part in ("training", "validation")
            for name in LINE_COLUMNS
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], prefix: str, stride: int) -> RunCurve:
        """Return the curve that `to_arrays` was called on; ValueError or KeyError for others."""
        lines = []
        for part in ("training", "validation"):
            columns = {
                name: np.asarray(arrays[f"{prefix}{part}.{name}"], np.float32)
                for name in LINE_COLUMNS
            }
            line = Line(**columns)
            if len(line) > POINTS:
                raise ValueError(f"expected at most {POINTS} points of a curve, found {len(line)}")
            lines.append(line)
        if stride < 1:
            raise ValueError(f"expected at least one step per point, found {stride}")
        return cls(lines[0], lines[1], stride)


def curve_of(run: Run) -> RunCurve:
    """Return the curve of a run so far; call it between slices."""
    return curve_of_history(run.history, run.times)


def curve_of_history(history: History, times: StepTimes) -> RunCurve:
    """Return the curve of a history.

    Parameters
    ----------
    history
        Of a run, which is not being trained meanwhile.
    times
        Its seconds of training, as far as they are known.
    """
    steps, losses = history.loss_curve.points()
    _, accuracies = history.accuracy_curve.points()
    group = -(-len(steps) // POINTS) or 1
    ends = [*range(group - 1, len(steps), group)]
    if len(steps) % group:
        ends.append(len(steps) - 1)
    counts = np.diff(steps, prepend=0.0)
    scores = choose_scores(history)
    return RunCurve(
        _line(
            history,
            times,
            steps[ends],
            _means(losses, counts, group),
            _means(accuracies, counts, group),
        ),
        _line(
            history,
            times,
            np.array([score.iteration for score in scores], float),
            np.array([score.loss for score in scores], float),
            np.array([score.accuracy for score in scores], float),
        ),
        group * history.loss_curve.stride,
    )


def choose_scores(history: History) -> Sequence[Score]:
    """Return at most `POINTS` scores, among them the best by loss and by accuracy and the last."""
    scores = history.validation
    if len(scores) <= POINTS:
        return scores
    best = [history.best_validation(key) for key in ("loss", "accuracy")]
    stride = -(-len(scores) // (POINTS - 2))
    return [
        score
        for index, score in enumerate(reversed(scores))
        if not index % stride or any(score is it for it in best)
    ][::-1]


def _means(
    values: NDArray[np.float64], counts: NDArray[np.float64], group: int
) -> NDArray[np.float64]:
    """Return the means over groups of points, weighted by their steps."""
    if not len(values):
        return values
    starts = np.arange(0, len(values), group)
    sums: NDArray[np.float64] = np.add.reduceat(values * counts, starts)
    return sums / np.add.reduceat(counts, starts)


def _line(
    history: History,
    times: StepTimes,
    iterations: NDArray[np.float64],
    losses: NDArray[np.float64],
    accuracies: NDArray[np.float64],
) -> Line:
    columns = (
        iterations,
        history.epochs.at(iterations),
        times.at(iterations),
        losses,
        accuracies,
    )
    return Line(*(np.asarray(column, np.float32) for column in columns))
