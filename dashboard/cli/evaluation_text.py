"""Evaluation reports as lines of text and as JSON, for `inkling evaluate` and `inkling train`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from dashboard.evaluation.rejection import TRUE_POSITIVE_RATE, Rejection
from dashboard.evaluation.report import EvaluationReport
from dashboard.evaluation.robustness import UNITS, RobustnessPoint
from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, gettext_noop
from nn import ClassificationMetrics
from nn.calibration import ReliabilityDiagram

LISTED_MISTAKES = 10

_SINGULAR = {
    "pixels": gettext_noop("pixel"),
    "pixels of stroke width": gettext_noop("pixel of stroke width"),
}
"""Units of robustness, by their plural."""


def accuracy_sentence(metrics: ClassificationMetrics) -> str:
    """Return accuracy in per cent with its 95 % interval, and loss."""
    low, high = metrics.accuracy_interval()
    return gettext(
        "accuracy {accuracy:.2f} % ({correct:,} of {count:,}; 95 % interval {low:.2f} "
        "to {high:.2f} %), loss {loss:.4f}",
        accuracy=100 * metrics.accuracy,
        correct=metrics.correct,
        count=metrics.count,
        low=100 * low,
        high=100 * high,
        loss=metrics.loss,
    )


def confusion_lines(metrics: ClassificationMetrics, class_names: Sequence[str]) -> list[str]:
    """Return the confusion matrix as a table: true classes by row, predicted ones by column."""
    confusion = metrics.confusion_matrix
    width = max(5, len(str(int(confusion.max()))) + 1)
    margin = max(len(name) for name in class_names) + 2
    columns = range(len(confusion))
    header = "".join(f"{column:>{width}}" for column in columns)
    head = gettext("true")
    margin = max(margin, len(head) + 1)
    recall_head, note = gettext("recall"), gettext("(columns: predicted class)")
    lines = [f"{head:<{margin}}{header}   {recall_head:<6}   {note}"]
    for name, row, recall in zip(class_names, confusion, metrics.recall(), strict=True):
        cells = "".join(f"{count or '·':>{width}}" for count in row.tolist())
        share = "–" if math.isnan(recall) else format_percent(recall)
        lines.append(f"{name:<{margin}}{cells}   {share:>7}")
    return lines


def mistake_lines(report: EvaluationReport, class_names: Sequence[str]) -> list[str]:
    """Return the most confident mistakes."""
    if not report.mistakes:
        return [gettext("no mistakes")]
    lines = [gettext("{count:,} mistakes; the most confident:", count=len(report.mistakes))]
    return lines + [
        gettext(
            "  sample {index}: true {label}, predicted {predicted} ({probability:.1f} %)",
            index=one.index,
            label=class_names[one.label],
            predicted=class_names[one.predicted],
            probability=100 * one.probability,
        )
        for one in report.mistakes[:LISTED_MISTAKES]
    ]


def calibration_lines(reliability: ReliabilityDiagram) -> list[str]:
    """Return the expected calibration error, and the bins of the reliability diagram."""
    bins = len(reliability.counts)
    lines = [
        gettext(
            "expected calibration error {error:.4f} ({bins} bins)",
            error=reliability.expected_calibration_error,
            bins=bins,
        )
    ]
    rows = zip(reliability.counts, reliability.confidences, reliability.accuracies, strict=True)
    for index, (count, confidence, accuracy) in enumerate(rows):
        if count:
            lines.append(
                gettext(
                    "  {low:3.0f} to {high:3.0f} %: confidence {confidence:5.1f} %, "
                    "accuracy {accuracy:5.1f} % ({count:,} samples)",
                    low=100 * index / bins,
                    high=100 * (index + 1) / bins,
                    confidence=100 * confidence,
                    accuracy=100 * accuracy,
                    count=count,
                )
            )
    return lines


def rejection_lines(rejections: Sequence[Rejection]) -> list[str]:
    """Return the shares of non-digits that are rejected."""
    if not rejections:
        return []
    lines = [
        "",
        gettext(
            "rejected at {rate:.0f} % true-positive rate:",
            rate=100 * TRUE_POSITIVE_RATE,
        ),
    ]
    return lines + [
        gettext(
            "  {rejected:5.1f} % of {count:,} {title} (confidence below {threshold:.3f})",
            rejected=100 * one.rejected,
            count=one.count,
            title=one.title,
            threshold=one.threshold,
        )
        for one in rejections
    ]


def robustness_lines(points: Sequence[RobustnessPoint]) -> list[str]:
    """Return the accuracies on transformed digits, as they are, and centered and scaled."""
    if not points:
        return []
    heads = (gettext("accuracy on transformed digits"), gettext("as is"))
    lines = ["", "{:<34}{:>10}    {}".format(*heads, gettext("centered and scaled"))]
    for point in points:
        amount, unit = point.amount, gettext(UNITS[point.kind])
        if amount == 1:
            unit = gettext(_SINGULAR.get(UNITS[point.kind], UNITS[point.kind]))
        # A sign, since thickness is added to the strokes or taken from them.
        sign = "+" if point.kind == "thickness" and amount > 0 else ""
        change = f"{gettext(point.kind)} {sign}{format_number(amount, 'g')} {unit}"
        alone, framed = format_percent(point.unframed), format_percent(point.framed)
        lines.append(f"  {change:<32}{alone:>10}{framed:>21}")
    return lines


def report_json(
    report: EvaluationReport,
    rejections: Sequence[Rejection],
    points: Sequence[RobustnessPoint],
) -> dict[str, Any]:
    """Return the report as JSON values, under the keys that scripts rely on.

    The recall of a class without samples is null.
    """
    metrics, reliability = report.metrics, report.reliability
    return {
        "count": metrics.count,
        "correct": metrics.correct,
        "accuracy": metrics.accuracy,
        "interval": list(metrics.accuracy_interval()),
        "loss": metrics.loss if math.isfinite(metrics.loss) else None,
        "recall": [None if math.isnan(share) else share for share in metrics.recall().tolist()],
        "confusion": metrics.confusion_matrix.tolist(),
        "calibration": {
            "error": reliability.expected_calibration_error,
            "counts": reliability.counts.tolist(),
            "confidences": reliability.confidences.tolist(),
            "accuracies": reliability.accuracies.tolist(),
        },
        "mistakes": [asdict(mistake) for mistake in report.mistakes[:LISTED_MISTAKES]],
        "rejection": [
            {"title": one.title, "count": one.count, "threshold": one.threshold,
             "refused": one.rejected} for one in rejections
        ],
        "robustness": [
            {"kind": point.kind, "amount": point.amount, "alone": point.unframed,
             "framed": point.framed} for point in points
        ],
    }  # fmt: skip
