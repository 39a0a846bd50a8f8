"""`inkling runs`: lists, exports and deletes the runs that the command line has stored."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dashboard.api.settings import settings_from_environment
from dashboard.cli.arguments import read_integer
from dashboard.cli.errors import CommandError
from dashboard.cli.output_files import check_output
from dashboard.cli.run_table import compare_table, run_values
from dashboard.languages.text import gettext, gettext_noop, ngettext
from dashboard.runs.records import MAX_NAME
from dashboard.runs.run_database import RunDatabase, StoredRun
from dashboard.training.settings import shorten
from nn.serialization import write_atomically

DESCRIPTION = gettext_noop("""\
List, export or delete stored runs: those of inkling sweep, and of inkling train with
--save-run. They are in runs.sqlite3 in the user's state folder, or in the folder that
INKLING_API_STATE names.""")

CSV, JSON = "csv", "json"


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of `inkling`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "runs", help=gettext("list, export or delete stored runs"), description=gettext(DESCRIPTION)
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser(
        "list",
        help=gettext("list the runs"),
        description=gettext(
            "List the stored runs: number, name, sweep, when they were stored, scores."
        ),
    )
    listing.set_defaults(run=run_list, parser=listing)
    listing.add_argument("--sweep", metavar="NAME", help=gettext("only the runs of this sweep"))
    export = actions.add_parser(
        "export",
        help=gettext("export runs as CSV or JSON"),
        description=gettext(
            "Write runs as CSV, with the settings that differ, or as JSON, with all."
        ),
    )
    export.set_defaults(run=run_export, parser=export)
    add_selection(export)
    export.add_argument(
        "--format",
        choices=(CSV, JSON),
        default=CSV,
        help=gettext("csv or json (default: %(default)s)"),
    )
    add_output(export, gettext("the runs"))
    delete = actions.add_parser(
        "delete",
        help=gettext("delete runs"),
        description=gettext("Delete runs, also those of a whole sweep."),
    )
    delete.set_defaults(run=run_delete, parser=delete)
    add_selection(delete)
    delete.add_argument("--all", action="store_true", help=gettext("delete all runs"))


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that choose runs."""
    parser.add_argument(
        "runs", nargs="*", metavar="RUN", help=gettext("numbers of runs, as listed")
    )
    parser.add_argument("--sweep", metavar="NAME", help=gettext("the runs of this sweep"))


def add_output(parser: argparse.ArgumentParser, what: str) -> None:
    """Add --output."""
    parser.add_argument(
        "--output",
        metavar="FILE",
        help=gettext("write {what} to a file instead of printing", what=what),
    )


def open_database() -> RunDatabase:
    """Return the database of runs in the state folder; nothing is made before the first run."""
    return RunDatabase(settings_from_environment().state_folder, time.time)


def chosen_runs(arguments: argparse.Namespace, database: RunDatabase) -> list[StoredRun]:
    """Return the runs that the arguments choose, all without any, in the order of the arguments.

    Raises
    ------
    CommandError
        There are none, or one of them is not stored.
    """
    stored = database.runs(arguments.sweep)
    if arguments.sweep is not None and not stored:
        raise CommandError(
            gettext(
                "--sweep: expected a sweep with stored runs, found none of “{sweep}”; "
                "inkling runs list shows them.",
                sweep=arguments.sweep,
            )
        )
    numbers = [read_integer("RUN", text, 1, 10**9) for text in arguments.runs]
    by_number = {run.number: run for run in stored}
    for number in numbers:
        if number not in by_number:
            raise CommandError(
                gettext(
                    "RUN: expected the number of a stored run, found {number}; inkling "
                    "runs list shows them.",
                    number=number,
                )
            )
    found = [by_number[number] for number in numbers] if numbers else stored
    if not found:
        raise CommandError(
            gettext(
                "no runs are stored in {path}; inkling sweep and inkling train --save-run "
                "store them.",
                path=database.path,
            )
        )
    return found


def find_run(database: RunDatabase, text: str) -> StoredRun:
    """Return the stored run of a number or a name.

    Raises
    ------
    CommandError
        There is none, or several have the name.
    """
    runs = database.runs()
    found = [run for run in runs if str(run.number) == text]
    found = found or [run for run in runs if run.record.name == text[:MAX_NAME]]
    if len(found) != 1:
        numbers = ", ".join(str(run.number) for run in found)
        raise CommandError(
            gettext(
                "--run: expected the number or the name of one stored run, found “{text}”, the "
                "name of runs {numbers}; give a number.",
                text=shorten(text, 60),
                numbers=numbers,
            )
            if found
            else gettext(
                "--run: expected the number or the name of one stored run, found “{text}”; inkling "
                "runs list shows them.",
                text=shorten(text, 60),
            )
        )
    return found[0]


def run_list(arguments: argparse.Namespace) -> int:
    """Print a line for each run."""
    database = open_database()
    runs = database.runs(arguments.sweep)
    lines = [_line(run) for run in runs]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.write(
        ngettext(
            "{count} run in {path}",
            "{count} runs in {path}",
            len(runs),
            count=len(runs),
            path=database.path,
        )
        + "\n"
    )
    return 0


def run_export(arguments: argparse.Namespace) -> int:
    """Write runs as CSV or JSON."""
    runs = chosen_runs(arguments, open_database())
    if arguments.format == CSV:
        text = compare_table(runs).csv()
    else:
        text = json.dumps([run_values(run) for run in runs], indent=2) + "\n"
    write_text(text, arguments.output)
    return 0


def run_delete(arguments: argparse.Namespace) -> int:
    """Delete runs."""
    if not (arguments.runs or arguments.sweep or arguments.all):
        raise CommandError(gettext("expected numbers of runs, --sweep or --all; found none."))
    database = open_database()
    runs = chosen_runs(arguments, database)
    count = database.delete([run.number for run in runs])
    sys.stdout.write(
        ngettext("Deleted {count} run.", "Deleted {count} runs.", count, count=count) + "\n"
    )
    return 0


def write_text(text: str, output: str | None) -> None:
    """Write a text to a file, or print it."""
    if output is None:
        sys.stdout.write(text)
        return
    check_output("--output", Path(output))
    write_atomically(Path(output), text.encode())
    sys.stdout.write(gettext("Written to {output}.", output=output) + "\n")


def _line(run: StoredRun) -> str:
    record = run.record
    when = datetime.datetime.fromtimestamp(run.saved).strftime("%Y-%m-%d %H:%M")
    sweeps: Sequence[str] = run.sweeps
    parts = [
        f"{run.number:>5}  {when}  {record.name}",
        gettext("sweep {names}", names=", ".join(sweeps)) if sweeps else "",
        ""
        if record.last is None
        else gettext("validation {accuracy:.2f} %", accuracy=100 * record.last.accuracy),
        ""
        if run.test is None
        else gettext("test {accuracy:.2f} %", accuracy=100 * run.test.accuracy),
        gettext("diverged") if run.fault else "",
    ]
    return " · ".join(filter(None, parts))
