"""The digits as a saved part: the run, the settings and the drawing as bytes, and back.

Its bytes are a checkpoint, whose task holds what the page shows besides the run.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.autosave.save import SaveError, watch_state
from dashboard.digits.controller import DigitsController
from dashboard.digits.models import StoredModel, describe_stored
from dashboard.digits.state import DigitsState, Origin, architecture_settings
from dashboard.digits.training import NETWORK_SETTINGS
from dashboard.languages.text import gettext
from dashboard.training.checkpoint import Checkpoint, settings_values
from dashboard.training.run_state import RunState
from dashboard.training.scheduled_changes import changes_from_list, changes_to_list
from dashboard.training.settings import TrainingSettings, setting_names
from dashboard.training.stopping import STOP_SETTINGS
from data_cache import DATA_SETS, DataError
from nn import PRETRAINED, WeightsError, create_optimizer, load_pretrained

SHOWN = (
    *("data_set", "training_samples", "fine_tune", "pretrained_model", "centre_drawing"),
    *("smoothing", *STOP_SETTINGS),
)
"""Saved parameters of the state besides the settings of training."""

OLD_NAMES = {
    "fine_tune": ("fine_tune", "keep_ready"),
    "pretrained_model": ("drawing_model", "ready_net"),
}
"""Names of these parameters in autosaves of earlier versions, the latest first."""

STORED = ("data_set", "training_samples", "pretrained_model")
"""Parameters of the state that are saved with a stored model."""

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
            return gettext(
                "iteration {iteration:,} of a {sizes} net", iteration=iteration, sizes=sizes
            )
        if self._state.origin != Origin.PRETRAINED:
            return gettext(
                "a {origin} {sizes} net", origin=gettext(self._state.origin), sizes=sizes
            )
        drawing = self._state.drawing
        if drawing is not None and drawing.any() and not self._state.is_example:
            return gettext("your drawing")
        return gettext("your settings") if self._has_other_settings() else ""

    @property
    def score(self) -> str:
        """The latest validation accuracy."""
        scores = self._state.history.validation if self._state.snapshot.iteration else []
        return (
            gettext("validation accuracy {accuracy:.1f} %", accuracy=100 * scores[-1].accuracy)
            if scores
            else ""
        )

    @property
    def picture(self) -> str:
        """The drawing, unless it is the example of the start."""
        drawing = self._state.drawing
        if drawing is None or self._state.is_example or not drawing.any():
            return ""
        return encode_drawing(shrink(drawing))

    def _has_other_settings(self) -> bool:
        names = (*settings_values(self._state), *SHOWN)
        return any(getattr(self._state, name) != DigitsState.param[name].default for name in names)

    def capture(self) -> bytes | None:
        """Return the checkpoint of the run; None while weights are NaN or infinite."""
        controller, state, drawing = self._controller, self._state, self._state.drawing
        task = {name: getattr(state, name) for name in SHOWN} | {
            "origin": state.origin,
            "running": state.running,
            "built": dict(state.built_settings),
            "scheduled": changes_to_list(state.scheduled_changes),
            "drawing": None if drawing is None or state.is_example else encode_drawing(drawing),
        }
        run = controller.trainer.run
        try:
            return Checkpoint(settings_values(state), run.state(), task).to_bytes()
        except WeightsError:
            return None  # the run is about to return to its fallback weights

    async def restore(self, content: bytes) -> None:
        """Restore the controller; see `SavedPart`."""
        try:
            checkpoint = Checkpoint.from_bytes(content, gettext("the saved digits"))
            # A file may come from a server that allows larger networks.
            self._state.check_budget(architecture_settings(checkpoint.state.network))
            shown, drawing, origin, built = _read_task(checkpoint.task)
            scheduled = changes_from_list(checkpoint.task.get("scheduled", ()))
            await self._controller.restore_run(
                _run_state(checkpoint, shown, origin),
                origin=origin,
                built_settings=built,
                **dict(checkpoint.settings),
                **shown,
            )
        except DataError:
            raise  # a ValueError too, but of another kind
        except (LookupError, TypeError, ValueError) as error:
            raise SaveError(str(error).rstrip(".。")) from error
        if drawing is not None:
            self._controller.drawing.show(drawing)
        self._state.scheduled_changes = scheduled
        self._state.running = bool(checkpoint.task["running"])

    def watch(self, note_change: Callable[[bool], None]) -> None:
        """Call a function at every change; see `SavedPart`."""
        names = [*setting_names(TrainingSettings), *SHOWN, "running", "origin"]
        watch_state(self._state, names, FREQUENT, note_change)


class SavedStoredModel:
    """The model of one's own that a pretrained one has replaced last, as a `SavedPart`.

    It is saved only while the current model is pretrained, so that it costs no training time.
    """

    name = "stored-model"

    def __init__(self, controller: DigitsController) -> None:
        self._controller = controller
        self._state = controller.state
        self._captured: tuple[StoredModel | None, bytes] = (None, b"")

    @property
    def title(self) -> str:
        """Description of the model; "" when there is none."""
        stored = self._stored
        return (
            ""
            if stored is None
            else gettext(
                "the stored {subject}", subject=describe_stored(stored, self._state).subject
            )
        )

    @property
    def score(self) -> str:
        """The latest validation accuracy."""
        stored = self._stored
        accuracy = None if stored is None else describe_stored(stored, self._state).accuracy
        return (
            ""
            if accuracy is None
            else gettext("validation accuracy {accuracy:.1f} %", accuracy=100 * accuracy)
        )

    picture = ""

    def capture(self) -> bytes | None:
        """Return the checkpoint of the model, empty if there is none; None while it is computed."""
        stored = self._stored
        if stored is None:
            return b""
        if stored is not self._captured[0]:
            if not self._controller.training_loop.is_idle:
                return None
            try:
                content = stored_checkpoint(stored).to_bytes()
            except WeightsError:
                return b""  # NaN or infinite weights have no format
            self._captured = (stored, content)
        return self._captured[1]

    async def restore(self, content: bytes) -> None:
        """Offer the model in the menu again; see `SavedPart`."""
        if not content:
            return
        try:
            checkpoint = Checkpoint.from_bytes(content, gettext("the stored model"))
            self._controller.models.add(checkpoint.state, **_read_stored_task(checkpoint))
        except (LookupError, TypeError, ValueError) as error:
            raise SaveError(str(error).rstrip(".。")) from error

    def watch(self, note_change: Callable[[bool], None]) -> None:
        """Call a function at every change; see `SavedPart`."""
        watch_state(self._state, ["stored_models", "origin"], (), note_change)

    @property
    def _stored(self) -> StoredModel | None:
        stored = self._state.stored_models
        return stored[0] if stored and self._state.origin == Origin.PRETRAINED else None


def stored_checkpoint(stored: StoredModel) -> Checkpoint:
    """Return what brings a stored model back as a checkpoint, without its fallback weights."""
    task = {name: getattr(stored, name) for name in STORED}
    task |= {"origin": stored.origin, "built": dict(stored.built_settings)}
    return Checkpoint(stored.settings, replace(stored.run_state(), fallback=None), task)


def read_stored(checkpoint: Checkpoint) -> StoredModel:
    """Return the stored model of a checkpoint; LookupError, TypeError or ValueError for others."""
    return StoredModel(number=0, record=checkpoint.state, **_read_stored_task(checkpoint))


def _read_stored_task(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return the attributes of the stored model besides its record."""
    task = dict(checkpoint.task)
    shown = {name: task[name] for name in STORED}
    DigitsState(**shown)
    return {
        "origin": Origin(task["origin"]),
        "built_settings": dict(task["built"]),
        "settings": dict(checkpoint.settings),
        **shown,
    }


def _run_state(checkpoint: Checkpoint, shown: Mapping[str, Any], origin: Origin) -> RunState:
    """Return the state of the run; earlier versions saved another pretrained model than shown."""
    state = checkpoint.state
    if origin != Origin.PRETRAINED:
        return state
    network = load_pretrained(shown["pretrained_model"])
    if network.title == state.network.title:
        return state
    optimizer = create_optimizer(state.optimizer, network.parameters())
    return replace(state, network=network, optimizer_state=optimizer.state())


def shrink(drawing: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return a square picture of 28 pixels or more a side with 28 a side: the mean of each area."""
    edges = np.linspace(0, len(drawing), 29).astype(int)[:-1]
    sums = np.add.reduceat(np.add.reduceat(drawing, edges, axis=0), edges, axis=1)
    counts = np.diff(np.append(edges, len(drawing)))
    means: NDArray[np.floating] = sums / np.outer(counts, counts)
    return means


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
    shown = _read_shown(task)
    if shown["data_set"] not in DATA_SETS:
        raise ValueError(f"there is no data set {shown['data_set']!r}")
    built = dict(task["built"])
    if not set(built) <= set(NETWORK_SETTINGS):
        raise ValueError(f"a network is not made by {', '.join(built)}")
    DigitsState(**shown, **built)
    drawing = None if task["drawing"] is None else decode_drawing(task["drawing"])
    return shown, drawing, Origin(task["origin"]), built


def _read_shown(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return the saved parameters; those that earlier versions lacked have their default."""
    shown: dict[str, Any] = {}
    for name in SHOWN:
        names = (name, *OLD_NAMES.get(name, ()))
        found = [task[known] for known in names if known in task]
        shown[name] = found[0] if found else DigitsState.param[name].default
    if "pretrained_model" not in task:
        # The model that was trained, loaded or fine-tuned was always the first one.
        is_unchanged = Origin(task["origin"]) == Origin.PRETRAINED and not shown["fine_tune"]
        shown["pretrained_model"] = shown["pretrained_model"] if is_unchanged else PRETRAINED[0]
    return shown
