"""What the evaluation pane shows, as parameters that its views watch; there is no widget here."""

from __future__ import annotations

import param

from dashboard.evaluation.report import Examination
from dashboard.shell.notices import Notice
from data_cache import DIGIT_NAMES, Samples

INVITATION = "Evaluate scores the net at hand on digits that it does not learn from."


class EvaluationState(param.Parameterized):
    """One evaluation: what is asked for, how far it is, and what came of it."""

    part = param.Selector(default="validation", objects=["validation", "test"], label="Digits of")
    running = param.Boolean(False, doc="Whether an evaluation is under way.")
    progress = param.Number(0.0, bounds=(0, 1), doc="The share that is done.")
    subject = param.String("", doc="Which net was evaluated, on what; empty before the first.")
    class_names = param.Tuple(DIGIT_NAMES, doc="Of the samples that were evaluated.")
    samples = param.ClassSelector(class_=Samples, doc="What was evaluated.")
    examination = param.ClassSelector(class_=Examination, doc="What came of it.")
    rejections = param.List([], doc="Rejections, one for each kind of non-digits.")
    points = param.List([], doc="Robustness points, as they come in.")
    notice = param.ClassSelector(class_=Notice, default=Notice(INVITATION))
