"""The evaluation pane: its views, and which of them show which part of the state."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import panel as pn

from dashboard.evaluation.controller import EvaluationController
from dashboard.evaluation.views.confusion_matrix import ConfusionMatrix
from dashboard.evaluation.views.curves import ReliabilityChart, RobustnessChart
from dashboard.evaluation.views.predictions import PredictionsView
from dashboard.evaluation.views.text import (
    accuracy_html,
    calibration_html,
    confusion_html,
    predictions_heading_html,
    predictions_html,
    recall_html,
    rejection_html,
    rest_html,
    subject_html,
)
from dashboard.languages.numbers import format_percent
from dashboard.languages.text import gettext
from dashboard.shell.fields import described
from dashboard.shell.layout import bar, stack
from dashboard.shell.notices import notice_html
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.redraw_scheduler import RedrawScheduler
from dashboard.shell.theme import Theme, button

FOLLOWED = {
    "running": ("progress",),
    "progress": ("progress",),
    "notice": ("progress",),
    "subject": ("progress", "subject", "rest"),
    "rest_subject": ("rest",),
    "is_stale": ("subject",),
    "is_following": ("subject",),
    "report": ("report", "mistakes"),
    "cell": ("mistakes",),
    "rejections": ("rejection",),
    "robustness": ("robustness",),
}
"""Parts to redraw when a parameter of the state changes."""


class EvaluationPane:
    """All views of one evaluation.

    Parameters
    ----------
    controller
        Its state is shown; it takes the commands.
    page
        How the page is changed.

    Attributes
    ----------
    parts
        The views by the name of their place in the page.
    """

    def __init__(self, controller: EvaluationController, page: PageWriter) -> None:
        self._controller = controller
        self._state = controller.state
        theme = Theme()
        self._accuracy = theme.text("", css_classes=["ink-evaluation-accuracy"])
        self._subject = theme.text("", css_classes=["ink-evaluation-subject"])
        self._confusion_text = theme.text("", css_classes=["ink-confusion-told"])
        self._recall = theme.text("", css_classes=["ink-recall"])
        self._rejection = theme.text("", css_classes=["ink-rejection"])
        self._rest = [theme.text("", css_classes=["ink-evaluation-rest"]) for _ in range(2)]
        self._calibration = theme.text("", css_classes=["ink-calibration"])
        self._heading = theme.text("", css_classes=["ink-mistakes-heading"])
        self._mistakes_text = theme.text("", css_classes=["ink-mistakes-told"])
        self._status = theme.text("", css_classes=["ink-evaluation-status"])
        self._notice = theme.text("", css_classes=["ink-evaluation-notice"])
        self._progress = theme.text("", css_classes=["ink-evaluation-progress"])
        self._progress.sizing_mode = None
        self._confusion = ConfusionMatrix(controller.select_cell)
        self._predictions = PredictionsView(controller.show_on_pad)
        self._reliability = ReliabilityChart(theme)
        self._robustness = RobustnessChart(theme)
        self.parts: Mapping[str, pn.viewable.Viewable] = self._arrange(theme)
        self._redraws = RedrawScheduler(
            page,
            {
                "progress": self._draw_progress,
                "subject": self._draw_subject,
                "report": self._draw_report,
                "mistakes": self._draw_mistakes,
                "rest": self._draw_rest,
                "rejection": self._draw_rejection,
                "robustness": self._draw_robustness,
            },
        )
        self._redraws.draw_all()
        self._redraws.follow(self._state, FOLLOWED, at_once=lambda: True)

    def show(self, is_open: bool) -> None:
        """Tell whether the pane can be seen; nothing is drawn while it cannot.

        When it is opened without results, it evaluates the current model.
        """
        self._redraws.set_visible(is_open)
        self._controller.set_seen(is_open)
        if is_open and self._state.report is None:
            self._controller.start()

    def open_settings(self) -> None:
        """Do nothing: all settings are made with the pane."""

    def _arrange(self, theme: Theme) -> dict[str, pn.viewable.Viewable]:
        part = pn.widgets.Select.from_param(
            self._state.param.part,
            **described(self._state.param.part),
            options={gettext(part): part for part in self._state.param.part.objects},
            stylesheets=[theme.widgets],
            css_classes=["ink-evaluation-part"],
            width=150,
            margin=0,
        )
        self._button = button(gettext("Evaluate"), theme, "ink-evaluate", self._start_or_cancel)
        every = button(
            gettext("All mistakes"), theme, "ink-all-mistakes", self._controller.show_all_mistakes
        )
        return {
            "run": bar(theme, part, self._button, self._progress),
            "inside": stack(
                theme,
                *(
                    stack(theme, theme.text(f"<h2>{title}</h2>"), text)
                    for title, text in (
                        (gettext("Accuracy"), stack(theme, self._subject, self._accuracy)),
                        (gettext("Recall"), self._recall),
                        (gettext("Rejection"), stack(theme, self._rest[0], self._rejection)),
                    )
                ),
            ),
            "draw": stack(
                theme,
                _heading(theme, gettext("Confusion matrix")),
                self._confusion_text,
                pn.pane.Bokeh(self._confusion.figure, sizing_mode="stretch_width", margin=0),
                pn.Row(
                    self._heading,
                    every,
                    sizing_mode="stretch_width",
                    margin=0,
                    stylesheets=[theme.gap, ":host { align-items: center; }"],
                ),
                self._mistakes_text,
                pn.pane.Bokeh(self._predictions.figure, sizing_mode="stretch_width", margin=0),
            ),
            "watch": pn.Column(
                _heading(theme, gettext("Reliability diagram")),
                self._calibration,
                self._reliability.view,
                _heading(theme, gettext("Robustness")),
                self._rest[1],
                self._robustness.view,
                sizing_mode="stretch_both",
                margin=0,
                stylesheets=[theme.gap],
            ),
            "notice": self._notice,
            "status": self._status,
        }

    def _start_or_cancel(self) -> None:
        if self._state.running:
            self._controller.cancel()
        else:
            self._controller.start()

    def _draw_progress(self) -> None:
        state = self._state
        self._button.label = gettext("Cancel") if state.running else gettext("Evaluate")
        per_cent = round(100 * state.progress)
        name, text = gettext("Progress of the evaluation"), format_percent(per_cent / 100, 0)
        self._progress.object = (
            f'<div class="progress" translate="no"><progress max="100" value="{per_cent}" '
            f'aria-label="{name}"></progress><span>{text}</span></div>'
        )
        self._notice.object = notice_html(state.notice)
        self._status.object = f'<div class="status">{escape(state.subject)}</div>'

    def _draw_subject(self) -> None:
        state = self._state
        is_stale = state.is_stale and not state.is_following
        self._subject.object = subject_html(state.subject, is_stale=is_stale)

    def _draw_rest(self) -> None:
        state = self._state
        is_earlier = state.rest_subject != state.subject
        for text in self._rest:
            text.object = rest_html(state.rest_subject if is_earlier else "")

    def _draw_report(self) -> None:
        report, names = self._state.report, self._state.class_names
        self._accuracy.object = accuracy_html(report)
        self._recall.object = recall_html(report, names)
        reliability = report.reliability if report else None
        self._calibration.object = calibration_html(reliability)
        self._reliability.draw(reliability)
        counts = report.metrics.confusion_matrix if report else None
        self._confusion_text.object = confusion_html(counts, names)
        if counts is not None:
            self._confusion.draw(counts, names)

    def _draw_mistakes(self) -> None:
        state, names, shown = self._state, self._state.class_names, self._state.shown_predictions()
        labels = self._predictions.draw(state.samples, shown, names)
        cell = None if state.cell is None else (names[state.cell[0]], names[state.cell[1]])
        self._heading.object = predictions_heading_html(cell)
        self._mistakes_text.object = predictions_html(len(shown), cell, labels)

    def _draw_rejection(self) -> None:
        self._rejection.object = rejection_html(self._state.rejections)

    def _draw_robustness(self) -> None:
        self._robustness.draw(self._state.robustness)


def _heading(theme: Theme, title: str) -> pn.viewable.Viewable:
    return theme.text(f"<h2>{title}</h2>")
