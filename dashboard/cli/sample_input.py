"""Samples from paths for the commands: the flags that correct a file, and what was read, in a line.

Doubts that need a network (pictures on their side, another data set) are found here.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from dashboard.training.settings import SettingError
from data_cache import DataError, ReadOptions, SampleFile, Samples, read_samples
from data_cache.readers.paths import parse_samples
from data_cache.readers.sample_file import find_overlap
from data_cache.samples import PIXELS, SIDE
from nn import Network, load_pretrained

_CHECKED = 400
_FEWEST = 10
# So much better the turned pictures must be recognised to be called turned.
_CLEARLY_BETTER = 0.2
_CHANCE = 0.35


def add_read_arguments(parser: argparse._ActionsContainer) -> None:
    """Add --transpose, --invert, --scale and --label-column."""
    parser.add_argument(
        "--transpose",
        action="store_true",
        help="exchange rows and columns of the pictures, as EMNIST's need",
    )
    parser.add_argument(
        "--invert", action="store_true", help="exchange ink and paper: 255 minus every pixel"
    )
    parser.add_argument(
        "--scale",
        metavar="FACTOR",
        help="multiply every pixel, so that full ink becomes 255 (default: 255 if no pixel is "
        "above 1, else 1)",
    )
    parser.add_argument(
        "--label-column",
        metavar="COLUMN",
        help="the column of the labels in a table: its header, its number from 1, first, last or "
        "none (default: it is found)",
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
                f"--scale: expected a factor above 0, such as 255, found “{arguments.scale[:24]}”."
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
        path = f"{path}, part {other_part}"
    warnings = list(file.warnings)
    if file.is_labelled and not warnings:
        warnings += network_doubts(file.samples, load_pretrained())
    report(f"Read {path}: {file.description}.", warnings)
    return file


def report(sentence: str, warnings: list[str], word: str = "Warning") -> None:
    """Write a sentence to stderr, and more under it, each behind `word`."""
    lines = [sentence, *(f"{word}: {warning}" for warning in warnings)]
    sys.stderr.write("".join(f"{line}\n" for line in lines))
    sys.stderr.flush()


def network_doubts(samples: Samples, network: Network) -> list[str]:
    """Return sentences about labelled digits that a network recognises badly.

    Parameters
    ----------
    samples : Samples
    network : Network
        One that recognises digits, such as a pretrained model.
    """
    few = samples[:: max(1, len(samples) // _CHECKED)]
    if len(few) < _FEWEST:
        return []
    turned = few.images.reshape(-1, SIDE, SIDE).transpose(0, 2, 1).reshape(-1, PIXELS)
    upright_share = _accuracy(network, few.images, few.labels)
    turned_share = _accuracy(network, np.ascontiguousarray(turned), few.labels)
    if turned_share > upright_share + _CLEARLY_BETTER:
        return [
            f"The pictures seem to lie on their side: the pretrained model recognises "
            f"{100 * upright_share:.0f} % of them, and {100 * turned_share:.0f} % with rows and "
            "columns exchanged. --transpose exchanges them."
        ]
    if upright_share < _CHANCE:
        return [
            f"The pretrained model recognises {100 * upright_share:.0f} % of these pictures: they "
            "may be no digits, or their labels those of others."
        ]
    return []


def overlap_doubts(train: Samples, held_out: Samples) -> list[str]:
    """Return a sentence if samples to train on are also evaluated."""
    count = find_overlap(train, held_out)
    if count <= len(held_out) // 100:
        return []
    return [
        f"{count:,} of {len(held_out):,} validation samples are also training samples, so the "
        "validation accuracy will be too high."
    ]


def _accuracy(network: Network, images: np.ndarray, labels: np.ndarray) -> float:
    predicted = network.predict_proba(images).argmax(axis=1)
    return float((predicted == labels).mean())
