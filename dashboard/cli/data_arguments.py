"""The arguments that name samples, a data set or a path, shared by several commands."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from dashboard.training.settings import SettingError
from data_cache import DATA_SETS, DIGIT_NAMES, Samples, load_data_set, open_samples

PATH_KINDS = (
    "a folder of idx files as MNIST has them, an idx file of images (its labels are found by "
    "name), or a CSV file with a header row, the label first, then 784 pixels of 0 to 255; "
    "each plain or gzip-compressed"
)
DATA_SET_HELP = (
    f"a data set by name: {', '.join(DATA_SETS)}; all but digits must have been fetched "
    "(inkling data fetch NAME) or be in the folder that INKLING_DATA names"
)


@dataclass(frozen=True)
class NamedSamples:
    """Samples with the names of their classes and a title for messages."""

    samples: Samples
    class_names: tuple[str, ...]
    title: str


def add_data_arguments(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Add --data-path, --data-set and --part."""
    group = parser.add_mutually_exclusive_group(required=required)
    group.add_argument("--data-path", metavar="PATH", help=f"samples to read: {PATH_KINDS}")
    group.add_argument("--data-set", metavar="NAME", help=DATA_SET_HELP)
    parser.add_argument(
        "--part",
        choices=("train", "validation", "test"),
        default="test",
        help="which part of a data set (train, validation, test) or of an idx folder "
        "(train, test); ignored for a file (default: %(default)s)",
    )


def open_named(arguments: argparse.Namespace) -> NamedSamples:
    """Return the samples that --data-path or --data-set names."""
    if arguments.data_path is not None:
        samples = open_samples(arguments.data_path, arguments.part)
        return NamedSamples(samples, DIGIT_NAMES, str(arguments.data_path))
    data_set = load_data_set(data_set_name(arguments.data_set))
    return NamedSamples(
        data_set.part(arguments.part),
        data_set.class_names,
        f"{data_set.title}, part {arguments.part}",
    )


def data_set_name(text: str) -> str:
    """Return the validated name of a data set; raise SettingError if it is unknown."""
    if text not in DATA_SETS:
        raise SettingError(f"--data-set: expected one of {', '.join(DATA_SETS)}; found “{text}”.")
    return text
