"""`inkling compare`: a table of stored runs, as the page's table of runs shows them."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from dashboard.cli.arguments import read_integer
from dashboard.cli.errors import CommandError
from dashboard.cli.run_table import compare_table, means_table
from dashboard.cli.runs import add_output, add_selection, chosen_runs, open_database, write_text
from dashboard.languages.text import gettext, gettext_noop

DESCRIPTION = gettext_noop("""\
Compare stored runs: only the settings that differ, and the scores, with differences to
a baseline in parentheses. With --means, a row for each configuration: mean and standard
deviation of the accuracy over its seeds, the best on validation samples first.

With --output the table is written as CSV with exact values.""")


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of `inkling`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "compare", help=gettext("compare stored runs in a table"), description=gettext(DESCRIPTION)
    )
    parser.set_defaults(run=run, parser=parser)
    add_selection(parser)
    parser.add_argument(
        "--baseline", metavar="RUN", help=gettext("number of the run that scores are compared with")
    )
    parser.add_argument(
        "--means", action="store_true", help=gettext("means over seeds instead of single runs")
    )
    add_output(parser, gettext("the table as CSV"))


def run(arguments: argparse.Namespace) -> int:
    """Print the table."""
    runs = chosen_runs(arguments, open_database())
    baseline = None
    if arguments.baseline is not None:
        baseline = read_integer("--baseline", arguments.baseline, 1, 10**9)
        if all(run.number != baseline for run in runs):
            raise CommandError(
                gettext(
                    "--baseline: expected one of the compared runs, found {baseline}.",
                    baseline=baseline,
                )
            )
    table = means_table(runs) if arguments.means else compare_table(runs, baseline)
    if arguments.output is not None:
        write_text(table.csv(), arguments.output)
    else:
        sys.stdout.write("".join(f"{line}\n" for line in table.lines()))
    return 0
