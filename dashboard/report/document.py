"""The HTML file of a report: it has no script, and its policy forbids every request.

Every text in it is escaped, because names of runs and of files come from anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from importlib.resources import files

import numpy as np

from dashboard.evaluation.report import Prediction
from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import current_language, gettext
from dashboard.report.content import Errors, RepeatCode, ReportContent
from dashboard.report.figures import Series, legend_html, line_chart, reliability_chart
from dashboard.runs.curve import RunCurve
from dashboard.shell.colors import TRAINING, VALIDATION
from dashboard.shell.pictures import ink_pixels, picture_address
from dashboard.training.settings import shorten
from nn import ClassificationMetrics

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

SMOOTHING_POINTS = 12
"""Time constant of the moving average of the training curve, in points of the curve."""

MAX_EVENTS = 12
MAX_LINK = 400
"""Most characters of a link that are printed; what can be clicked is the whole link."""

_NAME_LETTERS = 4


def report_html(content: ReportContent) -> str:
    """Return the report as an HTML file.

    Parameters
    ----------
    content
        Everything that it says.
    """
    language = current_language()
    style = (files("dashboard.report") / "report.css").read_text(encoding="utf-8")
    date = gettext("Made by Inkling.")
    if content.date:
        date = gettext("Made on {date} by Inkling.", date=content.date)
    parts = (
        f"<header><h1>{escape(content.title)}</h1><p>{escape(content.model)}</p>"
        f'<p class="quiet">{escape(date)}</p></header>',
        _scores(content),
        f'<div class="two">{_pairs(gettext("Run"), content.facts)}'
        f"{_pairs(gettext('Settings'), content.settings)}</div>",
        _events(content.events),
        _link(content.link, content.link_note),
        _curves(content.curve),
        f'<div class="two">{_matrix(content.evaluation.metrics, content.class_names)}'
        f"{_calibration(content)}</div>",
        _errors(content),
        _inside(content),
        _code(content.repeat),
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{language.code}" dir="{language.direction}">\n<head>\n'
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(gettext('{title} – Inkling report', title=content.title))}</title>\n"
        f"<style>\n{style}</style>\n</head>\n<body>\n<main>\n{chr(10).join(filter(None, parts))}\n"
        "</main>\n</body>\n</html>\n"
    )


def _scores(content: ReportContent) -> str:
    metrics, reliability = content.evaluation.metrics, content.evaluation.reliability
    low, high = metrics.accuracy_interval()
    entries = (
        (format_percent(metrics.accuracy, 2), gettext("accuracy")),
        (_range_text(low, high), gettext("its 95 % interval (Wilson)")),
        (format_number(metrics.loss, ".4f"), gettext("loss (mean negative log-likelihood)")),
        (
            format_number(reliability.expected_calibration_error, ".4f"),
            gettext("expected calibration error"),
        ),
    )
    cells = "".join(f"<div><b>{value}</b>{name}</div>" for value, name in entries)
    counted = gettext(
        "{correct:,} of {count:,} correct: {samples}.",
        correct=metrics.correct,
        count=metrics.count,
        samples=content.evaluated_on,
    )
    return (
        f'<div class="scores" data-accuracy="{metrics.accuracy!r}" data-count="{metrics.count}">'
        f'{cells}</div><p class="quiet">{escape(counted)}</p>'
    )


def _range_text(low: float, high: float) -> str:
    """Return two shares, which both are in per cent."""
    text = gettext("{low:.2f} to {high:.2f}", low=100 * low, high=100 * high)
    return text + current_language().percent


def _pairs(title: str, pairs: Sequence[tuple[str, str]]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in pairs
    )
    return f'<section><h2>{title}</h2><table class="pairs">{rows}</table></section>'


def _events(events: Sequence[str]) -> str:
    if not events:
        return ""
    shown = [f"<li>{escape(event)}</li>" for event in events[:MAX_EVENTS]]
    if len(events) > MAX_EVENTS:
        more = gettext("and {count} more", count=len(events) - MAX_EVENTS)
        shown.append(f"<li>{more}</li>")
    title = gettext("During the run")
    return f"<section><h2>{title}</h2><ul>{''.join(shown)}</ul></section>"


def _link(link: str, note: str) -> str:
    if not link:
        return ""
    text = escape(shorten(link, MAX_LINK))
    is_address = link.startswith(("http://", "https://"))
    shown = f'<a href="{escape(link)}">{text}</a>' if is_address else text
    said = f'<p class="quiet">{escape(note)}</p>' if note else ""
    return f'<section><h2>{gettext("Link")}</h2><p class="link">{shown}</p>{said}</section>'


def _curves(curve: RunCurve) -> str:
    weight = math.exp(-1 / (SMOOTHING_POINTS * curve.stride))
    figures = []
    titles = {
        "accuracy": gettext("accuracy over iterations"),
        "loss": gettext("loss over iterations"),
    }
    for key, title in titles.items():
        training = Series(
            gettext("training, moving average"),
            curve.training.iteration,
            curve.smoothed(key, weight),
            TRAINING,
        )
        held_out = curve.validation
        validation = Series(
            gettext("held-out samples"),
            held_out.iteration,
            getattr(held_out, key),
            VALIDATION,
            True,
        )
        chart = line_chart(
            [training, validation], title=title, x=gettext("iteration"), y=gettext(key),
            is_share=key == "accuracy",
        )  # fmt: skip
        figures.append(f"<figure>{chart}</figure>")
        legend = legend_html([training, validation])
    both = f'<div class="two">{"".join(figures)}</div>'
    return f"<section><h2>{gettext('Curves')}</h2>{both}{legend}</section>"


def _matrix(metrics: ClassificationMetrics, class_names: Sequence[str]) -> str:
    counts = metrics.confusion_matrix
    most = max(1, int((counts - np.diag(np.diag(counts))).max()))
    heads = "".join(f'<th scope="col">{escape(it[:_NAME_LETTERS])}</th>' for it in class_names)
    rows = []
    for row, (name, recall) in enumerate(zip(class_names, metrics.recall().tolist(), strict=True)):
        cells = []
        for column, count in enumerate(counts[row].tolist()):
            share = 0.6 * (count / most) ** 0.5
            color = "134 142 150 / 0.3" if row == column else f"224 49 49 / {share:.2f}"
            style = f' style="background: rgb({color})"' if count else ""
            cells.append(f"<td{style}>{count or ''}</td>")
        share = "–" if math.isnan(recall) else format_percent(recall)
        rows.append(
            f'<tr><th scope="row">{escape(name[:12])}</th>{"".join(cells)}<td>{share}</td></tr>'
        )
    return (
        f'<section><h2>{gettext("Confusion matrix")}</h2><table class="matrix">'
        f'<caption class="quiet">{gettext("Rows are true classes, columns predicted ones")}'
        f"</caption><thead><tr><td></td>{heads}"
        f'<th scope="col">{gettext("Recall")}</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></section>"
    )


def _calibration(content: ReportContent) -> str:
    reliability = content.evaluation.reliability
    caption = gettext(
        "{count} bins; on the dashed line, probabilities are right. The expected calibration "
        "error is the mean distance from it, weighted by samples.",
        count=len(reliability.counts),
    )
    return (
        f"<section><h2>{gettext('Calibration')}</h2><figure>{reliability_chart(reliability)}"
        f"<figcaption>{caption}</figcaption></figure></section>"
    )


def _errors(content: ReportContent) -> str:
    errors, names, count = content.errors, content.class_names, len(content.evaluation.mistakes)
    if not errors.mistakes:
        title, text = gettext("Most confident errors"), gettext("There are no errors.")
        return f"<section><h2>{title}</h2><p>{text}</p></section>"
    shown = len(errors.mistakes)
    if shown == count:
        title = gettext("Most confident errors: all {count:,}", count=count)
    else:
        title = gettext("Most confident errors: {shown} of {count:,}", shown=shown, count=count)
    if not errors.images:
        rows = "".join(f"<li>{escape(_mistake_text(it, names))}</li>" for it in errors.mistakes)
        return f"<section><h2>{title}</h2><ul>{rows}</ul></section>"
    return (
        f"<section><h2>{title}</h2>"
        f'<div class="errors">{_error_figures(errors, names)}</div></section>'
    )


def _mistake_text(mistake: Prediction, names: Sequence[str]) -> str:
    return gettext(
        "Sample {index}: true {label}, predicted {predicted} ({probability})",
        index=mistake.index,
        label=names[mistake.label],
        predicted=names[mistake.predicted],
        probability=format_percent(mistake.probability),
    )


def _error_figures(errors: Errors, names: Sequence[str]) -> str:
    figures = []
    for mistake, image in zip(errors.mistakes, errors.images, strict=True):
        lines = (
            gettext("true {label}", label=names[mistake.label]),
            gettext(
                "predicted {predicted}, {probability}",
                predicted=names[mistake.predicted],
                probability=format_percent(mistake.probability, 0).replace(" ", "\u00a0"),
            ),
            gettext("sample {index}", index=mistake.index),
        )
        described = gettext(
            "Sample {index}, true class {label}", index=mistake.index, label=names[mistake.label]
        )
        address = picture_address(ink_pixels(image / 255))
        figures.append(
            f'<figure><img alt="{escape(described)}" src="{address}">'
            f"<figcaption>{'<br>'.join(map(escape, lines))}</figcaption></figure>"
        )
    return "".join(figures)


def _inside(content: ReportContent) -> str:
    picture = content.inside
    if picture is None:
        return ""
    width = round(100 * picture.share_of_width)
    return (
        f"<section><h2>{escape(picture.title)}</h2><figure>"
        f'<img class="sheet" style="width: {width}%" alt="{escape(picture.title)}" '
        f'src="{picture_address(picture.pixels)}">'
        f"<figcaption>{escape(picture.caption)}</figcaption></figure></section>"
    )


def _code(repeat: RepeatCode) -> str:
    obstacles = "".join(f"<li>{escape(it)}</li>" for it in repeat.obstacles)
    if not repeat.code:
        return (
            f"<section><h2>{gettext('Code')}</h2>"
            f"<p>{gettext('This run cannot be repeated by code alone:')}</p>"
            f"<ul>{obstacles}</ul></section>"
        )
    return (
        f"<h2>{gettext('Code that repeats this run')}</h2><p>{escape(repeat.how)}</p>"
        f'<pre data-code="repeat">{escape(repeat.code)}</pre>'
    )
