"""The spiral controller as one record of bytes, and what is checked before anybody goes on with it.

A save may come from an older version, or from somebody who changed it: all of it is looked at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from dashboard.plane.dataset import OWN, PlaneData
from dashboard.plane.lessons import LESSONS
from dashboard.plane.presets import PRESETS
from dashboard.plane.run import Place, Standing
from dashboard.plane.settings import MAX_POINTS, MAX_WEIGHTS, PlaneSettings
from dashboard.plane.state import PlaneState
from dashboard.training.archive import (
    ArchiveError,
    ArchiveKind,
    curve_arrays,
    history_of,
    reason,
    with_prefix,
    without_prefix,
)
from dashboard.training.divergence import DivergenceDetector
from dashboard.training.history import Score
from dashboard.training.run import Mark
from dashboard.training.run_state import Smoothed
from dashboard.training.settings import MAX_LAYER_WIDTH
from data_cache import PLANE_SHAPES, PlanePoints, PointPosition
from nn import Network, create_optimizer

KIND = ArchiveKind("kept spiral", "inkling spiral", 1)

SETTINGS = tuple(name for name in PlaneSettings.param if name != "name")

SEEN = (
    *("smoothing", "surface_side", "surface_mode", "show_test"),
    *("preset", "lesson", "lesson_message"),
)
"""What belongs to the state besides the settings."""

MAX_KEPT_POINTS = 5 * MAX_POINTS
"""The most that settings ask for: a fifth of them to learn from, the others to test on."""


_AVERAGES = ("loss", "accuracy")


@dataclass(frozen=True, eq=False)
class SpiralRecord:
    """One moment of the spiral controller.

    Attributes
    ----------
    values
        Parameters of the controller's state by name: `SETTINGS` and `SEEN`.
    running
        Whether it trained.
    ablated
        Hidden units that are switched off for the picture.
    data, standing
        The points, and where the run stands.
    """

    values: Mapping[str, Any]
    running: bool
    ablated: frozenset[tuple[int, int]]
    data: PlaneData
    standing: Standing

    def to_bytes(self) -> bytes:
        """Return the record as bytes.

        Raises
        ------
        ValueError
            When a weight or a moment is NaN or infinite; such a run is not worth going on with.
        """
        standing = self.standing
        mark, good = standing.place.mark, standing.good
        arrays = {
            **_mark_arrays("place.", mark),
            **_mark_arrays("good.", good),
            **curve_arrays(standing.history),
            "validation": np.array([_row(score) for score in standing.history.validation]),
        }
        for part in ("train", "test"):
            points = getattr(self.data, part)
            arrays[f"{part}.points"] = points.points
            arrays[f"{part}.labels"] = points.labels.astype(np.uint8)
        return KIND.pack(self._header(), arrays)

    def _header(self) -> dict[str, Any]:
        standing, place = self.standing, self.standing.place
        best = standing.guard.best
        return {
            "values": dict(self.values),
            "running": self.running,
            "ablated": sorted(self.ablated),
            "origin": self.data.origin,
            "classes": self.data.classes,
            "optimizer": place.optimizer,
            "position": asdict(place.position),
            "dropout_state": place.dropout_state,
            "epoch": place.epoch,
            "consumed": place.consumed,
            "place": _mark_header(place.mark),
            "good": _mark_header(standing.good),
            "starting_loss": standing.guard.starting,
            "best_loss": best if math.isfinite(best) else None,
            "next_score": standing.next_score,
            "validation_due": standing.validation_due,
        }

    @classmethod
    def from_bytes(cls, content: bytes) -> SpiralRecord:
        """Read what `to_bytes` gave.

        Raises
        ------
        ArchiveError
            When the bytes are damaged, of another version, or contradict themselves.
        """
        header, arrays = KIND.unpack(content)
        try:
            return cls._assemble(header, arrays)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise ArchiveError(f"the kept spiral contradicts itself ({reason(error)})") from error

    @classmethod
    def _assemble(cls, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> SpiralRecord:
        values = dict(header["values"])
        settings = _checked_state(values)
        data = _read_data(header, arrays)
        # The form that the settings give; its numbers are all replaced.
        form = settings.make_network(len(settings.inputs), data.classes, np.random.default_rng(0))
        standing = _read_standing(header, arrays, form, max(1, len(data.train)))
        ablated = frozenset((_whole(layer), _whole(unit)) for layer, unit in header["ablated"])
        if any(unit >= form.sizes[1:-1][layer] for layer, unit in ablated):
            raise ValueError("a hidden unit is switched off that there is not")
        return cls(values, bool(header["running"]), ablated, data, standing)


def _mark_header(mark: Mark) -> dict[str, Any]:
    averages = {name: asdict(getattr(mark, name)) for name in _AVERAGES}
    return {"iteration": mark.iteration, **averages}


def _mark_arrays(prefix: str, mark: Mark) -> dict[str, np.ndarray]:
    weights = {f"parameter.{i}": array for i, array in enumerate(mark.network.parameters())}
    arrays = weights | with_prefix("optimizer.", mark.optimizer_state)
    _check_finite(arrays)
    return with_prefix(prefix, arrays)


def _checked_state(values: Mapping[str, Any]) -> PlaneState:
    if values.keys() != {*SETTINGS, *SEEN}:
        raise ValueError(f"other settings than {', '.join((*SETTINGS, *SEEN))}")
    state = PlaneState(**values)
    for name, known in (("preset", PRESETS), ("lesson", LESSONS)):
        if values[name] and values[name] not in known:
            raise ValueError(f"there is no {name} {values[name]!r}")
    if not state.inputs:
        raise ValueError("a net without inputs")
    if not all(1 <= width <= MAX_LAYER_WIDTH for width in state.hidden_layers):
        raise ValueError(f"hidden layers of {state.hidden_layers} units")
    if state.count_weights() > MAX_WEIGHTS:
        raise ValueError(f"a net of {state.count_weights():,} weights")
    return state


def _read_data(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> PlaneData:
    if header["origin"] not in (OWN, *PLANE_SHAPES):
        raise ValueError(f"points cannot come from {header['origin']!r}")
    classes = _whole(header["classes"])
    train, test = (
        _read_points(without_prefix(f"{part}.", arrays), classes) for part in ("train", "test")
    )
    data = PlaneData(train, test, header["origin"])
    if len(data) > MAX_KEPT_POINTS:
        raise ValueError(f"{len(data):,} points")
    return data


def _read_points(arrays: Mapping[str, np.ndarray], classes: int) -> PlanePoints:
    labels = arrays["labels"]
    if labels.dtype != np.uint8:
        raise ValueError(f"labels of points as {labels.dtype}")
    return PlanePoints(arrays["points"], labels, classes)


def _read_standing(
    header: Mapping[str, Any], arrays: Mapping[str, np.ndarray], form: Network, samples: int
) -> Standing:
    optimizer = header["optimizer"]
    mark, good = (
        _read_mark(header[name], without_prefix(f"{name}.", arrays), form)
        for name in ("place", "good")
    )
    create_optimizer(optimizer, form.parameters()).load_state(mark.optimizer_state)
    _check_moments(good, form)
    if good.iteration > mark.iteration:
        raise ValueError("good weights that are newer than the newest")
    position = PointPosition(**header["position"])
    epoch, consumed = _whole(header["epoch"]), _whole(header["consumed"])
    _whole(position.epoch)
    if max(consumed, _whole(position.consumed)) >= samples:
        raise ValueError(f"a place behind the {samples:,} points")
    for generator_state in (position.generator_state, header["dropout_state"]):
        np.random.default_rng(0).bit_generator.state = generator_state
    starting, best = header["starting_loss"], header["best_loss"]
    guard = DivergenceDetector(
        None if starting is None else _number(starting), math.inf if best is None else _number(best)
    )
    return Standing(
        Place(mark, optimizer, position, header["dropout_state"], epoch, consumed),
        good,
        guard,
        _whole(header["next_score"]),
        bool(header["validation_due"]),
        history_of(arrays, mark.iteration, _read_scores(arrays["validation"])),
    )


def _read_mark(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray], form: Network) -> Mark:
    _check_finite(arrays)
    parameters = form.parameters()
    weights = without_prefix("parameter.", arrays)
    if weights.keys() != {str(index) for index in range(len(parameters))}:
        raise ValueError(
            f"{len(weights)} arrays of weights where there should be {len(parameters)}"
        )
    for index, parameter in enumerate(parameters):
        found = weights[str(index)]
        if (found.shape, found.dtype) != (parameter.shape, parameter.dtype):
            raise ValueError(
                f"weights of the shape {found.shape} where they should be {parameter.shape}"
            )
    return Mark(
        _whole(header["iteration"]),
        form.with_parameters([weights[str(index)] for index in range(len(parameters))]),
        without_prefix("optimizer.", arrays),
        *(_read_average(header[name]) for name in _AVERAGES),
    )


def _read_average(values: Mapping[str, Any]) -> Smoothed:
    return Smoothed(_number(values["total"]), _number(values["weight"]))


def _check_moments(good: Mark, form: Network) -> None:
    """Refuse moments of another form; those of another rule are passed over by a run."""
    parameters = form.parameters()
    for name, moment in good.optimizer_state.items():
        index = name.rpartition(".")[2]
        expected = parameters[int(index)] if index.isdecimal() else np.zeros((), np.int64)
        if (moment.shape, moment.dtype) != (expected.shape, expected.dtype):
            raise ValueError(f"{name} as {moment.dtype} of the shape {moment.shape}")


def _row(score: Score) -> tuple[float, ...]:
    return score.iteration, score.loss, score.accuracy, score.count


def _read_scores(rows: np.ndarray) -> list[Score]:
    return [
        Score(int(iteration), float(loss), float(accuracy), int(count))
        for iteration, loss, accuracy, count in rows
    ]


def _check_finite(arrays: Mapping[str, np.ndarray]) -> None:
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds NaN or infinity")


def _whole(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"expected a whole number from 0 on and found {value!r}")
    return value


def _number(value: Any) -> float:
    if not math.isfinite(value):
        raise ValueError(f"expected a number and found {value!r}")
    return float(value)
