"""`inkling site`: builds the static site for the browser runtime.

The builder is imported when the command runs, since it imports Panel.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from dashboard.cli.failure import CommandError

DEFAULT_DESTINATION = "dist/site"


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of `inkling`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "site",
        help="build the static site",
        description="Build the static site: a folder of files with which Python runs in the "
        "browser, in a web worker. It makes no request to other hosts. An existing site is "
        "replaced once the new one is complete.",
    )
    parser.set_defaults(run=run, parser=parser)
    parser.add_argument(
        "destination",
        nargs="?",
        metavar="DEST",
        default=DEFAULT_DESTINATION,
        help="the folder to write (default: %(default)s)",
    )
    parser.add_argument(
        "--pyodide-dist",
        metavar="FOLDER",
        help="a folder with a Pyodide distribution; default: the environment variable "
        "PYODIDE_DIST, else it is downloaded and verified",
    )
    parser.add_argument(
        "--data",
        metavar="FOLDER",
        help="a folder with full data sets to include; default: the environment variable "
        "INKLING_DATA, else those that were fetched",
    )


def run(arguments: argparse.Namespace) -> int:
    """Build the site and log each step to stderr."""
    from dashboard.site import SiteError, build_site  # noqa: PLC0415 - imports Panel

    def log(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    try:
        build_site(
            Path(arguments.destination),
            pyodide_dist=arguments.pyodide_dist,
            data_folder=arguments.data,
            log=log,
        )
    except SiteError as error:
        raise CommandError(str(error)) from error
    return 0
