"""Says in plain text how well a network does: accuracy, its interval, recall, confusion.

Everything is returned as lines, so that it can be tested and goes to any stream.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from dashboard.evaluation.rejection import KEPT, Rejection
from dashboard.evaluation.report import Examination
from dashboard.evaluation.robustness import UNITS, RobustnessPoint
from nn import ClassificationMetrics
from nn.calibration import ReliabilityDiagram

WORST = 10
"""So many mistakes are listed."""


def accuracy_sentence(evaluation: ClassificationMetrics) -> str:
    """Say how many samples were right, in percent and with the 95 % interval."""
    low, high = evaluation.accuracy_interval()
    return (
        f"accuracy {100 * evaluation.accuracy:.2f} % "
        f"({evaluation.correct:,} of {evaluation.count:,}; "
        f"95 % interval {100 * low:.2f} to {100 * high:.2f} %), loss {evaluation.loss:.4f}"
    )


def confusion_lines(evaluation: ClassificationMetrics, class_names: Sequence[str]) -> list[str]:
    """Draw the confusion matrix as a table: true class by row, predicted by column, and recall."""
    confusion = evaluation.confusion_matrix
    width = max(5, len(str(int(confusion.max()))) + 1)
    margin = max(len(name) for name in class_names) + 2
    columns = range(len(confusion))
    header = "".join(f"{column:>{width}}" for column in columns)
    lines = [f"{'true':<{margin}}{header}   recall   (columns: predicted class)"]
    for name, row, recall in zip(class_names, confusion, evaluation.recall(), strict=True):
        cells = "".join(f"{count or '·':>{width}}" for count in row.tolist())
        share = "–" if math.isnan(recall) else f"{100 * recall:.1f} %"
        lines.append(f"{name:<{margin}}{cells}   {share:>7}")
    return lines


def as_json(evaluation: ClassificationMetrics) -> dict[str, Any]:
    """Return the evaluation as numbers that JSON can hold; null for the recall of no samples."""
    return {
        "count": evaluation.count,
        "correct": evaluation.correct,
        "accuracy": evaluation.accuracy,
        "interval": list(evaluation.accuracy_interval()),
        "loss": evaluation.loss if math.isfinite(evaluation.loss) else None,
        "recall": [None if math.isnan(share) else share for share in evaluation.recall().tolist()],
        "confusion": evaluation.confusion_matrix.tolist(),
    }


def mistake_lines(examination: Examination, class_names: Sequence[str]) -> list[str]:
    """List the mistakes that the net was surest of."""
    mistakes = examination.mistakes
    if not mistakes:
        return ["no mistakes"]
    lines = [f"{len(mistakes):,} mistakes; those it was surest of:"]
    for mistake in mistakes[:WORST]:
        lines.append(
            f"  sample {mistake.index}: a {class_names[mistake.label]} taken for "
            f"{class_names[mistake.predicted]} ({100 * mistake.probability:.1f} %)"
        )
    return lines


def calibration_lines(reliability: ReliabilityDiagram) -> list[str]:
    """Say how far probabilities are from what they promise, bin by bin."""
    bins = len(reliability.counts)
    lines = [
        f"expected calibration error {reliability.expected_calibration_error:.4f} ({bins} bins)"
    ]
    rows = zip(reliability.counts, reliability.confidences, reliability.accuracies, strict=True)
    for index, (count, confidence, accuracy) in enumerate(rows):
        if count:
            lines.append(
                f"  {100 * index / bins:3.0f} to {100 * (index + 1) / bins:3.0f} %: "
                f"says {100 * confidence:5.1f} %, is right {100 * accuracy:5.1f} % of {count:,}"
            )
    return lines


def rejection_lines(rejections: Sequence[Rejection]) -> list[str]:
    """Say what share of non-digits is refused."""
    if not rejections:
        return []
    lines = ["", f"refused when {100 * KEPT:.0f} % of the samples are kept:"]
    return lines + [
        f"  {100 * one.refused:5.1f} % of {one.count:,} {one.title} "
        f"(confidence below {one.threshold:.3f})"
        for one in rejections
    ]


def robustness_lines(points: Sequence[RobustnessPoint]) -> list[str]:
    """List accuracy by amount of change: of the net alone, and behind the frame."""
    if not points:
        return []
    lines = ["", "accuracy on changed digits       the net alone    behind the frame"]
    for point in points:
        change = f"{point.kind} {point.amount:g} {UNITS[point.kind]}"
        lines.append(f"  {change:<32}{100 * point.alone:8.1f} %{100 * point.framed:16.1f} %")
    return lines


def examination_json(
    examination: Examination,
    rejections: Sequence[Rejection],
    points: Sequence[RobustnessPoint],
) -> dict[str, Any]:
    """Return calibration, the worst mistakes, rejection and robustness for JSON."""
    reliability = examination.reliability
    return {
        "calibration": {
            "error": reliability.expected_calibration_error,
            "counts": reliability.counts.tolist(),
            "confidences": reliability.confidences.tolist(),
            "accuracies": reliability.accuracies.tolist(),
        },
        "mistakes": [asdict(mistake) for mistake in examination.mistakes[:WORST]],
        "rejection": [asdict(rejection) for rejection in rejections],
        "robustness": [asdict(point) for point in points],
    }
