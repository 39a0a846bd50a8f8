"""`inkling sweep`: trains every trial of a grid or random search, and stores the runs.

A sweep that was stopped, however, continues where it was.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dashboard.cli.arguments import read_integer
from dashboard.cli.run_table import label_of, means_table
from dashboard.cli.runs import open_database, write_text
from dashboard.cli.sweeps.definition import SweepDefinition, Trial, read_sweep
from dashboard.languages.language import ENGLISH
from dashboard.languages.text import gettext, gettext_noop, use_language
from dashboard.processors import usable_processors
from dashboard.report.facts import inkling_version, setting_text

DESCRIPTION = gettext_noop("""\
Train every trial of a sweep: all combinations of the values of some settings (a grid),
or random ones, each with several seeds. FILE is TOML:

  search = "grid"               # or "random", with trials = 20
  seeds = 3                     # or a list; paired between configurations
  [settings]                    # any flags of inkling train, the same in all trials
  num-epochs = 3
  [vary]
  learning-rate = [0.001, 0.003, 0.01]
  batch-size = [32, 64]

In a random search, values may also come from an interval:
learning-rate = { from = 0.0003, to = 0.03, scale = "log" }.

Each finished trial is stored at once (inkling runs list). The same command continues a
sweep that was stopped or killed; nothing is trained twice, not even trials that another
sweep has stored. A trial has the same numbers in whatever process it is trained.""")

MAX_WORKERS = 256


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of `inkling`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "sweep",
        help=gettext("train a grid or random search over settings"),
        description=gettext(DESCRIPTION),
    )
    parser.set_defaults(run=run, parser=parser)
    parser.add_argument("file", metavar="FILE", help=gettext("the definition of the sweep, TOML"))
    parser.add_argument(
        "--workers",
        metavar="NUMBER",
        help=gettext(
            "processes on this machine, each with one BLAS thread (default: one per processor)"
        ),
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help=gettext(
            "train on the workers of a Dask scheduler instead, such as "
            "tcp://10.0.0.5:8786; needs inkling[dask] here and there"
        ),
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        help=gettext("write the table of means as CSV instead of printing"),
    )


def run(arguments: argparse.Namespace) -> int:
    """Train what is missing, and print the means."""
    from dashboard.cli.sweeps.execution import (  # noqa: PLC0415 - slow to import
        run_in_processes,
        run_on_dask,
    )
    from dashboard.cli.sweeps.trial import open_data  # noqa: PLC0415

    definition = read_sweep(Path(arguments.file))
    workers = usable_processors()
    if arguments.workers is not None:
        workers = read_integer("--workers", arguments.workers, 1, MAX_WORKERS)
    trials = definition.trials()
    fingerprint = open_data(definition.data).fingerprint()
    version = inkling_version()
    keys = [trial.key(fingerprint, version) for trial in trials]
    trials_by_key = dict(zip(keys, trials, strict=True))
    database = open_database()
    database.note_sweep(definition.name, list(trials_by_key))
    finished = database.finished(keys)
    missing = [(key, trial) for key, trial in trials_by_key.items() if key not in finished]
    _tell(_plan(definition, len(trials_by_key), len(missing)))
    work = [(trial_name(trial), trial) for _, trial in missing]
    results: Iterator[Any] = iter(())
    if missing and arguments.scheduler is not None:
        results = run_on_dask(work, arguments.scheduler)
    elif missing:
        results = run_in_processes(work, workers)
    for done, (place, result) in enumerate(results, start=len(trials_by_key) - len(missing) + 1):
        database.add(result.record, key=missing[place][0], test=result.test, fault=result.fault)
        last, test = result.record.last, result.test
        scores = [
            ""
            if last is None
            else gettext("validation {accuracy:.2f} %", accuracy=100 * last.accuracy),
            "" if test is None else gettext("test {accuracy:.2f} %", accuracy=100 * test.accuracy),
            gettext("diverged") if result.fault else "",
        ]
        _tell(
            " · ".join(
                filter(
                    None,
                    [
                        gettext("{done:,} of {all:,}", done=done, all=len(trials_by_key)),
                        work[place][0],
                        *scores,
                    ],
                )
            )
        )
    table = means_table(database.runs(definition.name))
    if arguments.output is not None:
        write_text(table.csv(), arguments.output)
    else:
        sys.stdout.write("".join(f"{line}\n" for line in table.lines()))
    return 0


def trial_name(trial: Trial) -> str:
    """Return what differs in a trial, in English words, since it is stored as its name."""
    varied: Sequence[str] = [*trial.varied, "seed"]
    with use_language(ENGLISH):
        return ", ".join(
            f"{label_of(it).lower()} {setting_text(trial.settings[it])}" for it in varied
        )


def _plan(definition: SweepDefinition, total: int, missing: int) -> str:
    values = {"name": definition.name, "total": total, "search": definition.search}
    if missing < total:
        return gettext(
            "Sweep {name}: {total:,} trials ({search}), {there:,} of them are stored already.",
            there=total - missing,
            **values,
        )
    return gettext("Sweep {name}: {total:,} trials ({search}).", **values)


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
