"""The kept runs of a pane as a saved part: records and curves as bytes, and back.

Weights are saved too, as far as a limit allows: those of pinned runs first, then the newest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from dashboard.autosave.save import SaveError
from dashboard.languages.text import gettext, ngettext
from dashboard.runs.record_values import read_record, record_header
from dashboard.runs.records import MAX_RUNS, KeptModel, RunCollection, RunRecord
from dashboard.training.checkpoint import Checkpoint
from nn import WeightsError
from nn.serialization import arrays_from_npz, arrays_to_npz

FORMAT = 1

MAX_MODEL_BYTES = 6 * 2**20
"""Most bytes of all saved weights of one pane; more would keep training waiting."""

MAX_BYTES = 16 * 2**20

_SHOWN = ("x_axis", "metric", "smoothing")

ToCheckpoint = Callable[[Any], Checkpoint]
FromCheckpoint = Callable[[Checkpoint], KeptModel]


class SavedRuns:
    """The runs of one pane as a `SavedPart`.

    Parameters
    ----------
    name
        Of the part.
    runs
        The collection.
    to_checkpoint
        Returns what brings a run back as a checkpoint.
    settings
        Class that the settings of such a checkpoint must fit.
    from_checkpoint
        Returns what brings a run back from a checkpoint.
    """

    picture = ""
    score = ""

    def __init__(
        self,
        name: str,
        runs: RunCollection,
        *,
        to_checkpoint: ToCheckpoint,
        from_checkpoint: FromCheckpoint,
        settings: Any,
    ) -> None:
        self.name = name
        self._runs = runs
        self._to_checkpoint = to_checkpoint
        self._from_checkpoint = from_checkpoint
        self._settings = settings
        self._captured: tuple[Any, bytes] = ((), b"")
        self._models: dict[int, tuple[Any, bytes]] = {}

    @property
    def title(self) -> str:
        """Description of the runs; "" when there are none."""
        count = len(self._runs.records)
        if not count:
            return ""
        return ngettext("{count} kept run", "{count} kept runs", count, count=count)

    def capture(self) -> bytes | None:
        """Return the runs as bytes, empty if there are none."""
        runs = self._runs
        shown = {name: getattr(runs, name) for name in _SHOWN}
        key = (tuple(runs.records), runs.baseline, tuple(shown.values()))
        if not runs.records:
            return b""
        if key != self._captured[0]:
            self._captured = (key, self._to_bytes(shown))
        return self._captured[1]

    def _to_bytes(self, shown: Mapping[str, Any]) -> bytes:
        records = self._runs.records
        models = self._model_bytes()
        header = {
            "format": FORMAT,
            "shown": dict(shown),
            "baseline": next(
                (at for at, it in enumerate(records) if it.number == self._runs.baseline), None
            ),
            "runs": [record_header(record) for record in records],
        }
        arrays = {"header": np.frombuffer(json.dumps(header).encode(), np.uint8)}
        for index, record in enumerate(records):
            arrays |= record.curve.to_arrays(f"{index}.")
            if record.number in models:
                arrays[f"{index}.model"] = np.frombuffer(models[record.number], np.uint8)
        return arrays_to_npz(arrays)

    def _model_bytes(self) -> dict[int, bytes]:
        """Return what brings runs back by their numbers, as far as the limit allows."""
        kept: dict[int, tuple[Any, bytes]] = {}
        size = 0
        for record in sorted(self._runs.records, key=lambda it: (not it.is_pinned, -it.number)):
            if record.model is None or size + record.nbytes / 4 > MAX_MODEL_BYTES:
                continue
            model, content = self._models.get(record.number, (None, b""))
            if model is not record.model:
                try:
                    content = self._to_checkpoint(record.model).to_bytes()
                except WeightsError:
                    continue  # NaN or infinite weights have no format
            if size + len(content) <= MAX_MODEL_BYTES:
                size += len(content)
                kept[record.number] = (record.model, content)
        self._models = kept
        return {number: content for number, (_, content) in kept.items()}

    async def restore(self, content: bytes) -> None:
        """Put the saved runs before those that are here; see `SavedPart`."""
        if not content:
            return
        try:
            arrays = arrays_from_npz(content, max_bytes=MAX_BYTES)
            header = json.loads(arrays["header"].tobytes())
            if header["format"] != FORMAT:
                raise ValueError(f"runs of format {header['format']}, expected {FORMAT}")
            if len(header["runs"]) > MAX_RUNS:
                raise ValueError(f"{len(header['runs'])} runs, expected at most {MAX_RUNS}")
            records = [
                self._read(values, arrays, index) for index, values in enumerate(header["runs"])
            ]
            shown = {name: header["shown"][name] for name in _SHOWN}
            RunCollection(**shown)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise SaveError(str(error).rstrip(".。")) from error
        before = len(self._runs.records)
        self._runs.restore(records)
        restored = self._runs.records[: len(self._runs.records) - before]
        baseline = header["baseline"]
        if isinstance(baseline, int) and 0 <= baseline < len(restored):
            shown["baseline"] = restored[baseline].number
        self._runs.param.update(**shown)

    def _read(self, values: Mapping[str, Any], arrays: Mapping[str, Any], index: int) -> RunRecord:
        record = read_record(values, arrays, f"{index}.")
        saved = arrays.get(f"{index}.model")
        if saved is None:
            return record
        checkpoint = Checkpoint.from_bytes(saved.tobytes(), gettext("a saved run"), self._settings)
        return replace(record, model=self._from_checkpoint(checkpoint))

    def watch(self, note_change: Callable[[bool], None]) -> None:
        """Call a function at every change; see `SavedPart`."""
        self._runs.param.watch(lambda *_events: note_change(True), ["records", "baseline", *_SHOWN])


def saved_digits_runs(runs: RunCollection) -> SavedRuns:
    """Return the runs of the digits pane as a part."""
    from dashboard.autosave.digits import read_stored, stored_checkpoint  # noqa: PLC0415
    from dashboard.training.settings import TrainingSettings  # noqa: PLC0415

    return SavedRuns(
        "digits-runs",
        runs,
        to_checkpoint=stored_checkpoint,
        from_checkpoint=read_stored,
        settings=TrainingSettings,
    )


def saved_plane_runs(runs: RunCollection) -> SavedRuns:
    """Return the runs of the plane pane as a part."""
    from dashboard.autosave.plane import read_stored_run, stored_run_checkpoint  # noqa: PLC0415
    from dashboard.plane.settings import PlaneSettings  # noqa: PLC0415

    return SavedRuns(
        "spiral-runs",
        runs,
        to_checkpoint=stored_run_checkpoint,
        from_checkpoint=read_stored_run,
        settings=PlaneSettings,
    )
