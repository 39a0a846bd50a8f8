"""Records the runs of one pane: when another run takes the place of one, that one is kept."""

from __future__ import annotations

from typing import Any

from dashboard.languages.text import gettext
from dashboard.runs.curve import curve_of
from dashboard.runs.records import RunCollection, RunRecord, scores_of, unused_style
from dashboard.training.pane_training import LeftRun
from dashboard.training.run import Run
from nn import backend_name


class RunRecorder:
    """Keeps every run of a pane that has been trained.

    Parameters
    ----------
    training
        Of the pane, a `PaneTraining` with `current_settings`.
    collection
        Where the runs are kept.
    """

    def __init__(self, training: Any, collection: RunCollection) -> None:
        self._training = training
        self.collection = collection
        training.run_left = self._keep

    def current(self) -> RunRecord | None:
        """Return the run in training as a record; None before its first step. Between slices."""
        run = self._training.trainer.run
        if not run.iteration or not len(run.history):
            return None
        return RunRecord(
            number=0,
            name=gettext("Current run"),
            style=unused_style(self.collection.records),
            settings=self._training.current_settings(),
            **measured(run),
        )

    def _keep(self, left: LeftRun) -> None:
        if self._training.training_loop.is_idle:
            self._add(left)
        else:
            self._training.spawn(self._add_later(left))

    async def _add_later(self, left: LeftRun) -> None:
        async with self._training.trainer.between_slices:
            self._add(left)

    def _add(self, left: LeftRun) -> None:
        if left.run.times.total and not self._is_kept(left.run):
            self.collection.add(
                settings=dict(left.settings), model=left.capture(), **measured(left.run)
            )

    def _is_kept(self, run: Run) -> bool:
        """Return whether a run is a kept one that was restored and not trained since."""
        loaded = run.loaded_state
        return (
            loaded is not None
            and loaded.iteration == run.iteration
            and any(
                record.model is not None and record.model.run_state() is loaded
                for record in self.collection.records
            )
        )


def measured(run: Run) -> dict[str, Any]:
    """Return what a run tells about itself, by the attributes of `RunRecord`."""
    return {
        "backend": backend_name(),
        "iteration": run.iteration,
        "epochs": run.epochs_done,
        "seconds": run.times.total,
        "curve": curve_of(run),
        **scores_of(run.history),
    }
