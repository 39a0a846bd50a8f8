"""Evaluation reports as lines of text and as JSON, for `inkling evaluate` and `inkling train`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from dashboard.evaluation.rejection import TRUE_POSITIVE_RATE, Rejection
from dashboard.evaluation.report import EvaluationReport
from dashboard.evaluation.robustness import UNITS, RobustnessPoint
from nn import ClassificationMetrics
from nn.calibration import ReliabilityDiagram

LISTED_MISTAKES = 10


def accuracy_sentence(metrics: ClassificationMetrics) -> str:
    """Return accuracy in per cent with its 95 % interval, and loss."""
    low, high = metrics.accuracy_interval()
    return (
        f"accuracy {100 * metrics.accuracy:.2f} % "
        f"({metrics.correct:,} of {metrics.count:,}; "
        f"95 % interval {100 * low:.2f} to {100 * high:.2f} %), loss {metrics.loss:.4f}"
    )


def confusion_lines(metrics: ClassificationMetrics, class_names: Sequence[str]) -> list[str]:
    """Return the confusion matrix as a table: true classes by row, predicted ones by column."""
    confusion = metrics.confusion_matrix
    width = max(5, len(str(int(confusion.max()))) + 1)
    margin = max(len(name) for name in class_names) + 2
    columns = range(len(confusion))
    header = "".join(f"{column:>{width}}" for column in columns)
    lines = [f"{'true':<{margin}}{header}   recall   (columns: predicted class)"]
    for name, row, recall in zip(class_names, confusion, metrics.recall(), strict=True):
        cells = "".join(f"{count or '·':>{width}}" for count in row.tolist())
        share = "–" if math.isnan(recall) else f"{100 * recall:.1f} %"
        lines.append(f"{name:<{margin}}{cells}   {share:>7}")
    return lines


def mistake_lines(report: EvaluationReport, class_names: Sequence[str]) -> list[str]:
    """Return the most confident mistakes."""
    if not report.mistakes:
        return ["no mistakes"]
    lines = [f"{len(report.mistakes):,} mistakes; the most confident:"]
    return lines + [
        f"  sample {one.index}: true {class_names[one.label]}, predicted "
        f"{class_names[one.predicted]} ({100 * one.probability:.1f} %)"
        for one in report.mistakes[:LISTED_MISTAKES]
    ]


def calibration_lines(reliability: ReliabilityDiagram) -> list[str]:
    """Return the expected calibration error, and the bins of the reliability diagram."""
    bins = len(reliability.counts)
    lines = [
        f"expected calibration error {reliability.expected_calibration_error:.4f} ({bins} bins)"
    ]
    rows = zip(reliability.counts, reliability.confidences, reliability.accuracies, strict=True)
    for index, (count, confidence, accuracy) in enumerate(rows):
        if count:
            lines.append(
                f"  {100 * index / bins:3.0f} to {100 * (index + 1) / bins:3.0f} %: "
                f"confidence {100 * confidence:5.1f} %, accuracy {100 * accuracy:5.1f} % "
                f"({count:,} samples)"
            )
    return lines


def rejection_lines(rejections: Sequence[Rejection]) -> list[str]:
    """Return the shares of non-digits that are rejected."""
    if not rejections:
        return []
    lines = ["", f"rejected at {100 * TRUE_POSITIVE_RATE:.0f} % true-positive rate:"]
    return lines + [
        f"  {100 * one.rejected:5.1f} % of {one.count:,} {one.title} "
        f"(confidence below {one.threshold:.3f})"
        for one in rejections
    ]


def robustness_lines(points: Sequence[RobustnessPoint]) -> list[str]:
    """Return the accuracies on transformed digits, as they are, and centered and scaled."""
    if not points:
        return []
    lines = ["", "accuracy on transformed digits         as is    centered and scaled"]
    for point in points:
        amount, unit = point.amount, UNITS[point.kind]
        if amount == 1 and unit.startswith("pixels"):
            unit = unit.replace("pixels", "pixel", 1)
        # A sign, since thickness is added to the strokes or taken from them.
        sign = "+" if point.kind == "thickness" and amount > 0 else ""
        change = f"{point.kind} {sign}{amount:g} {unit}"
        lines.append(f"  {change:<32}{100 * point.unframed:8.1f} %{100 * point.framed:19.1f} %")
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
