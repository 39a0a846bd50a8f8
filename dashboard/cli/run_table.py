"""Tables of stored runs, as text and as CSV: the settings that differ, and scores with deltas.

The columns are those of the page's table of runs.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.cli.settings import CommandSettings
from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import current_language, gettext
from dashboard.report.facts import setting_text
from dashboard.runs.records import ACCURACY, LOSS, RunRecord, differing_settings, score_delta
from dashboard.runs.run_database import StoredRun
from dashboard.training.history import Score


@dataclass(frozen=True)
class Table:
    """Columns with their texts for people, and their values for programs.

    Attributes
    ----------
    heads
        Of the columns.
    names
        Of the columns in CSV.
    texts, values
        Rows of as many cells.
    """

    heads: Sequence[str]
    names: Sequence[str]
    texts: Sequence[Sequence[str]]
    values: Sequence[Sequence[Any]]

    def lines(self) -> list[str]:
        """Return the table as aligned lines; the first column is aligned to the left."""
        rows = [self.heads, *self.texts]
        widths = [max(len(row[column]) for row in rows) for column in range(len(self.heads))]
        return [
            "  ".join(
                cell.ljust(width) if not column else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]

    def csv(self) -> str:
        """Return the table as CSV."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(self.names)
        writer.writerows(self.values)
        return file.getvalue()


def compare_table(runs: Sequence[StoredRun], baseline: int | None = None) -> Table:
    """Return the table of runs.

    Parameters
    ----------
    runs
        In the order of the rows.
    baseline
        Number of the run that scores are compared with; None: none.
    """
    records = [run.record for run in runs]
    names = differing_settings(records)
    base = next((run.record for run in runs if run.number == baseline), None)
    texts, values = [], []
    for run in runs:
        record = run.record
        settings = [record.settings.get(name) for name in names]
        deltas = [score_delta(record, base, metric) for metric in (ACCURACY, LOSS)]
        best = (record.best(ACCURACY), record.best(LOSS))
        texts.append(
            [
                f"{run.number} {record.name}",
                _percent(best[0]) + _signed(deltas[0], 100, 2),
                *map(setting_text, settings),
                _loss(best[1]) + _signed(deltas[1], 1, 4),
                _percent(record.last),
                _percent(run.test),
                format_number(record.iteration),
                format_number(record.epochs, ",.2f"),
                format_number(record.seconds, ",.1f"),
                gettext("diverged") if run.fault else "",
            ]
        )
        values.append(
            [
                run.number,
                record.name,
                _value(best[0], ACCURACY),
                _plain(deltas[0]),
                *map(_plain, settings),
                _value(best[1], LOSS),
                _plain(deltas[1]),
                _value(record.last, ACCURACY),
                _value(run.test, ACCURACY),
                record.iteration,
                record.epochs,
                record.seconds,
                run.fault,
            ]
        )
    heads = [
        *(gettext("Run"), gettext("Best accuracy")),
        *map(label_of, names),
        *(
            gettext("Best loss"),
            gettext("Last accuracy"),
            gettext("Test"),
            gettext("Iterations"),
            gettext("Epochs"),
            gettext("Seconds"),
            "",
        ),
    ]
    columns = [
        *("run", "name", "best_accuracy", "best_accuracy_delta", *names),
        *("best_loss", "best_loss_delta", "last_accuracy", "test_accuracy"),
        *("iteration", "epochs", "seconds", "fault"),
    ]
    return Table(heads, columns, texts, values)


def means_table(runs: Sequence[StoredRun]) -> Table:
    """Return means over the seeds of every configuration, the highest accuracy first.

    The accuracy is the last one on validation samples, which may choose a configuration; that on
    the test samples is only reported.
    """
    groups: dict[str, list[StoredRun]] = {}
    for run in runs:
        others = {name: it for name, it in run.record.settings.items() if name != "seed"}
        groups.setdefault(repr(sorted(others.items())), []).append(run)
    names = [name for name in differing_settings([it.record for it in runs]) if name != "seed"]
    rows = []
    for group in groups.values():
        settings = [group[0].record.settings.get(name) for name in names]
        last = _mean([it.record.last for it in group])
        test = _mean([it.test for it in group])
        rows.append((settings, len(group), last, test, sum(bool(it.fault) for it in group)))
    rows.sort(key=lambda row: -np.nan_to_num(row[2][0], nan=-1.0))
    return Table(
        [
            *map(label_of, names),
            gettext("Seeds"),
            gettext("Last accuracy"),
            gettext("Test"),
            gettext("Diverged"),
        ],
        [
            *(*names, "seeds", "last_accuracy", "last_accuracy_deviation"),
            *("test_accuracy", "test_accuracy_deviation", "diverged"),
        ],
        [
            [*map(setting_text, settings), str(count), _spread(last), _spread(test), str(faults)]
            for settings, count, last, test, faults in rows
        ],
        [
            [*map(_plain, settings), count, *map(_plain, last), *map(_plain, test), faults]
            for settings, count, last, test, faults in rows
        ],
    )


def label_of(name: str) -> str:
    """Return the label of a setting."""
    if name in CommandSettings.param:
        return gettext(str(CommandSettings.param[name].label))
    return gettext(name.replace("_", " ").capitalize())


def run_values(run: StoredRun) -> dict[str, Any]:
    """Return everything that is stored of a run but its curve, as JSON holds it."""
    record: RunRecord = run.record
    return {
        "run": run.number,
        "name": record.name,
        "sweeps": list(run.sweeps),
        "saved": run.saved,
        "settings": dict(record.settings),
        "backend": record.backend,
        "iteration": record.iteration,
        "epochs": record.epochs,
        "seconds": record.seconds,
        "best_accuracy": _value(record.best_accuracy, ACCURACY),
        "best_loss": _value(record.best_loss, LOSS),
        "last_accuracy": _value(record.last, ACCURACY),
        "test_accuracy": _value(run.test, ACCURACY),
        "fault": run.fault,
    }


def _mean(scores: Sequence[Score | None]) -> tuple[float, float]:
    """Return mean and standard deviation of the accuracies; NaN where there is none."""
    values = [score.accuracy for score in scores if score is not None]
    if not values:
        return float("nan"), float("nan")
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
    return float(np.mean(values)), deviation


def _spread(values: tuple[float, float]) -> str:
    mean, deviation = values
    if np.isnan(mean):
        return "–"
    spread = "" if np.isnan(deviation) else f" ± {format_number(100 * deviation, '.2f')}"
    return f"{format_number(100 * mean, '.2f')}{spread}{current_language().percent}"


def _percent(score: Score | None) -> str:
    return "–" if score is None else format_percent(score.accuracy, 2)


def _loss(score: Score | None) -> str:
    return "–" if score is None else format_number(score.loss, ".4f")


def _signed(delta: float | None, scale: float, digits: int) -> str:
    return "" if delta is None else f" ({format_number(scale * delta, f'+.{digits}f')})"


def _value(score: Score | None, metric: str) -> float | None:
    return None if score is None else float(getattr(score, metric))


def _plain(value: Any) -> Any:
    """Return a value for a cell of CSV; None and NaN are empty."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return " ".join(map(str, value)) if isinstance(value, list) else value
