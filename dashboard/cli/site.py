"""`inkling site`: builds the browser form, a folder that any server of static files can serve.

The builder is loaded only when it is asked for: it brings Panel along.
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
        help="build the static browser form",
        description="Build the browser form: a folder of static files in which Python itself runs "
        "in a web worker. Nothing in it asks another host. An existing site is replaced once the "
        "new one is complete.",
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
        help="a folder with a Pyodide distribution; else the environment variable PYODIDE_DIST, "
        "else it is downloaded and checked",
    )
    parser.add_argument(
        "--data",
        metavar="FOLDER",
        help="a folder with full data sets to ship; else the environment variable INKLING_DATA, "
        "else what was fetched",
    )


def run(arguments: argparse.Namespace) -> int:
    """Build the site, with a line on stderr for every step."""
    from dashboard.site import SiteError, build_site  # noqa: PLC0415 - brings Panel along

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
