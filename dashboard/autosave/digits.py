"""Turns the digits controller into bytes and back: the run, the settings and the drawing.

What the next step of training depends on is in the checkpoint; the rest is what people see.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.autosave.autosave import Autosave
from dashboard.autosave.save import SaveError
from dashboard.digits.controller import DigitsController
from dashboard.digits.state import DigitsState, Origin
from dashboard.digits.training import NETWORK_SETTINGS
from dashboard.training.checkpoint import Checkpoint, CheckpointError, settings_values
from dashboard.training.settings import TrainingSettings
from data_cache import DATA_SETS, DataError
from nn import WeightsError

SEEN = ("data_set", "fine_tune", "drawing_model", "smoothing")
"""What belongs to the state besides the settings of training."""

OLD_NAMES = {"fine_tune": "keep_ready", "drawing_model": "ready_net"}
"""What autosaves of earlier versions call these settings."""

CALM = frozenset(("snapshot", "history", "prediction"))
"""What changes with every slice of training."""


class SavedDigits:
    """The controller of the digits as a part that can be kept; see `SavedPart`."""

    name = "digits"

    def __init__(self, controller: DigitsController) -> None:
        self._controller = controller
        self._state = controller.state

    @property
    def is_running(self) -> bool:
        """Whether it trains."""
        return bool(self._state.running)

    @property
    def title(self) -> str:
        """Say what there is; "" when nothing was done."""
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
        names = (*settings_values(self._state), *SEEN)
        return any(getattr(self._state, name) != DigitsState.param[name].default for name in names)

    def capture(self) -> bytes | None:
        """Return the checkpoint of the run, with what people see as its task."""
        controller, state, drawing = self._controller, self._state, self._state.drawing
        task = {name: getattr(state, name) for name in SEEN} | {
            "origin": state.origin,
            "running": state.running,
            "built": controller.built_settings,
            "drawing": None if drawing is None else encode_drawing(drawing),
        }
        run = controller.trainer.run
        try:
            return Checkpoint(settings_values(state), run.state(), task).to_bytes()
        except WeightsError:
            return None  # weights that are being taken back this moment are not worth keeping

    async def restore(self, content: bytes) -> None:
        """Put the controller where it was; see `SavedPart`."""
        try:
            checkpoint = Checkpoint.from_bytes(content, "the kept run")
            seen, drawing, origin, built = _read_task(checkpoint.task)
            await self._controller.restore(
                checkpoint.state,
                origin=origin,
                built_settings=built,
                **dict(checkpoint.settings),
                **seen,
            )
        except DataError:
            raise  # a ValueError too, but one that may be over soon
        except (CheckpointError, LookupError, TypeError, ValueError) as error:
            raise SaveError(str(error)) from error
        if drawing is not None:
            self._controller.drawing.show(drawing)
        self._state.running = bool(checkpoint.task["running"])

    def follow(self, autosave: Autosave) -> None:
        """Let the autosave hear of every change."""
        names = [name for name in TrainingSettings.param if name != "name"]
        autosave.follow(self._state, (*names, *SEEN, "running", "origin"), CALM)


def encode_drawing(drawing: NDArray[np.floating]) -> str:
    """Write a square picture in [0, 1] as text: base64 of a byte for each pixel."""
    return base64.b64encode(np.rint(255 * drawing).astype(np.uint8)).decode("ascii")


def decode_drawing(text: str) -> NDArray[np.float32]:
    """Read what `encode_drawing` gave; ValueError when it is no square picture."""
    levels = np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
    side = int(np.sqrt(levels.size))
    return levels.reshape(side, side).astype(np.float32) / np.float32(255)


def _read_task(
    task: Mapping[str, Any],
) -> tuple[dict[str, Any], NDArray[np.float32] | None, str, dict[str, Any]]:
    old = {name: OLD_NAMES.get(name, name) for name in SEEN}
    seen = {name: task[name if name in task else old[name]] for name in SEEN}
    if seen["data_set"] not in DATA_SETS:
        raise ValueError(f"there is no data set {seen['data_set']!r}")
    built = dict(task["built"])
    if not set(built) <= set(NETWORK_SETTINGS):
        raise ValueError(f"a net is not made by {', '.join(built)}")
    DigitsState(**seen, **built)
    drawing = None if task["drawing"] is None else decode_drawing(task["drawing"])
    return seen, drawing, Origin(task["origin"]), built
