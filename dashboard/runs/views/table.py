"""The table of runs: the settings that differ, the scores, and the commands on each run.

It is HTML, so forty rows cost one property; `page.js` sends a click to Python through the `tags`
of a model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import panel as pn

from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, gettext_noop
from dashboard.runs.controller import RunsController, settings_text
from dashboard.runs.records import RunCollection, RunRecord, differing_settings, score_delta
from dashboard.shell import read_asset
from dashboard.shell.components.client_component import Command
from dashboard.shell.messages import invisible, make_command_receiver
from dashboard.shell.theme import Theme
from dashboard.training.history import Score

CARRIER = "inkling-runs"

SETTING_NAMES = {
    "data_set": gettext_noop("Data"),
    "training_samples": gettext_noop("Samples"),
    "origin": gettext_noop("Start"),
    "learning_rate": gettext_noop("Rate"),
    "batch_size": gettext_noop("Batch"),
    "hidden_layers": gettext_noop("Hidden"),
}
"""Short column heads; other settings have their label."""


class RunsTable:
    """The table of the runs of one pane.

    Parameters
    ----------
    controller
        Takes the commands.
    theme
        The style sheets.

    Attributes
    ----------
    view
        The table.
    """

    def __init__(self, controller: RunsController, theme: Theme) -> None:
        self._controller = controller
        self._text = theme.text("", css_classes=["ink-runs"])
        self._text.stylesheets = [*self._text.stylesheets, read_asset("runs.css")]
        self.view = pn.Column(
            self._text,
            invisible(make_command_receiver(CARRIER, self._commands())),
            sizing_mode="stretch_width",
            margin=0,
        )

    def draw(self, records: Sequence[RunRecord], labels: Mapping[str, str], selected: int) -> None:
        """Show these runs."""
        html = table_html(records, self._controller.collection, labels, selected)
        if html != self._text.object:
            self._text.object = html

    def _commands(self) -> Mapping[str, Command]:
        # The runs that are shown may be those of another pane at the next command.
        controller = self._controller
        return {
            "show": lambda number, wanted: controller.collection.show(number, bool(wanted)),
            "choose": lambda number, wanted: controller.collection.choose(number, bool(wanted)),
            "baseline": lambda number, wanted: controller.set_baseline(number, bool(wanted)),
            "pin": lambda number, wanted: controller.pin(number, bool(wanted)),
            "restore": lambda number, _: controller.restore(number),
            "report": lambda number, _: controller.report(number),
            "delete": lambda number, _: controller.collection.delete(number),
            "select": lambda number, wanted: controller.state.param.update(
                selected=number if wanted else 0
            ),
        }


def table_html(
    records: Sequence[RunRecord], runs: RunCollection, labels: Mapping[str, str], selected: int = 0
) -> str:
    """Return the table, the newest run first; or what to do while there is none.

    Parameters
    ----------
    records
        The runs, the oldest first; the run in training has the number 0.
    runs
        Has the baseline and the runs that are compared.
    labels
        Of the settings, by name.
    selected
        Number of the run whose name can be changed.
    """
    if not records:
        text = gettext(
            "No run yet. Train a network; the run is listed here, and kept when the next one "
            "begins."
        )
        return f'<p class="quiet" data-state="none" data-runs="0">{text}</p>'
    names = differing_settings(records)
    baseline = next((it for it in records if it.number and it.number == runs.baseline), None)
    heads = [
        *(gettext("Run"), gettext("Best accuracy")),
        *(gettext(SETTING_NAMES.get(name, labels.get(name, name))) for name in names),
        *(gettext("Best loss"), gettext("Last accuracy")),
        *(gettext("Iterations"), gettext("Epochs"), gettext("Seconds")),
    ]
    head = "".join(f'<th scope="col">{escape(it)}</th>' for it in heads)
    rows = "".join(
        _row_html(record, names, baseline, selected)
        + _commands_html(record, runs, selected, len(heads))
        for record in reversed(records)
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{gettext("Table of runs")}" '
        f'data-state="listed" data-runs="{len(records)}">'
        f'<table class="runs" data-sends="{CARRIER}">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def swatch_html(record: RunRecord) -> str:
    """Return a sample of the line of a run."""
    style = "dashed" if record.style.dash == "dotdash" else record.style.dash
    double = " mixed" if record.style.dash == "dotdash" else ""
    return f'<i class="swatch{double}" style="border-top: 3px {style} {record.style.color}"></i>'


def _row_html(
    record: RunRecord,
    names: Sequence[str],
    baseline: RunRecord | None,
    selected: int,
) -> str:
    number = record.number
    best = {
        metric: f"<td>{_score(record.best(metric), metric)}{_delta(record, baseline, metric)}</td>"
        for metric in ("accuracy", "loss")
    }
    cells = [
        best["accuracy"],
        *(f"<td>{escape(settings_text(record, name))}</td>" for name in names),
        best["loss"],
        f"<td>{_score(record.last, 'accuracy')}</td>",
        f"<td>{format_number(record.iteration)}</td>",
        f"<td>{format_number(record.epochs, ',.2f')}</td>",
        f"<td>{format_number(record.seconds, ',.1f')}</td>",
    ]
    accuracy = "" if record.best_accuracy is None else f"{record.best_accuracy.accuracy:.6f}"
    return (
        f'<tr data-run="{number}" data-accuracy="{accuracy}" data-iteration="{record.iteration}"'
        f"{' class=selected' if number and number == selected else ''}>"
        f'<th scope="row">{_name_html(record, selected)}</th>'
        f"{''.join(cells)}</tr>"
    )


def _commands_html(record: RunRecord, runs: RunCollection, selected: int, columns: int) -> str:
    """Return the row of a run's buttons; on a narrow page only the chosen run shows its own."""
    is_open = record.number in (0, selected)
    return (
        f'<tr class="commands{" open" if is_open else ""}"><td colspan="{columns}">'
        f"{_buttons_html(record, runs)}</td></tr>"
    )


def _name_html(record: RunRecord, selected: int) -> str:
    name = escape(record.name)
    if not record.number:
        return f'{swatch_html(record)}<span class="name">{name}</span>'
    return (
        f'{swatch_html(record)}<button type="button" class="name" data-do="select" '
        f'data-run="{record.number}" aria-pressed="{str(record.number == selected).lower()}" '
        f'title="{gettext("Choose this run, to give it another name")}">{name}</button>'
    )


def _buttons_html(record: RunRecord, runs: RunCollection) -> str:
    number, name = record.number, escape(record.name)
    states = {
        "show": (record.is_shown, gettext("Curve")),
        "choose": (number in runs.chosen, gettext("Compare")),
        "baseline": (number == runs.baseline, gettext("Baseline")),
        "pin": (record.is_pinned, gettext("Pin")),
    }
    if not number:
        states = {"choose": states["choose"]}
    toggles = "".join(
        f'<button type="button" data-do="{command}" data-run="{number}" '
        f'aria-pressed="{"true" if is_on else "false"}" '
        f'aria-label="{gettext("{action}: {run}", action=title, run=name)}">{title}</button>'
        for command, (is_on, title) in states.items()
    )
    has_weights = not number or record.model is not None
    disabled = ""
    if not has_weights:
        disabled = f' disabled title="{gettext("Its weights are not kept")}"'
    report = (
        f'<button type="button" data-do="report" data-run="{number}"{disabled} '
        f'title="{gettext("Save a report as one HTML file")}" '
        f'aria-label="{gettext("Report of {run}", run=name)}">{gettext("Report")}</button>'
    )
    if not number:
        return f'<span class="buttons">{toggles}{report}</span>'
    return (
        f'<span class="buttons">{toggles}'
        f'<button type="button" data-do="restore" data-run="{number}"{disabled} '
        f'aria-label="{gettext("Restore the weights of {run}", run=name)}">{gettext("Restore")}'
        f"</button>{report}"
        f'<button type="button" data-do="delete" data-run="{number}" '
        f'aria-label="{gettext("Delete {run}", run=name)}">✕</button></span>'
    )


def _score(score: Score | None, metric: str) -> str:
    if score is None:
        return "–"
    if metric == "accuracy":
        return format_percent(score.accuracy, 2)
    return format_number(score.loss, ".4f")


def _delta(record: RunRecord, baseline: RunRecord | None, metric: str) -> str:
    delta = score_delta(record, baseline, metric)
    if delta is None:
        return ""
    is_better = delta > 0 if metric == "accuracy" else delta < 0
    if metric == "accuracy":
        text = format_number(100 * delta, "+.2f")
    else:
        text = format_number(delta, "+.4f")
    kind = "better" if is_better else "worse" if delta else "same"
    return f' <small class="{kind}">{text.replace("-", "−")}</small>'
