"""Commands of the controller for the autosave: return the state of the run, and restore one.

The timeline is not part of it; a restored run begins a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.plane.dataset import PlaneData
from dashboard.plane.state import PlaneState
from dashboard.plane.workspace import Bench, make_run
from dashboard.training.run_state import RunState


class RunRestoration(Bench):
    """Saves and restores the run."""

    def run_state(self) -> RunState | None:
        """Return the state of the run; None while a change waits for the end of a slice.

        Call it between slices.
        """
        run = self.trainer.run
        return None if run.has_pending_calls else run.state(fallback=True)

    def restore_run(
        self,
        values: Mapping[str, Any],
        data: PlaneData,
        run_state: RunState,
        ablated: frozenset[tuple[int, int]] = frozenset(),
    ) -> None:
        """Restore a run, its points and the page's settings; it is paused.

        Parameters
        ----------
        values
            Parameters of the controller's state: all settings, and what the page shows.
        data, run_state
            Points and state of the run at the same moment.
        ablated
            Hidden units that the picture leaves out, as pairs (layer, unit) from 0.

        Raises
        ------
        ValueError
            They do not fit each other; nothing is changed then.
        """
        run = make_run(PlaneState(**values), data)
        run.load_state(run_state)
        self.state.running = False
        with self._without_watching():
            self.state.param.update(**values, points=data)
        run.settings = self.state
        self._adopt_run(run)
        self.state.ablated = ablated
        self._tell(f"Restored at iteration {run.iteration:,}.")
