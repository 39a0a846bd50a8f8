"""The plane as a saved part: points, run, settings and view options as bytes, and back.

Its bytes are a checkpoint, which is checked against the settings before anything is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from dashboard.autosave.save import SaveError, watch_state
from dashboard.languages.text import gettext
from dashboard.plane.controller import PlaneController
from dashboard.plane.dataset import OWN, PARTS, PlaneData
from dashboard.plane.settings import LEAST_TRAIN_SHARE, MAX_POINTS, PlaneSettings
from dashboard.plane.state import PlaneState
from dashboard.plane.training import StoredPlaneRun
from dashboard.training.checkpoint import Checkpoint
from dashboard.training.run_state import RunState
from dashboard.training.scheduled_changes import changes_from_list, changes_to_list
from dashboard.training.settings import MAX_LAYER_WIDTH, setting_names
from data_cache import PLANE_SHAPES, PlanePoints
from nn import Network, WeightsError

SETTINGS = setting_names(PlaneSettings)

SHOWN = (*("smoothing", "surface_side", "surface_mode", "show_test", "preset"),)
"""Saved parameters of the state besides the settings."""

FORMER = ("lesson", "lesson_message")
"""Parameters that the saves of earlier versions contain, and that are left out."""

FREQUENT = ("snapshot", "history", "checkpoints")
"""Parameters that change with every slice of training."""

MAX_SAVED_POINTS = round(MAX_POINTS / LEAST_TRAIN_SHARE)
"""The most that settings ask for, test points included."""


class SavedPlane:
    """The plane's controller as a `SavedPart`.

    The timeline is not saved: it would need a hundred times the space of everything else.
    """

    name = "spiral"

    def __init__(self, controller: PlaneController) -> None:
        self._controller = controller
        self._state = controller.state
        self._opened_with = self._values()

    @property
    def title(self) -> str:
        """Description of the work; "" when there is only a preset, or what a link said."""
        iteration = self._state.snapshot.iteration
        if iteration:
            return gettext("iteration {iteration:,} on 2-D data", iteration=iteration)
        if self._state.points.origin == OWN:
            return gettext("your 2-D points")
        if not self._state.preset and self._values() != self._opened_with:
            return gettext("your settings for 2-D data")
        return ""

    @property
    def score(self) -> str:
        """The latest accuracy on the test points, with which this pane validates."""
        scores = self._state.history.validation if self._state.snapshot.iteration else []
        return (
            gettext("test accuracy {accuracy:.1f} %", accuracy=100 * scores[-1].accuracy)
            if scores
            else ""
        )

    picture = ""

    def capture(self) -> bytes | None:
        """Return a checkpoint; None while a change is pending, or weights are NaN or infinite."""
        run_state = self._controller.run_state()
        if run_state is None:
            return None
        state, data = self._state, self._state.points
        task = {
            "running": state.running,
            "ablated": sorted(state.ablated),
            "origin": data.origin,
            "scheduled": changes_to_list(state.scheduled_changes),
            "classes": data.classes,
        }
        try:
            return Checkpoint(self._values(), run_state, task, _data_arrays(data)).to_bytes()
        except WeightsError:
            return None  # the run is about to return to its fallback weights

    async def restore(self, content: bytes) -> None:
        """Restore the controller; see `SavedPart`."""
        try:
            checkpoint = Checkpoint.from_bytes(
                content, gettext("the saved 2-D data"), PlaneState, FORMER
            )
            settings = _check_settings(checkpoint.settings)
            task, data = checkpoint.task, _read_data(checkpoint)
            scheduled = changes_from_list(task.get("scheduled", ()))
            expected = settings.make_network(
                len(settings.inputs), data.classes, np.random.default_rng(0)
            )
            _check_architecture(checkpoint.state, expected)
            ablated = frozenset((int(layer), int(unit)) for layer, unit in task["ablated"])
            if any(
                layer < 0 or not 0 <= unit < expected.sizes[1:-1][layer] for layer, unit in ablated
            ):
                raise ValueError("expected hidden units of the network, found others switched off")
            self._controller.restore_run(checkpoint.settings, data, checkpoint.state, ablated)
        except (LookupError, TypeError, ValueError) as error:
            raise SaveError(str(error).rstrip(".。")) from error
        self._state.scheduled_changes = scheduled
        self._state.running = bool(task["running"])

    def watch(self, note_change: Callable[[bool], None]) -> None:
        """Call a function at every change; see `SavedPart`."""
        names = [*SETTINGS, *SHOWN, "running", "points", "ablated"]
        watch_state(self._state, names, FREQUENT, note_change)

    def _values(self) -> dict[str, Any]:
        return {name: getattr(self._state, name) for name in (*SETTINGS, *SHOWN)}


def _check_settings(values: Mapping[str, Any]) -> PlaneState:
    """Return the state with these values; ValueError when the page could not have them."""
    if values.keys() != {*SETTINGS, *SHOWN}:
        raise ValueError(f"other settings than {', '.join((*SETTINGS, *SHOWN))}")
    state = PlaneState(**values)
    if not state.inputs:
        raise ValueError("a network without inputs")
    if not all(1 <= width <= MAX_LAYER_WIDTH for width in state.hidden_layers):
        raise ValueError(f"hidden layers of {state.hidden_layers} units")
    return state


def stored_run_checkpoint(stored: StoredPlaneRun) -> Checkpoint:
    """Return what brings a run back as a checkpoint, without its fallback weights."""
    data, state = stored.data, replace(stored.state, fallback=None)
    task = {"origin": data.origin, "classes": data.classes}
    return Checkpoint(dict(stored.values), state, task, _data_arrays(data))


def read_stored_run(checkpoint: Checkpoint) -> StoredPlaneRun:
    """Return the run of a checkpoint; LookupError, TypeError or ValueError for others."""
    return StoredPlaneRun(dict(checkpoint.settings), _read_data(checkpoint), checkpoint.state)


def _data_arrays(data: PlaneData) -> dict[str, np.ndarray]:
    arrays = {}
    for part in PARTS:
        points = getattr(data, part)
        arrays[f"{part}.points"] = points.points
        arrays[f"{part}.labels"] = points.labels.astype(np.uint8)
    return arrays


def _read_data(checkpoint: Checkpoint) -> PlaneData:
    origin, classes = checkpoint.task["origin"], checkpoint.task["classes"]
    if origin not in (OWN, *PLANE_SHAPES):
        raise ValueError(f"points cannot come from {origin!r}")
    for part in PARTS:
        if checkpoint.arrays[f"{part}.labels"].dtype != np.uint8:
            raise ValueError(f"labels of points as {checkpoint.arrays[f'{part}.labels'].dtype}")
    train, test = (
        PlanePoints(
            checkpoint.arrays[f"{part}.points"], checkpoint.arrays[f"{part}.labels"], classes
        )
        for part in PARTS
    )
    data = PlaneData(train, test, origin)
    if len(data) > MAX_SAVED_POINTS:
        raise ValueError(f"{len(data):,} points")
    return data


def _check_architecture(state: RunState, expected: Network) -> None:
    """Raise ValueError unless the network has the architecture of the settings."""
    found, wanted = (
        (network.activation, [(array.shape, array.dtype) for array in network.parameters()])
        for network in (state.network, expected)
    )
    if found != wanted:
        raise ValueError(f"a network of the shapes {found}, expected {wanted}")
