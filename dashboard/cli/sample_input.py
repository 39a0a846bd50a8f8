"""Samples from paths for the commands: the flags that correct a file, and what was read, in a line.

All commands read samples here, so that they say the same of the same file.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dashboard.languages.text import gettext
from dashboard.sample_warnings import network_warnings
from dashboard.training.settings import SettingError
from data_cache import DataError, ReadOptions, SampleFile, Samples, read_samples
from data_cache.readers.paths import parse_samples
from data_cache.readers.sample_file import find_overlap
from nn import load_pretrained


def add_read_arguments(parser: argparse._ActionsContainer) -> None:
    """Add --transpose, --invert, --scale and --label-column."""
    parser.add_argument(
        "--transpose",
        action="store_true",
        help=gettext("exchange rows and columns of the pictures, as EMNIST's need"),
    )
    parser.add_argument(
        "--invert",
        action="store_true",
        help=gettext("exchange ink and paper: 255 minus every pixel"),
    )
    parser.add_argument(
        "--scale",
        metavar="FACTOR",
        help=gettext(
            "multiply every pixel, so that full ink becomes 255 (default: 255 if no pixel "
            "is above 1, else 1)"
        ),
    )
    parser.add_argument(
        "--label-column",
        metavar="COLUMN",
        help=gettext(
            "the column of the labels in a table: its header, its number from 1, first, "
            "last or none (default: it is found)"
        ),
    )


def read_options(arguments: argparse.Namespace) -> ReadOptions:
    """Return the options in the arguments; raise SettingError for an invalid factor."""
    scale = None
    if arguments.scale is not None:
        try:
            scale = float(arguments.scale)
        except ValueError:
            scale = float("nan")
        if not 0 < scale < 1e6:
            raise SettingError(
                gettext(
                    "--scale: expected a factor above 0, such as 255, found “{scale}”.",
                    scale=arguments.scale[:24],
                )
            )
    return ReadOptions(arguments.transpose, arguments.invert, scale, arguments.label_column)


def read_reported(
    path: str,
    part: str,
    options: ReadOptions,
    other_part: str | None = None,
    content: bytes | None = None,
) -> SampleFile:
    """Read samples from a path, and report on stderr in a line what was read and what is odd.

    Parameters
    ----------
    path, part, options
        As in `read_samples`.
    other_part
        Which half of a folder to read if it lacks the first.
    content
        Of a pipe that has been read.

    Raises
    ------
    DataError
        If the path cannot be read.
    """
    try:
        if content is None:
            file = read_samples(path, part, options)
        else:
            file = parse_samples(content, path, part, options)
    except DataError:
        if other_part is None or not Path(path).is_dir():
            raise
        file = read_samples(path, other_part, options)
        path = gettext("{path}, part {part}", path=path, part=gettext(other_part))
    warnings = list(file.warnings)
    if file.is_labelled and not warnings:
        warnings += network_warnings(file.samples, load_pretrained())
    report(
        gettext("Read {path}: {description}.", path=path, description=file.description), warnings
    )
    return file


def report(sentence: str, warnings: list[str], word: str = "") -> None:
    """Write a sentence to stderr, and more under it, each behind `word`."""
    word = word or gettext("Warning")
    lines = [sentence, *(f"{word}: {warning}" for warning in warnings)]
    sys.stderr.write("".join(f"{line}\n" for line in lines))
    sys.stderr.flush()


def overlap_warnings(train: Samples, held_out: Samples) -> list[str]:
    """Return a sentence if samples to train on are also evaluated."""
    count = find_overlap(train, held_out)
    if count <= len(held_out) // 100:
        return []
    return [
        gettext(
            "{count:,} of {all:,} validation samples are also training samples, so "
            "the validation accuracy will be too high.",
            count=count,
            all=len(held_out),
        )
    ]
