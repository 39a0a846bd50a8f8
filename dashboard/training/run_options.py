"""How fast a run trains and how its curves are drawn, as parameters of a pane's state.

They change no number of the run; each pane that trains has them.
"""

from __future__ import annotations

from dataclasses import dataclass

import param

from dashboard.languages.text import gettext_noop
from dashboard.training.history import History

FULL_SPEED = "full"

SPEEDS: dict[str, float | None] = {
    "1": 1.0,
    "2": 2.0,
    "5": 5.0,
    "10": 10.0,
    "50": 50.0,
    FULL_SPEED: None,
}
"""Training steps per second by the name of the speed; None: as many as possible."""

WATCHED_SPEED = 10.0
"""Up to this speed, in steps per second, each step is shown by itself."""

ITERATION, EPOCH = gettext_noop("iteration"), gettext_noop("epoch")


@dataclass(frozen=True, eq=False)
class Pin:
    """A moment of a run that is marked on its curve.

    Attributes
    ----------
    history
        Of the run; the pin is drawn on no other curve.
    iteration
        The moment.
    text
        What happened, in words.
    """

    history: History
    iteration: int
    text: str


class RunOptions(param.Parameterized):
    """The speed of training, the options of the charts, and the curves of earlier runs."""

    speed = param.Selector(
        default=FULL_SPEED,
        objects=list(SPEEDS),
        label=gettext_noop("Speed"),
        doc=gettext_noop(
            "Training steps per second. The numbers of the run are the same at any speed."
        ),
    )
    x_axis = param.Selector(
        default=ITERATION,
        objects=[ITERATION, EPOCH],
        label=gettext_noop("x axis"),
        doc=gettext_noop(
            "Whether curves are drawn over iterations (training steps) or epochs (passes over the "
            "training samples)."
        ),
    )
    log_scale = param.Boolean(
        False,
        label=gettext_noop("Log scale"),
        doc=gettext_noop("Whether the loss is drawn on a logarithmic axis."),
    )
    ignore_outliers = param.Boolean(
        True,
        label=gettext_noop("Ignore outliers"),
        doc=gettext_noop(
            "Whether the y axes leave out the most extreme hundredth of the values of the training "
            "batches at either end, and the values of steps that diverged."
        ),
    )
    earlier = param.List(
        [], item_type=History, doc="Curves of earlier runs, the newest last; drawn behind the run."
    )
    pins = param.List([], item_type=Pin, doc="Moments that are marked on the curves.")

    @property
    def steps_per_second(self) -> float | None:
        """The chosen speed; None: as fast as possible."""
        return SPEEDS[self.speed]

    @property
    def is_watched(self) -> bool:
        """Whether training is so slow that each step is shown by itself."""
        speed = self.steps_per_second
        return speed is not None and speed <= WATCHED_SPEED

    def keep_curve(self, history: History) -> None:
        """Keep the curve of a run that ends, in place of the one before, unless it is empty."""
        if len(history) or history.divergences:
            self.earlier = [history]
