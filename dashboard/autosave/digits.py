"""The digits as a saved part: the run, the settings and the drawing as bytes, and back.

Its bytes are a checkpoint, whose task holds what the page shows besides the run.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.autosave.save import SaveError, watch_state
from dashboard.digits.controller import DigitsController
from dashboard.digits.state import DigitsState, Origin
from dashboard.digits.training import NETWORK_SETTINGS
from dashboard.training.checkpoint import Checkpoint, settings_values
from dashboard.training.settings import TrainingSettings, setting_names
from dashboard.training.stopping import STOP_SETTINGS
from data_cache import DATA_SETS, DataError
from nn import WeightsError

SHOWN = (
    *("data_set", "training_samples", "fine_tune", "drawing_model", "smoothing"),
    *STOP_SETTINGS,
)
"""Saved parameters of the state besides the settings of training."""

LATER = ("training_samples", *STOP_SETTINGS)
"""Parameters that autosaves of earlier versions lack."""

OLD_NAMES = {"fine_tune": "keep_ready", "drawing_model": "ready_net"}
"""Names of these parameters in autosaves of earlier versions."""

FREQUENT = ("snapshot", "history", "prediction")
"""Parameters that change with every slice of training."""


class SavedDigits:
    """The digits controller as a `SavedPart`."""

    name = "digits"

    def __init__(self, controller: DigitsController) -> None:
        self._controller = controller
        self._state = controller.state

    @property
    def title(self) -> str:
        """Description of the work; "" when nothing was done."""
        iteration = self._state.snapshot.iteration
        sizes = "-".join(str(size) for size in self._state.snapshot.network.sizes)
        if iteration:
            return f"iteration {iteration:,} of a {sizes} net"
        if self._state.origin != Origin.PRETRAINED:
            return f"a {self._state.origin} {sizes} net"
        if self._state.drawing is not None and self._state.drawing.any():
            return "your drawing"
        return "your settings" if self._has_other_settings() else ""

    def _has_other_settings(self) -> bool:
        names = (*settings_values(self._state), *SHOWN)
        return any(getattr(self._state, name) != DigitsState.param[name].default for name in names)

    def capture(self) -> bytes | None:
        """Return the checkpoint of the run; None while weights are NaN or infinite."""
        controller, state, drawing = self._controller, self._state, self._state.drawing
        task = {name: getattr(state, name) for name in SHOWN} | {
            "origin": state.origin,
            "running": state.running,
            "built": controller.built_settings,
            "drawing": None if drawing is None else encode_drawing(drawing),
        }
        run = controller.trainer.run
        try:
            return Checkpoint(settings_values(state), run.state(), task).to_bytes()
        except WeightsError:
            return None  # the run is about to return to its fallback weights

    async def restore(self, content: bytes) -> None:
        """Restore the controller; see `SavedPart`."""
        try:
            checkpoint = Checkpoint.from_bytes(content, "the saved digits")
            shown, drawing, origin, built = _read_task(checkpoint.task)
            await self._controller.restore_run(
                checkpoint.state,
                origin=origin,
                built_settings=built,
                **dict(checkpoint.settings),
                **shown,
            )
        except DataError:
            raise  # a ValueError too, but of another kind
        except (LookupError, TypeError, ValueError) as error:
            raise SaveError(str(error).rstrip(".")) from error
        if drawing is not None:
            self._controller.drawing.show(drawing)
        self._state.running = bool(checkpoint.task["running"])

    def watch(self, note_change: Callable[[bool], None]) -> None:
        """Call a function at every change; see `SavedPart`."""
        names = [*setting_names(TrainingSettings), *SHOWN, "running", "origin"]
        watch_state(self._state, names, FREQUENT, note_change)


def encode_drawing(drawing: NDArray[np.floating]) -> str:
    """Return a square picture in [0, 1] as text: base64 of a byte per pixel."""
    return base64.b64encode(np.rint(255 * drawing).astype(np.uint8)).decode("ascii")


def decode_drawing(text: str) -> NDArray[np.float32]:
    """Return the picture of a text; ValueError when it is not square."""
    levels = np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
    side = int(np.sqrt(levels.size))
    return levels.reshape(side, side).astype(np.float32) / np.float32(255)


def _read_task(
    task: Mapping[str, Any],
) -> tuple[dict[str, Any], NDArray[np.float32] | None, Origin, dict[str, Any]]:
    defaults = {name: DigitsState.param[name].default for name in LATER}
    task = {**defaults, **task}
    shown = {name: task.get(name, task.get(OLD_NAMES.get(name, name))) for name in SHOWN}
    if shown["data_set"] not in DATA_SETS:
        raise ValueError(f"there is no data set {shown['data_set']!r}")
    built = dict(task["built"])
    if not set(built) <= set(NETWORK_SETTINGS):
        raise ValueError(f"a network is not made by {', '.join(built)}")
    DigitsState(**shown, **built)
    drawing = None if task["drawing"] is None else decode_drawing(task["drawing"])
    return shown, drawing, Origin(task["origin"]), built
