"""The evaluation pane: how good the net at hand is, where it errs, and what it can bear."""

from dashboard.evaluation.views.pane import EvaluationPane

__all__ = ["EvaluationPane"]
