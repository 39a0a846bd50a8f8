"""What the charts of a run show, in words: the best scores, changed settings, divergences."""

from __future__ import annotations

from html import escape

from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, ngettext
from dashboard.training.history import History


def summary_html(history: History, scored: str = "validation") -> str:
    """Return the best scores in a line, and the marks in a list that it opens.

    Parameters
    ----------
    history
        Of the run.
    scored
        The name of the samples that were scored during training.
    """
    marks = history.marks()
    line = f"<span>{best_sentence(history, scored)}</span>"
    if not marks:
        return f'<p class="marks" data-marks="0">{line}</p>'
    count = ngettext("{count} mark", "{count} marks", len(marks), count=len(marks))
    items = "".join(
        f'<li data-iteration="{iteration}">{escape(text[0].upper() + text[1:])}.</li>'
        for iteration, text in marks
    )
    return (
        f'<details class="marks" data-marks="{len(marks)}"><summary>{line} · {count}</summary>'
        f"<ul>{items}</ul></details>"
    )


def best_sentence(history: History, scored: str) -> str:
    """Return where the scores on the samples of that name were best."""
    loss, accuracy = history.best_validation("loss"), history.best_validation("accuracy")
    if loss is None or accuracy is None:
        return gettext("No {part} score yet", part=gettext(scored))
    return gettext(
        "Best {part}: {accuracy} at iteration {iteration}, loss {loss} at {other}",
        part=gettext(scored),
        accuracy=format_percent(accuracy.accuracy),
        iteration=format_number(accuracy.iteration),
        loss=format_number(loss.loss, ".3g"),
        other=format_number(loss.iteration),
    )
