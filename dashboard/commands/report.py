"""Says in plain text how well a network does: accuracy, its interval, recall, confusion.

Everything is returned as lines, so that it can be tested and goes to any stream.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from nn import Evaluation


def accuracy_sentence(evaluation: Evaluation) -> str:
    """Say how many samples were right, in percent and with the 95 % interval."""
    low, high = evaluation.interval()
    return (
        f"accuracy {100 * evaluation.accuracy:.2f} % "
        f"({evaluation.correct:,} of {evaluation.count:,}; "
        f"95 % interval {100 * low:.2f} to {100 * high:.2f} %), loss {evaluation.loss:.4f}"
    )


def confusion_lines(evaluation: Evaluation, class_names: Sequence[str]) -> list[str]:
    """Draw the confusion matrix as a table: true class by row, predicted by column, and recall."""
    confusion = evaluation.confusion
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


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Return the evaluation as numbers that JSON can hold; null for the recall of no samples."""
    return {
        "count": evaluation.count,
        "correct": evaluation.correct,
        "accuracy": evaluation.accuracy,
        "interval": list(evaluation.interval()),
        "loss": evaluation.loss if math.isfinite(evaluation.loss) else None,
        "recall": [None if math.isnan(share) else share for share in evaluation.recall().tolist()],
        "confusion": evaluation.confusion.tolist(),
    }
