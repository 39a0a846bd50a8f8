"""Commands on time: look at the net as it was, come back, or go on from there."""

from __future__ import annotations

from dashboard.plane.workspace import Bench


class TimeTravel(Bench):
    """Whatever moves along the checkpoints of a run; training need not stop for a look."""

    def show_checkpoint(self, index: int) -> None:
        """Let all pictures show the checkpoint of that number, from 0 for the oldest."""
        if not 0 <= index < len(self.timeline):
            self.warn(f"There are the checkpoints 0 to {len(self.timeline) - 1}; found {index}.")
            return
        self._shown = self.timeline[index]
        with self._without_watching():
            self.state.timeline_position = index

    def back_to_live(self) -> None:
        """Let all pictures show the net in training again."""
        self._shown = None
        with self._without_watching():
            self.state.timeline_position = None

    def continue_from_here(self) -> None:
        """Go back for good to the checkpoint that is shown; what came after it is forgotten."""
        if self._shown is None:
            self.warn("Choose an earlier step first; the net is at its newest.")
            return
        state, run = self._shown, self.trainer.run

        def go_back() -> None:
            if run is not self.trainer.run:
                return  # it was replaced meanwhile
            run.load_state(state)
            self.back_to_live()
            self._publish(self.trainer.snapshot())
            self.state.param.trigger("history")
            self._tell(
                f"Back at iteration {run.iteration:,}. What came after it is forgotten; "
                "Train goes on from here."
            )

        self._between_slices(go_back)
