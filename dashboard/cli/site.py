"""`inkling site`: builds the static site for the browser runtime.

The builder is imported when the command runs, since it imports Panel.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from dashboard.cli.errors import CommandError
from dashboard.languages.text import gettext
from dashboard.training.settings import SettingError

DEFAULT_DESTINATION = "dist/site"


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of `inkling`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "site",
        help=gettext("build the static site"),
        description=gettext(
            "Build the static site: a folder of files with which Python runs in the "
            "browser, in a web worker. It makes no request to other hosts. An existing "
            "site is replaced once the new one is complete."
        ),
    )
    parser.set_defaults(run=run, parser=parser)
    parser.add_argument(
        "destination",
        nargs="?",
        metavar="DEST",
        default=DEFAULT_DESTINATION,
        help=gettext("the folder to write (default: %(default)s)"),
    )
    parser.add_argument(
        "--pyodide-dist",
        metavar="FOLDER",
        help=gettext(
            "a folder with a Pyodide distribution; default: the environment variable "
            "PYODIDE_DIST, else it is downloaded and verified"
        ),
    )
    parser.add_argument(
        "--data",
        metavar="FOLDER",
        help=gettext(
            "a folder with full data sets to include; default: the environment variable "
            "INKLING_DATA, else those that were fetched"
        ),
    )
    parser.add_argument(
        "--lesson",
        metavar="FILE",
        help=gettext("with --scorm: the TOML file of the lesson or task that the package opens"),
    )
    parser.add_argument(
        "--scorm",
        action="store_true",
        help=gettext(
            "also write DEST.zip, a SCORM 1.2 package for a learning platform, which gets "
            "score and completion"
        ),
    )


def run(arguments: argparse.Namespace) -> int:
    """Build the site and log each step to stderr."""
    from dashboard.site import SiteError, build_site  # noqa: PLC0415 - imports Panel

    if arguments.scorm != (arguments.lesson is not None):
        raise SettingError(gettext("--lesson and --scorm are given together; found one of them."))
    destination = Path(arguments.destination)

    def log(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    try:
        if arguments.scorm:
            from dashboard.site.scorm import read_lesson_file, write_scorm  # noqa: PLC0415

            lesson = read_lesson_file(Path(arguments.lesson))
        build_site(
            destination, pyodide_dist=arguments.pyodide_dist, data_folder=arguments.data, log=log
        )
        if arguments.scorm:
            package = destination.with_name(f"{destination.name}.zip")
            write_scorm(destination, *lesson, package)
            log(gettext("the SCORM package is {package}", package=package))
    except SiteError as error:
        raise CommandError(str(error)) from error
    return 0
