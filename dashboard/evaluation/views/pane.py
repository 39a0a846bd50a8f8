"""The evaluation pane put together: its parts are redrawn when what they show has changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

import panel as pn

from dashboard.evaluation.controller import EvaluationController
from dashboard.evaluation.views.confusion_matrix import ConfusionMatrix
from dashboard.evaluation.views.curves import ReliabilityChart, RobustnessChart
from dashboard.evaluation.views.mistakes import MistakesView
from dashboard.evaluation.views.text import (
    accuracy_html,
    calibration_html,
    mistakes_html,
    recall_html,
    rejection_html,
)
from dashboard.shell.layout import card, stack
from dashboard.shell.notices import notice_html
from dashboard.shell.theme import Theme, button


class EvaluationPane:
    """All views of one evaluation.

    Parameters
    ----------
    examiner
        What is shown and commanded.
    with_page
        Runs a function that changes the page, in whatever way the form at hand demands.
    """

    def __init__(
        self, examiner: EvaluationController, with_page: Callable[[Callable[[], None]], None]
    ) -> None:
        self._examiner = examiner
        self._state = examiner.state
        self._with_page = with_page
        self._cell: tuple[int, int] | None = None
        theme = Theme()
        self._accuracy = theme.text("", css_classes=["ink-evaluation-accuracy"])
        self._recall = theme.text("", css_classes=["ink-recall"])
        self._rejection = theme.text("", css_classes=["ink-rejection"])
        self._calibration = theme.text("", css_classes=["ink-calibration"])
        self._told = theme.text("", css_classes=["ink-mistakes-told"])
        self._status = theme.text("", css_classes=["ink-evaluation-status"])
        self._notice = theme.text("", css_classes=["ink-evaluation-notice"])
        self._progress = theme.text("", css_classes=["ink-evaluation-progress"])
        self._confusion = ConfusionMatrix(self._choose)
        self._mistakes = MistakesView(examiner.put_on_pad)
        self._reliability = ReliabilityChart(theme)
        self._robustness = RobustnessChart(theme)
        self.parts: Mapping[str, pn.viewable.Viewable] = self._make_parts(theme)
        watch = self._state.param.watch
        watch(self._soon(self._draw_progress), ["running", "progress", "notice", "subject"])
        watch(self._soon(self._draw_examination), ["examination"])
        watch(self._soon(self._draw_hardships), ["rejections", "points"])
        self._draw_progress()
        self._draw_examination()
        self._draw_hardships()

    def show(self, is_open: bool) -> None:
        """Nothing goes on here but what somebody asked for, seen or not."""

    def _make_parts(self, theme: Theme) -> dict[str, pn.viewable.Viewable]:
        part = pn.widgets.Select.from_param(
            self._state.param.part,
            stylesheets=[theme.widgets],
            css_classes=["ink-evaluation-part"],
            sizing_mode="stretch_width",
            margin=0,
        )
        self._go = button("Evaluate", theme, "ink-evaluate", self._press)
        row = pn.Row(
            part, self._go, stylesheets=[theme.gap, theme.bottom], sizing_mode="stretch_width",
            margin=0,
        )  # fmt: skip
        return {
            "run": stack(theme, card(theme, "", row, self._progress)),
            "controls": stack(
                theme,
                card(theme, "Accuracy", self._accuracy),
                card(theme, "Recall", self._recall),
                card(theme, "No digits", self._rejection),
            ),
            "draw": stack(
                theme,
                theme.text("<h2>What it takes for what</h2>"),
                pn.pane.Bokeh(self._confusion.figure, sizing_mode="stretch_width", margin=0),
                theme.text("<h2>Worst mistakes</h2>"),
                pn.pane.Bokeh(self._mistakes.figure, sizing_mode="stretch_width", margin=0),
                self._told,
            ),
            "watch": pn.Column(
                theme.text("<h2>Calibration</h2>"),
                self._calibration,
                self._reliability.view,
                theme.text("<h2>Robustness</h2>"),
                self._robustness.view,
                sizing_mode="stretch_both",
                margin=0,
                stylesheets=[theme.gap],
            ),
            "notice": self._notice,
            "status": self._status,
        }

    def _press(self) -> None:
        if self._state.running:
            self._examiner.cancel()
        else:
            self._cell = None
            self._examiner.start()

    def _choose(self, label: int, predicted: int) -> None:
        """Show the mistakes of a cell; the diagonal has none and brings all back."""
        classes = range(len(self._state.class_names))
        is_cell = label != predicted and label in classes and predicted in classes
        self._cell = (label, predicted) if is_cell else None
        self._with_page(self._draw_mistakes)

    def _soon(self, draw: Callable[[], None]) -> Callable[..., None]:
        return lambda *_events: self._with_page(draw)

    def _draw_progress(self) -> None:
        state = self._state
        self._go.label = "Cancel" if state.running else "Evaluate"
        per_cent = round(100 * state.progress)
        self._progress.object = (
            f'<div class="progress"><progress max="100" value="{per_cent}" '
            f'aria-label="Progress of the evaluation"></progress><span>{per_cent} %</span></div>'
        )
        self._notice.object = notice_html(state.notice)
        self._status.object = f'<div class="status">{escape(state.subject)}</div>'

    def _draw_examination(self) -> None:
        examination, names = self._state.examination, self._state.class_names
        self._accuracy.object = accuracy_html(examination)
        self._recall.object = recall_html(examination, names)
        reliability = examination.reliability if examination else None
        self._calibration.object = calibration_html(reliability)
        self._reliability.draw(reliability)
        if examination is not None:
            self._confusion.draw(examination.evaluation.confusion_matrix, names)
        self._draw_mistakes()

    def _draw_mistakes(self) -> None:
        state, cell = self._state, self._cell
        examination, names = state.examination, state.class_names
        mistakes = () if examination is None else examination.mistakes
        if examination is not None and cell is not None:
            mistakes = examination.mistakes_in(*cell)
        labels = self._mistakes.draw(state.samples, mistakes, names)
        named = None if cell is None else (names[cell[0]], names[cell[1]])
        self._told.object = mistakes_html(len(mistakes), named, labels)

    def _draw_hardships(self) -> None:
        self._rejection.object = rejection_html(self._state.rejections)
        self._robustness.draw(self._state.points)
