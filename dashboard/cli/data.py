"""`inkling data`: fetches the full data sets, and lists all of them.

The 5,000 bundled digits are always available.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from tqdm import tqdm

from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext
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
        help=gettext("fetch or list the data sets"),
        description=gettext(
            "Fetch the full data sets, or list what is available. They are stored in the "
            "folder that the environment variable INKLING_DATA names, else in the user's "
            "cache."
        ),
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    fetch = actions.add_parser(
        "fetch",
        help=gettext("fetch a data set"),
        description=gettext(
            "Fetch a data set, trying its mirrors in order and verifying every file by "
            "its SHA-256. Intact files are kept; an interrupted download can simply be "
            "repeated."
        ),
    )
    fetch.add_argument(
        "name", metavar="NAME", help=gettext("one of {names}", names=", ".join(FETCHABLE))
    )
    fetch.set_defaults(run=run_fetch, parser=fetch)
    listing = actions.add_parser(
        "list",
        help=gettext("list the data sets"),
        description=gettext("List the data sets: the sizes of their parts, and where they are."),
    )
    listing.set_defaults(run=run_list, parser=listing)


def run_fetch(arguments: argparse.Namespace) -> int:
    """Fetch a data set, with a progress bar on a terminal."""
    name = arguments.name
    if name not in FETCHABLE:
        found = gettext("which is bundled") if name in DATA_SETS else gettext("which is unknown")
        raise SettingError(
            gettext(
                "NAME: expected one of {names}; found “{name}”, {found}.",
                names=", ".join(FETCHABLE),
                name=name,
                found=found,
            )
        )
    with tqdm(
        unit="B", unit_scale=True, disable=not sys.stderr.isatty(), dynamic_ncols=True
    ) as bar:

        def show(done: int, total: int, file_name: str) -> None:
            bar.total = total
            bar.set_description_str(file_name, refresh=False)
            bar.update(done - bar.n)

        folder = fetch_data_set(name, progress=show)
    title = gettext(DATA_SETS[name].title)
    sys.stdout.write(gettext("{title} is in {folder}", title=title, folder=folder) + "\n")
    return 0


def run_list(_arguments: argparse.Namespace) -> int:
    """Print one line per data set."""
    heads = (gettext("name"), gettext("train"), gettext("validation"), gettext("test"))
    where = gettext("where")
    lines = ["{:<14} {:>7} {:>11} {:>7}  {}".format(*heads, where)]
    for name, card in DATA_SETS.items():
        train, validation, test = card.counts
        counts = (format_number(train), format_number(validation), format_number(test))
        lines.append("{:<14} {:>7} {:>11} {:>7}  {}".format(name, *counts, _location(name)))
    lines.append(gettext("Folder of the data sets: {folder}", folder=data_folder()))
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _location(name: str) -> str:
    if DATA_SETS[name].bundled:
        return gettext("bundled")
    if data_set_available(name):
        return gettext("available")
    return gettext("missing: inkling data fetch {name}", name=name)
