"""What lessons need of a pane: its run, a new run with other settings, and what it is scored on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from dashboard.digits.controller import DigitsController
from dashboard.digits.state import Origin
from dashboard.digits.training_subset import ALL
from dashboard.languages.text import gettext
from dashboard.lessons.measures import Observation
from dashboard.plane.controller import PlaneController
from dashboard.plane.dataset import OWN
from dashboard.training.run import Run
from dashboard.training.settings import TrainingSettings, setting_names
from dashboard.training.stopping import STOP_SETTINGS
from data_cache import DataError, PrefetchError


class LessonPane(Protocol):
    """A pane, as lessons use it."""

    controller: Any

    async def begin(self, settings: Mapping[str, Any]) -> None:
        """Begin a new run with these settings, and the defaults of the others."""
        ...

    def observation(self) -> Observation:
        """Return the present run and its samples; call it between slices."""
        ...

    def why_not_repeatable(self) -> str:
        """Return in a sentence why settings and seed do not repeat the run; "" if they do."""
        ...


class DigitsLessonPane:
    """The digits pane; see `LessonPane`."""

    def __init__(self, controller: DigitsController) -> None:
        self.controller = controller
        self._test: Any = None

    async def begin(self, settings: Mapping[str, Any]) -> None:
        """Begin a new run on the bundled digits; see `LessonPane`."""
        defaults = {
            name: TrainingSettings.param[name].default for name in setting_names(TrainingSettings)
        }
        await self.controller.begin_run(
            {
                **defaults,
                **dict.fromkeys(STOP_SETTINGS),
                "fine_tune": False,
                "training_samples": ALL,
                **settings,
                "data_set": "digits",
            }
        )
        try:
            self._test = await self.controller.data.part("test")
        except (DataError, PrefetchError):
            self._test = None  # then what is measured on them is left out

    def observation(self) -> Observation:
        """Return the present run and its samples; see `LessonPane`."""
        trainer = self.controller.trainer
        return Observation(trainer.run, trainer.validation, self._test)

    def why_not_repeatable(self) -> str:
        """Return why settings and seed do not repeat the run; see `LessonPane`."""
        state, run = self.controller.state, self.controller.trainer.run
        if state.origin != Origin.FRESH or self.controller.data.name != "digits":
            return gettext(
                "it did not begin with fresh weights on the bundled digits. Press “Begin the task”."
            )
        return _why_not(run)


class PlaneLessonPane:
    """The pane of the 2-D data; see `LessonPane`."""

    def __init__(self, controller: PlaneController) -> None:
        self.controller = controller

    async def begin(self, settings: Mapping[str, Any]) -> None:
        """Begin a new run on generated points; see `LessonPane`."""
        self.controller.begin_run(settings)
        self.controller.state.show_test = True

    def observation(self) -> Observation:
        """Return the present run and its samples; see `LessonPane`."""
        trainer = self.controller.trainer
        return Observation(trainer.run, trainer.validation, trainer.validation)

    def why_not_repeatable(self) -> str:
        """Return why settings and seed do not repeat the run; see `LessonPane`."""
        if self.controller.state.points.origin == OWN:
            return gettext("its points were edited or loaded. Press “Begin the task”.")
        return _why_not(self.controller.trainer.run)


def _why_not(run: Run) -> str:
    if not run.iteration:
        return gettext("it has no training step. Press Train.")
    if run.history.divergences:
        return gettext(
            "it diverged, and went back to earlier weights. Press Reset and train again."
        )
    if run.history.interventions:
        return gettext(
            "it has {changes}. Press Reset and train again.",
            changes=gettext("; ").join(map(gettext, run.history.interventions)),
        )
    return ""
