"""What the evaluation pane says in words and tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from dashboard.evaluation.rejection import KEPT, Rejection
from dashboard.evaluation.report import Examination
from nn.calibration import ReliabilityDiagram


def accuracy_html(examination: Examination | None) -> str:
    """Say how many samples were right, with the interval and the loss."""
    if examination is None:
        return '<p class="quiet">Not evaluated yet.</p>'
    evaluation = examination.evaluation
    low, high = evaluation.accuracy_interval()
    return (
        f'<p><b class="figure">{100 * evaluation.accuracy:.2f} %</b> right: '
        f"{evaluation.correct:,} of {evaluation.count:,}</p>"
        f'<p class="quiet">95 % interval {100 * low:.2f} to {100 * high:.2f} % · '
        f"loss {evaluation.loss:.4f}</p>"
    )


def recall_html(examination: Examination | None, class_names: Sequence[str]) -> str:
    """Draw a bar for the share of each class that was recognised."""
    shares = [math.nan] * len(class_names)
    if examination is not None:
        shares = examination.evaluation.recall().tolist()
    rows = []
    for name, share in zip(class_names, shares, strict=True):
        known = not math.isnan(share)
        width = 100 * share if known else 0
        text = f"{width:.1f} %" if known else ""
        rows.append(
            f'<tr><th scope="row">{escape(name)}</th>'
            f'<td class="track"><div style="width:{width:.1f}%"></div></td>'
            f'<td class="share">{text}</td></tr>'
        )
    return f'<table class="bars" aria-label="Share recognised">{"".join(rows)}</table>'


def rejection_html(rejections: Sequence[Rejection]) -> str:
    """Say what share of non-digits the net refuses."""
    if not rejections:
        return '<p class="quiet">Digits only; comes after the samples are read.</p>'
    return "".join(
        f"<p><b>{100 * one.refused:.1f} %</b> of {one.count:,} {escape(one.title)} are refused "
        f"where {100 * KEPT:.0f} % of the samples are kept.</p>"
        for one in rejections
    )


def calibration_html(reliability: ReliabilityDiagram | None) -> str:
    """Say how far off the net's own probabilities are."""
    if reliability is None:
        return '<p class="quiet">Is it right as often as it says?</p>'
    return f"<p>Expected calibration error <b>{reliability.expected_calibration_error:.4f}</b></p>"


def mistakes_html(count: int, cell: tuple[str, str] | None, labels: Sequence[str]) -> str:
    """Name the mistakes that are shown, for people who cannot see them too."""
    if not count:
        return '<p class="quiet">No mistakes to show.</p>'
    which = "surest first" if cell is None else f"{cell[0]} taken for {cell[1]}"
    return (
        f"<p>{count:,} mistakes, {escape(which)}. A click puts one on the pad.</p>"
        f'<p class="quiet">{escape(" · ".join(labels))}</p>'
    )
