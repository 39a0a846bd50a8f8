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
from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, ngettext
from nn.calibration import ReliabilityDiagram


def subject_html(subject: str, *, is_stale: bool) -> str:
    """Return which model was evaluated on what, and whether it is not the current one any more."""
    if not subject:
        return ""
    warning = f'<p class="notice warning" role="status">{gettext(STALE)}</p>' if is_stale else ""
    stale = "yes" if is_stale else "no"
    return f'<p class="quiet" data-stale="{stale}">{escape(subject)}.</p>{warning}'


def rest_html(earlier: str) -> str:
    """Return which model a part was measured of, if not of the one that the others show."""
    if not earlier:
        return ""
    text = gettext("{subject}. Evaluate measures it for the current model.", subject=earlier)
    return f'<p class="quiet small">{escape(text)}</p>'


def accuracy_html(report: EvaluationReport | None) -> str:
    """Return accuracy with its confidence interval, and loss."""
    if report is None:
        return f'<p class="quiet">{gettext("Not evaluated yet.")}</p>'
    metrics = report.metrics
    low, high = metrics.accuracy_interval()
    correct = gettext(
        "{correct} of {count} correct",
        correct=format_number(metrics.correct),
        count=format_number(metrics.count),
    )
    interval = gettext(
        "95 % interval {low} to {high} · loss {loss}",
        low=format_percent(low, 2),
        high=format_percent(high, 2),
        loss=format_number(metrics.loss, ".4f"),
    )
    return (
        f'<p data-accuracy="{metrics.accuracy:.6g}" data-count="{metrics.count}">'
        f'<b class="figure">{format_percent(metrics.accuracy, 2)}</b> {correct}</p>'
        f'<p class="quiet">{interval}</p>'
    )


def recall_html(report: EvaluationReport | None, class_names: Sequence[str]) -> str:
    """Return a bar for the recall of each class."""
    recalls = [math.nan] * len(class_names)
    if report is not None:
        recalls = report.metrics.recall().tolist()
    rows = []
    for name, recall in zip(class_names, recalls, strict=True):
        width = 0 if math.isnan(recall) else 100 * recall
        text = "" if math.isnan(recall) else format_percent(recall)
        rows.append(
            f'<tr><th scope="row">{escape(name)}</th>'
            f'<td class="track"><div style="width:{width:.1f}%"></div></td>'
            f'<td class="share">{text}</td></tr>'
        )
    name = gettext("Recall of every class")
    return f'<table class="bars" aria-label="{name}">{"".join(rows)}</table>'


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
        gettext("No mistakes.")
        if most == 0
        else gettext(
            "Most frequent mistake: {label} predicted as {predicted}, {most} of {count}.",
            label=escape(class_names[label]),
            predicted=escape(class_names[predicted]),
            most=format_number(most),
            count=format_number(int(counts[label].sum())),
        )
    )
    name = gettext("Confusion matrix: true classes in rows, predicted classes in columns")
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in class_names)
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(f"<td>{count}</td>" for count in row)
        + "</tr>"
        for name, row in zip(class_names, counts.tolist(), strict=True)
    )
    return (
        f'<p class="quiet" data-most="{most}">{sentence}</p>'
        f'<div class="unseen"><table aria-label="{name}"><tr><td></td>{heads}</tr>{rows}</table>'
        "</div>"
    )


def rejection_html(rejections: Sequence[Rejection]) -> str:
    """Return the share of non-digits that is rejected."""
    if not rejections:
        return f'<p class="quiet">{gettext("Measured for digits, after the accuracy.")}</p>'
    texts = {
        one: gettext(
            "<b>{share}</b> of {count} {what} rejected at {rate} true-positive rate.",
            share=format_percent(one.rejected),
            count=format_number(one.count),
            what=escape(gettext(one.title)),
            rate=format_percent(TRUE_POSITIVE_RATE, 0),
        )
        for one in rejections
    }
    return "".join(
        f'<p data-rejected="{one.rejected:.6g}" data-count="{one.count}">{text}</p>'
        for one, text in texts.items()
    )


def calibration_html(reliability: ReliabilityDiagram | None) -> str:
    """Return the expected calibration error."""
    if reliability is None:
        return f'<p class="quiet">{gettext("Does confidence match accuracy?")}</p>'
    error = reliability.expected_calibration_error
    text = gettext("Expected calibration error <b>{error}</b>", error=format_number(error, ".4f"))
    return f'<p data-error="{error:.6g}">{text}</p>'


def predictions_heading_html(cell: tuple[str, str] | None) -> str:
    """Return the heading of the samples in a cell, named as in `predictions_html`."""
    title = gettext("Most confident errors")
    if _is_on_diagonal(cell):
        title = gettext("Correct predictions")
    return f"<h2>{title}</h2>"


def predictions_html(count: int, cell: tuple[str, str] | None, labels: Sequence[str]) -> str:
    """Return how many samples there are, and the labels of those that are shown as images.

    Parameters
    ----------
    count
        Of the samples in the cell, or of all mistakes.
    cell
        Names of the true and the predicted class; None: all mistakes.
    labels
        Of the mistakes that are shown.
    """
    are_correct = _is_on_diagonal(cell)
    if not count:
        none = gettext("No samples to show.") if are_correct else gettext("No mistakes to show.")
        return f'<p class="quiet" data-count="0">{none}</p>'
    if cell is None:
        found = ngettext(
            "{count} mistake, most confident first.",
            "{count} mistakes, most confident first.",
            count,
            count=format_number(count),
        )
    elif are_correct:
        found = ngettext(
            "{count} sample of {label} predicted correctly, least confident first.",
            "{count} samples of {label} predicted correctly, least confident first.",
            count,
            count=format_number(count),
            label=cell[0],
        )
    else:
        found = ngettext(
            "{count} mistake, true {label}, predicted {predicted}, most confident first.",
            "{count} mistakes, true {label}, predicted {predicted}, most confident first.",
            count,
            count=format_number(count),
            label=cell[0],
            predicted=cell[1],
        )
    # Many probabilities that are nearly alike say little in a row.
    shown = "" if are_correct else f'<p class="quiet">{escape(" · ".join(labels))}</p>'
    put = gettext("Choose one to put it on the pad.")
    return f'<p data-count="{count}">{escape(found)} {put}</p>{shown}'


def _is_on_diagonal(cell: tuple[str, str] | None) -> bool:
    return cell is not None and cell[0] == cell[1]
