"""Two runs side by side: settings, scores, confusion matrices, disagreements, the drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import panel as pn
from numpy.typing import NDArray

from dashboard.evaluation.views.sample_sheet import SHOWN, SampleSheet
from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, gettext_noop
from dashboard.runs.comparison import RunComparison
from dashboard.runs.controller import RunsController, settings_text
from dashboard.runs.records import RunRecord, differing_settings
from dashboard.runs.views.table import swatch_html
from dashboard.shell import read_asset
from dashboard.shell.layout import stack
from dashboard.shell.theme import Theme, button


class ComparisonView:
    """The comparison of the two chosen runs.

    Parameters
    ----------
    controller
        Takes the commands.
    theme
        The style sheets.

    Attributes
    ----------
    view
        All of it.
    images
        Samples that both answer differently; a click puts one on the drawing pad.
    """

    def __init__(self, controller: RunsController, theme: Theme) -> None:
        self._controller = controller
        self._text = theme.text("", css_classes=["ink-runs-two"])
        self._text.stylesheets = [*self._text.stylesheets, read_asset("runs.css"), MATRIX]
        self._sheet = SampleSheet(
            gettext(
                "Samples that both answer differently. Arrow keys go from one to the next, Enter "
                "puts it on the drawing pad."
            ),
            controller.show_on_pad,
            "ink-runs-disagreements",
        )
        self.images = self._sheet.figure
        self._title = theme.text("")
        self.view = stack(
            theme,
            theme.text(
                f'<p class="quiet">'
                f"{gettext('Press “Compare” at two runs in the table, then the button.')}</p>"
            ),
            pn.Row(
                button(
                    gettext("Compare the two runs"), theme, "ink-runs-compare", controller.compare
                ),
                stylesheets=[theme.bar],
                margin=0,
            ),
            self._text,
            self._title,
            pn.pane.Bokeh(self.images, sizing_mode="stretch_width", margin=0),
        )

    def draw(self, labels: Mapping[str, str]) -> None:
        """Show the newest comparison; `labels` are those of the settings, by name."""
        result = self._controller.state.comparison
        self._text.object = comparison_html(result, labels)
        found = [] if result is None or result.samples is None else result.disagreements
        shown = found[:SHOWN]
        self._title.object = ""
        if not shown:
            self._sheet.draw([], [], [])
            return
        assert result is not None
        assert result.samples is not None
        if len(found) > len(shown):
            title = gettext_noop("They disagree on {found} of {count} samples; the first {shown}")
        else:
            title = gettext_noop("They disagree on {found} of {count} samples")
        title = gettext(
            title,
            found=format_number(len(found)),
            count=format_number(result.count),
            shown=len(shown),
        )
        under = gettext("Under each: first run | second run; a click puts it on the pad.")
        self._title.object = f'<h2>{title}</h2><p class="quiet">{under}</p>'
        names = result.class_names
        answers = [[names[answer] for answer in it.answers] for it in shown]
        self._sheet.draw(
            [result.samples.images[it.index] for it in shown],
            ["|".join(name[:4] for name in both) for both in answers],
            [
                gettext("first run {first}, second run {second}", first=one, second=two)
                for one, two in answers
            ],
        )


MATRIX = """
.matrices { display: flex; flex-wrap: wrap; gap: 12px; margin: 6px 0; }
.matrices table { border-collapse: collapse; font-size: 0.6875rem;
  font-variant-numeric: tabular-nums; }
.matrices caption { padding-bottom: 2px; text-align: left; }
.matrices :is(td, th) { min-width: 1.15rem; padding: 1px 2px; border: 1px solid var(--line);
  text-align: right; font-weight: 400; }
.matrices th { color: var(--text-quiet); }
.matrices .wrong { background: color-mix(in srgb, var(--mistake) var(--strength), transparent); }
.matrices .right { background: color-mix(in srgb, var(--plain) 20%, transparent); }
h3 { margin: 8px 0 2px; font-size: 0.8125rem; font-weight: 600; }
"""


def comparison_html(result: RunComparison | None, labels: Mapping[str, str]) -> str:
    """Return settings, scores, both matrices and the answers to the drawing."""
    if result is None:
        return ""
    one, two = result.records
    heads = "".join(
        f'<th scope="col">{swatch_html(it)}{escape(it.name)}</th>' for it in result.records
    )
    rows = [
        (
            gettext("Accuracy on the same samples"),
            *(format_percent(result.accuracy(i), 2) for i in (0, 1)),
        ),
        *_rows(one, two, labels),
    ]
    if result.drawing:
        rows.append(
            (gettext("Your drawing"), *(_answer(it, result.class_names) for it in result.drawing))
        )
    body = "".join(
        f'<tr><th scope="row">{escape(title)}</th><td>{escape(first)}</td>'
        f"<td>{escape(second)}</td></tr>"
        for title, first, second in rows
    )
    matrices = "".join(
        _matrix_html(counts, result.class_names, record.name)
        for counts, record in zip(result.confusion, result.records, strict=True)
    )
    return (
        f'<div data-state="compared" data-disagreements="{len(result.disagreements)}" '
        f'data-count="{result.count}">'
        f'<table class="two"><thead><tr><th></th>{heads}</tr></thead><tbody>{body}</tbody></table>'
        f"<h3>{gettext('Confusion matrices: rows are true classes, columns predicted ones')}</h3>"
        f'<div class="matrices">{matrices}</div></div>'
    )


def _rows(one: RunRecord, two: RunRecord, labels: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return the settings that differ, then how long both were trained."""
    rows = [
        (labels.get(name, name), settings_text(one, name), settings_text(two, name))
        for name in differing_settings([one, two])
    ]
    return [
        *(rows or [(gettext("Settings"), gettext("the same"), gettext("the same"))]),
        (gettext("Iterations"), format_number(one.iteration), format_number(two.iteration)),
        (
            gettext("Seconds of training"),
            format_number(one.seconds, ",.1f"),
            format_number(two.seconds, ",.1f"),
        ),
    ]


def _answer(probabilities: NDArray[np.float32], class_names: Sequence[str]) -> str:
    best = int(probabilities.argmax())
    return f"{class_names[best]} · {format_percent(float(probabilities[best]))}"


def _matrix_html(counts: NDArray[np.int64], class_names: Sequence[str], name: str) -> str:
    classes = len(counts)
    most = max(1, int((counts - np.diag(np.diag(counts))).max()))
    heads = "".join(f'<th scope="col">{escape(it[:4])}</th>' for it in class_names)
    rows = []
    for row in range(classes):
        cells = []
        for column in range(classes):
            count = int(counts[row, column])
            if not count:
                cells.append("<td></td>")
            elif row == column:
                cells.append(f'<td class="right">{count}</td>')
            else:
                strength = round(15 + 70 * (count / most) ** 0.5)
                cells.append(f'<td class="wrong" style="--strength: {strength}%">{count}</td>')
        rows.append(f'<tr><th scope="row">{escape(class_names[row][:4])}</th>{"".join(cells)}</tr>')
    return (
        f"<table><caption>{escape(name)}</caption><thead><tr><th></th>{heads}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
