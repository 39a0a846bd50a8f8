"""State of the evaluation pane as parameters that its views watch; it contains no widgets."""

from __future__ import annotations

import param

from dashboard.evaluation.report import EvaluationReport, Prediction
from dashboard.languages.text import gettext_noop
from dashboard.shell.notices import Notice
from data_cache import DIGIT_NAMES, Samples

STALE = gettext_noop(
    "The model has changed since this evaluation; evaluate again to see the current one."
)
INVITATION = gettext_noop(
    "Evaluate measures the current model on samples that it is not trained on."
)


class EvaluationState(param.Parameterized):
    """Settings, progress and results of one evaluation."""

    part = param.Selector(
        default="validation",
        objects=["validation", "test"],
        label=gettext_noop("Split"),
        doc=gettext_noop("Part of the data set that is evaluated."),
    )
    running = param.Boolean(False, doc="Whether an evaluation is running.")
    progress = param.Number(0.0, bounds=(0, 1), doc="Share that is done.")
    subject = param.String("", doc="Which model was evaluated on what; empty before the first.")
    is_stale = param.Boolean(False, doc="Whether the current model is not the evaluated one.")
    is_following = param.Boolean(
        False, doc="Whether the model is evaluated again and again, because it changes."
    )
    rest_subject = param.String(
        "", doc="Which model the rejection and the robustness were measured of, on what."
    )
    class_names = param.Tuple(DIGIT_NAMES, doc="Of the evaluated samples.")
    samples = param.ClassSelector(class_=Samples, doc="The evaluated samples.")
    report = param.ClassSelector(class_=EvaluationReport, doc="The report on the samples.")
    rejections = param.List([], doc="A `Rejection` for every kind of non-digits.")
    robustness = param.List([], doc="`RobustnessPoint`s, in the order of measurement.")
    cell = param.NumericTuple(
        None,
        length=2,
        allow_None=True,
        doc="True and predicted class of the samples that are shown; None: all mistakes.",
    )
    notice = param.ClassSelector(class_=Notice, default=Notice(INVITATION))

    @param.depends("report", "cell")
    def shown_predictions(self) -> tuple[Prediction, ...]:
        """Return the samples in the selected cell, or all mistakes."""
        if self.report is None:
            return ()
        if self.cell is None:
            return self.report.mistakes
        return self.report.predictions_in(*self.cell)
