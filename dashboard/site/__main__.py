"""Builds the site from the command line: ``python -m dashboard.site DESTINATION``.

The command ``inkling site`` does the same; this one also takes another app to build from.
"""

import argparse
import sys
from pathlib import Path

from dashboard.site.build import APP, build_site
from dashboard.site.errors import SiteError


def main() -> int:
    """Build the site that the arguments ask for; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m dashboard.site", description="Build the browser form as static files."
    )
    parser.add_argument("destination", type=Path, help="folder to write, e.g. dist/site")
    parser.add_argument("--app", type=Path, default=APP, help="Panel script (default: the app)")
    parser.add_argument(
        "--pyodide-dist", type=Path, help="folder with a Pyodide distribution (or PYODIDE_DIST)"
    )
    parser.add_argument("--data", type=Path, help="folder with full data sets (or INKLING_DATA)")
    arguments = parser.parse_args()
    try:
        build_site(
            arguments.destination,
            app=arguments.app,
            pyodide_dist=arguments.pyodide_dist,
            data_folder=arguments.data,
        )
    except SiteError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
