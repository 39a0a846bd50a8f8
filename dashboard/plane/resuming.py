"""Commands for whoever keeps the controller: record where it stands, and go on from there.

The checkpoints of time travel are no part of it; they begin anew where one goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.plane.dataset import PlaneData
from dashboard.plane.run import Standing
from dashboard.plane.state import PlaneState
from dashboard.plane.workspace import Bench, make_run


class GoingOn(Bench):
    """Whatever lets the run outlive the page."""

    def standing(self) -> Standing | None:
        """Record where the run stands; None while a change waits for the end of a slice.

        Call it only between slices.
        """
        run = self.trainer.run
        return run.standing() if run.is_settled else None

    def go_on(
        self,
        values: Mapping[str, Any],
        data: PlaneData,
        standing: Standing,
        ablated: frozenset[tuple[int, int]] = frozenset(),
    ) -> None:
        """Go on where a run stood, in the state of the page that it had then; it is paused.

        Parameters
        ----------
        values
            Parameters of the controller's state: the settings, and what people see.
        data, standing
            As they were then.
        ablated
            Hidden units that are switched off for the picture.

        Raises
        ------
        ValueError
            When they do not fit each other; all is then as it was.
        """
        run = make_run(PlaneState(**values), data)
        run.go_on(standing)
        self.state.running = False
        with self._without_watching():
            self.state.param.update(**values, points=data)
        run.settings = self.state
        self._adopt_run(run)
        self.state.ablated = ablated
        self._tell(f"Here you are again, at iteration {run.iteration:,}.")
