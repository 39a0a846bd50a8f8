"""Controls of training: Train, Step and Reset, the progress of the epoch, and fine-tuning."""

from __future__ import annotations

import panel as pn
import param

from dashboard.digits.controller import DigitsController
from dashboard.digits.state import DigitsState, Origin
from dashboard.digits.views.status import progress_html
from dashboard.shell.fields import Checkbox
from dashboard.shell.layout import bar, run_row
from dashboard.shell.theme import Theme


class TrainingControls:
    """The training part of the bar at the top of the pane."""

    def __init__(self, controller: DigitsController, theme: Theme) -> None:
        self._state: DigitsState = controller.state
        self._progress = theme.text("", css_classes=["ink-progress"])
        self._progress.sizing_mode = None
        fine_tune = Checkbox(
            self._state, "fine_tune", theme.widgets, css_class="ink-field-keep-ready"
        ).view
        fine_tune.visible = param.bind(_is_pretrained, self._state.param.origin)
        buttons = run_row(self._state, theme, "ink", controller.step, controller.reset)
        self.view: pn.Row = bar(theme, buttons, self._progress, fine_tune)

    def draw_progress(self) -> None:
        """Redraw the progress of the epoch."""
        snapshot, validation = self._state.snapshot, self._state.history.validation
        accuracy = validation[-1].accuracy if validation else None
        self._progress.object = progress_html(snapshot.epoch, snapshot.progress, accuracy)


def _is_pretrained(origin: Origin) -> bool:
    return origin == Origin.PRETRAINED
