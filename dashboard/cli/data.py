"""`inkling data`: fetches the full data sets, and lists which are available.

The 5,000 bundled digits need no fetching.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from tqdm import tqdm

from dashboard.training.settings import SettingError
from data_cache import (
    DATA_SETS,
    data_folder,
    data_set_available,
    fetch_data_set,
)

FETCHABLE = tuple(name for name, card in DATA_SETS.items() if not card.bundled)


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of `inkling`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "data",
        help="fetch or list the data sets",
        description="Fetch the full data sets, or list what is available. They are stored in the "
        "folder that the environment variable INKLING_DATA names, else in the user's cache.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    fetch = actions.add_parser(
        "fetch",
        help="fetch a data set",
        description="Fetch a data set, trying its mirrors in order and verifying every file by its "
        "SHA-256. Intact files are kept; an interrupted download can simply be repeated.",
    )
    fetch.add_argument("name", metavar="NAME", help=f"one of {', '.join(FETCHABLE)}")
    fetch.set_defaults(run=run_fetch, parser=fetch)
    listing = actions.add_parser(
        "list",
        help="list the data sets",
        description="List the data sets: the sizes of their parts, and where they are.",
    )
    listing.set_defaults(run=run_list, parser=listing)


def run_fetch(arguments: argparse.Namespace) -> int:
    """Fetch a data set, with a progress bar on a terminal."""
    name = arguments.name
    if name not in FETCHABLE:
        found = "which is bundled" if name in DATA_SETS else "which is unknown"
        raise SettingError(
            f"NAME: expected one of {', '.join(FETCHABLE)}; found “{name}”, {found}."
        )
    with tqdm(
        unit="B", unit_scale=True, disable=not sys.stderr.isatty(), dynamic_ncols=True
    ) as bar:

        def show(done: int, total: int, file_name: str) -> None:
            bar.total = total
            bar.set_description_str(file_name, refresh=False)
            bar.update(done - bar.n)

        folder = fetch_data_set(name, progress=show)
    sys.stdout.write(f"{DATA_SETS[name].title} is in {folder}\n")
    return 0


def run_list(_arguments: argparse.Namespace) -> int:
    """Print one line per data set."""
    lines = [f"{'name':<14} {'train':>7} {'validation':>11} {'test':>7}  where"]
    for name, card in DATA_SETS.items():
        train, validation, test = card.counts
        lines.append(f"{name:<14} {train:>7,} {validation:>11,} {test:>7,}  {_place(name)}")
    lines.append(f"Folder of the data sets: {data_folder()}")
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _place(name: str) -> str:
    if DATA_SETS[name].bundled:
        return "bundled"
    if data_set_available(name):
        return "available"
    return f"missing: inkling data fetch {name}"
