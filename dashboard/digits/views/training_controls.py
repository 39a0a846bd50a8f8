"""Controls of training: Train, Step and Reset, what Train starts from, and the progress."""

from __future__ import annotations

import panel as pn
import param

from dashboard.digits.controller import DigitsController
from dashboard.digits.state import DigitsState, Origin
from dashboard.digits.views.status import progress_html
from dashboard.languages.text import gettext, gettext_noop
from dashboard.shell.layout import bar, run_row
from dashboard.shell.theme import Theme

TRAINING_STARTS = {gettext_noop("From scratch"): False, gettext_noop("Fine-tune"): True}
"""What Train does with a pretrained model."""


class TrainingControls:
    """The training part of the bar at the top of the pane.

    Attributes
    ----------
    view, start
        Buttons and progress; and what Train starts from.
    """

    def __init__(self, controller: DigitsController, theme: Theme) -> None:
        self._state: DigitsState = controller.state
        self._progress = theme.text("", css_classes=["ink-progress"])
        self._progress.sizing_mode = None
        # With a model of one's own Train continues, so there is nothing to choose.
        self.start = pn.widgets.RadioButtonGroup.from_param(
            self._state.param.fine_tune,
            label="",
            options={gettext(title): value for title, value in TRAINING_STARTS.items()},
            disabled=param.bind(_is_own, self._state.param.origin),
            css_classes=["ink-training-start"],
            stylesheets=[theme.widgets],
            margin=0,
        )
        buttons = run_row(self._state, theme, "ink", controller.step, controller.reset)
        self.view: pn.Row = bar(theme, buttons, self._progress)

    def draw_progress(self) -> None:
        """Redraw the progress of the epoch."""
        snapshot, validation = self._state.snapshot, self._state.history.validation
        accuracy = validation[-1].accuracy if validation else None
        self._progress.object = progress_html(snapshot.epoch, snapshot.progress, accuracy)


def _is_own(origin: Origin) -> bool:
    return origin != Origin.PRETRAINED
