"""Texts and tables of the evaluation pane, with their values as `data-*` attributes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from dashboard.evaluation.rejection import TRUE_POSITIVE_RATE, Rejection
from dashboard.evaluation.report import EvaluationReport
from dashboard.evaluation.state import STALE
from nn.calibration import ReliabilityDiagram


def subject_html(subject: str, *, is_stale: bool) -> str:
    """Return which model was evaluated on what, and whether it is not the current one any more."""
    if not subject:
        return ""
    warning = f'<p class="notice warning" role="status">{STALE}</p>' if is_stale else ""
    stale = "yes" if is_stale else "no"
    return f'<p class="quiet" data-stale="{stale}">{escape(subject)}.</p>{warning}'


def accuracy_html(report: EvaluationReport | None) -> str:
    """Return accuracy with its confidence interval, and loss."""
    if report is None:
        return '<p class="quiet">Not evaluated yet.</p>'
    metrics = report.metrics
    low, high = metrics.accuracy_interval()
    return (
        f'<p data-accuracy="{metrics.accuracy:.6g}" data-count="{metrics.count}">'
        f'<b class="figure">{100 * metrics.accuracy:.2f} %</b> '
        f"{metrics.correct:,} of {metrics.count:,} correct</p>"
        f'<p class="quiet">95 % interval {100 * low:.2f} to {100 * high:.2f} % · '
        f"loss {metrics.loss:.4f}</p>"
    )


def recall_html(report: EvaluationReport | None, class_names: Sequence[str]) -> str:
    """Return a bar for the recall of each class."""
    recalls = [math.nan] * len(class_names)
    if report is not None:
        recalls = report.metrics.recall().tolist()
    rows = []
    for name, recall in zip(class_names, recalls, strict=True):
        width = 0 if math.isnan(recall) else 100 * recall
        text = "" if math.isnan(recall) else f"{width:.1f} %"
        rows.append(
            f'<tr><th scope="row">{escape(name)}</th>'
            f'<td class="track"><div style="width:{width:.1f}%"></div></td>'
            f'<td class="share">{text}</td></tr>'
        )
    return f'<table class="bars" aria-label="Recall of every class">{"".join(rows)}</table>'


def confusion_html(counts: NDArray[np.integer] | None, class_names: Sequence[str]) -> str:
    """Return the most frequent confusion in words, and the matrix as a table for screen readers.

    Parameters
    ----------
    counts
        Of samples, (true classes, predicted classes); None: not counted yet.
    class_names
        Names of the classes.
    """
    if counts is None:
        return ""
    mistakes = np.where(np.eye(len(counts), dtype=bool), 0, counts)
    label, predicted = (int(index) for index in np.unravel_index(mistakes.argmax(), counts.shape))
    most = int(mistakes[label, predicted])
    sentence = (
        "No mistakes."
        if most == 0
        else (
            f"Most frequent mistake: {escape(class_names[label])} predicted as "
            f"{escape(class_names[predicted])}, {most:,} of {int(counts[label].sum()):,}."
        )
    )
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in class_names)
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(f"<td>{count}</td>" for count in row)
        + "</tr>"
        for name, row in zip(class_names, counts.tolist(), strict=True)
    )
    return (
        f'<p class="quiet" data-most="{most}">{sentence}</p>'
        f'<div class="unseen"><table aria-label="Confusion matrix: true classes in rows, '
        f'predicted classes in columns"><tr><td></td>{heads}</tr>{rows}</table></div>'
    )


def rejection_html(rejections: Sequence[Rejection]) -> str:
    """Return the share of non-digits that is rejected."""
    if not rejections:
        return '<p class="quiet">Measured for digits, after the accuracy.</p>'
    return "".join(
        f'<p data-rejected="{one.rejected:.6g}" data-count="{one.count}">'
        f"<b>{100 * one.rejected:.1f} %</b> of {one.count:,} {escape(one.title)} rejected at "
        f"{100 * TRUE_POSITIVE_RATE:.0f} % true-positive rate.</p>"
        for one in rejections
    )


def calibration_html(reliability: ReliabilityDiagram | None) -> str:
    """Return the expected calibration error."""
    if reliability is None:
        return '<p class="quiet">Does confidence match accuracy?</p>'
    error = reliability.expected_calibration_error
    return f'<p data-error="{error:.6g}">Expected calibration error <b>{error:.4f}</b></p>'


def mistakes_html(count: int, cell: tuple[str, str] | None, labels: Sequence[str]) -> str:
    """Return how many mistakes there are, and the labels of those that are shown as images."""
    if not count:
        return '<p class="quiet" data-count="0">No mistakes to show.</p>'
    which = "" if cell is None else f", true {cell[0]}, predicted {cell[1]}"
    return (
        f'<p data-count="{count}">{count:,} mistakes{escape(which)}, most confident first. '
        "Choose one to put it on the pad.</p>"
        f'<p class="quiet">{escape(" · ".join(labels))}</p>'
    )
