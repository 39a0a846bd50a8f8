"""Checkpoints of the run: they are recorded, shown again, and resumed from."""

from __future__ import annotations

from dashboard.plane.timeline import Timeline
from dashboard.plane.training import PlaneTraining
from dashboard.training.snapshot import Snapshot


class TimeTravel:
    """The checkpoints of the run in training, and the commands on them."""

    def __init__(self, training: PlaneTraining) -> None:
        self._training = training
        self._state = training.state
        self._timeline = Timeline()
        self._run_number = 0

    def record(self, snapshot: Snapshot) -> None:
        """Store a checkpoint of the run if one is due at this snapshot.

        A snapshot of another run begins a new timeline. One of an earlier iteration, to which the
        run returned, removes the later checkpoints.
        """
        if snapshot.run != self._run_number:
            self._run_number = snapshot.run
            self._timeline = Timeline()
        elif self._timeline.iterations[-1:] > (snapshot.iteration,):
            self._timeline.forget_after(snapshot.iteration)
        if self._timeline.wants(snapshot.iteration):
            self._timeline.add(self._training.trainer.run.state(history=False))
        if self._state.checkpoints != self._timeline.iterations:
            self._state.checkpoints = self._timeline.iterations

    def show(self, index: int) -> None:
        """Show the checkpoint with that index, from 0 for the oldest; training may continue."""
        if not 0 <= index < len(self._timeline):
            self._training.notify(
                f"A checkpoint is 0 to {len(self._timeline) - 1}; found {index}.", "warning"
            )
            return
        self._state.shown_checkpoint = self._timeline[index]

    def show_newest(self) -> None:
        """Show the network in training again."""
        self._state.shown_checkpoint = None

    def resume(self) -> None:
        """Return to the shown checkpoint; what came after it is discarded."""
        shown = self._state.shown_checkpoint
        if shown is None:
            self._training.notify("Choose a checkpoint first; this is the latest step.", "warning")
            return
        run = self._training.trainer.run

        def go_back() -> None:
            if run is not self._training.trainer.run:
                return  # it was replaced meanwhile
            run.load_state(shown)
            self.show_newest()
            self._training.publish()
            self._state.param.trigger("history")
            self._training.notify(
                f"Back at iteration {run.iteration:,}. Later steps are discarded; "
                "Train resumes from here."
            )

        self._training.between_slices(go_back)
