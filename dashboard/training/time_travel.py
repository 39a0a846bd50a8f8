"""Checkpoints of the run in training: recorded, shown again in all views, and continued from.

Both panes that train have them.
"""

from __future__ import annotations

from typing import Any

import param

from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext
from dashboard.training.pane_training import PaneTraining
from dashboard.training.run_state import RunState
from dashboard.training.snapshot import Snapshot
from dashboard.training.timeline import CheckpointMemory, Timeline


class ShownCheckpoint(param.Parameterized):
    """The parameters of a pane's state that say which checkpoints there are and which is shown."""

    checkpoints = param.ClassSelector(
        class_=tuple, default=(), doc="Iterations of the stored checkpoints, in ascending order."
    )
    shown_checkpoint = param.ClassSelector(
        class_=RunState, doc="The checkpoint that is shown; None: the network in training."
    )

    @param.depends("checkpoints", "shown_checkpoint")
    def timeline_position(self) -> int | None:
        """Return the index of the checkpoint nearest to the shown one; None: in training.

        The shown checkpoint itself may have been dropped from the timeline meanwhile.
        """
        if self.shown_checkpoint is None or not self.checkpoints:
            return None
        gaps = [abs(taken - self.shown_checkpoint.iteration) for taken in self.checkpoints]
        return gaps.index(min(gaps))


class TimeTravel:
    """The checkpoints of the run in training, and the commands on them.

    Parameters
    ----------
    training
        Has the run; its state has the parameters of `ShownCheckpoint` and `history`.
    memory
        Limits the memory of the checkpoints; None: it is shared with no other run.
    """

    def __init__(self, training: PaneTraining[Any], memory: CheckpointMemory | None = None) -> None:
        self._training = training
        self._state = training.state
        self._memory = memory
        self._timeline = Timeline(memory=memory)
        self._run_number = 0

    @property
    def states(self) -> tuple[RunState, ...]:
        """The checkpoints, the oldest first."""
        return tuple(self._timeline[index] for index in range(len(self._timeline)))

    def record(self, snapshot: Snapshot) -> None:
        """Store a checkpoint of the run if one is due at this snapshot; call it between slices.

        A snapshot of another run begins a new timeline. One of an earlier iteration, to which the
        run returned, removes the later checkpoints.
        """
        if snapshot.run != self._run_number:
            self._run_number = snapshot.run
            self._timeline = Timeline(memory=self._memory)
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
                gettext(
                    "A checkpoint is 0 to {last}; found {index}.",
                    last=len(self._timeline) - 1,
                    index=index,
                ),
                "warning",
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
            self._training.notify(
                gettext("Choose a checkpoint first; the network in training is shown."), "warning"
            )
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
                gettext(
                    "Back at iteration {iteration}. Later steps are discarded; training continues "
                    "from here.",
                    iteration=format_number(run.iteration),
                )
            )

        self._training.between_slices(go_back)
