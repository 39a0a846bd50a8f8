"""The arguments of commands: settings as flags, and samples and networks by path or by name.

Invalid values raise SettingError, so that a command ends before it has done any work.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import param

from dashboard.cli.sample_input import (
    add_read_arguments,
    read_options,
    read_reported,
    report,
)
from dashboard.cli.settings import CommandSettings
from dashboard.languages.text import gettext
from dashboard.training.settings import (
    MAX_HIDDEN_LAYERS,
    MAX_LAYER_WIDTH,
    ArchitectureParameter,
    SettingError,
    describe_range,
)
from dashboard.weights_file import read_any_weights
from data_cache import DATA_SETS, DIGIT_NAMES, Samples, load_data_set
from data_cache.samples import PIXELS
from nn import (
    ARCHITECTURES,
    PRETRAINED,
    Network,
    PretrainedCard,
    WeightsError,
    activation_name,
    initialization_name,
    load_pretrained,
    optimizer_name,
    pretrained_card,
    schedule_name,
)
from nn.serialization import read_file

CLASSES = len(DIGIT_NAMES)


def path_kinds() -> str:
    """Return what files of samples may be, in words."""
    return gettext(
        "a folder of idx files as MNIST has them, or of pictures in folders 0 to 9; an idx file of "
        "images (its labels are found by name); a table (CSV) of the label and 784 pixels of 0 to "
        "255; or a .npz archive such as Keras's; each plain or compressed"
    )


def data_set_help() -> str:
    """Return the help text of the flag that names a data set."""
    return gettext(
        "a data set by name: {names}; all but digits must have been fetched (inkling data fetch "
        "NAME) or be in the folder that INKLING_DATA names",
        names=", ".join(DATA_SETS),
    )


_SPELLINGS: dict[str, Callable[[str], str]] = {
    "activation": activation_name,
    "initialization": initialization_name,
    "optimizer": optimizer_name,
    "schedule": schedule_name,
}


@dataclass(frozen=True)
class NamedSamples:
    """Samples with the names of their classes and a title for messages."""

    samples: Samples
    class_names: tuple[str, ...]
    title: str

    @property
    def is_labelled(self) -> bool:
        """Whether the samples have labels."""
        return self.samples.is_labelled is None


def add_data_arguments(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Add --data-path, --data-set and --part."""
    group = parser.add_mutually_exclusive_group(required=required)
    group.add_argument(
        "--data-path",
        metavar="PATH",
        help=gettext("samples to read: {kinds}", kinds=path_kinds()),
    )
    group.add_argument("--data-set", metavar="NAME", help=data_set_help())
    parser.add_argument(
        "--part",
        choices=("train", "validation", "test"),
        help=gettext(
            "which part of a data set (train, validation, test) or of a folder (train, "
            "test); ignored for a file (default: test, or the only one that a folder has)"
        ),
    )
    add_read_arguments(parser)


def open_named(
    arguments: argparse.Namespace, *, labelled: bool = True, content: bytes | None = None
) -> NamedSamples:
    """Return the samples that --data-path or --data-set names.

    Parameters
    ----------
    arguments
        Of the command.
    labelled
        Whether the samples must have labels.
    content
        Of the path, if it is a pipe that has been read.

    Raises
    ------
    SettingError
        If the data set is unknown.
    DataError
        If it is not on this machine, or the path cannot be read.
    """
    if arguments.data_path is not None:
        options = read_options(arguments)
        part, other = arguments.part or "test", None if arguments.part else "train"
        file = read_reported(arguments.data_path, part, options, other, content)
        samples = file.labelled() if labelled else file.samples
        return NamedSamples(samples, DIGIT_NAMES, str(arguments.data_path))
    data_set = load_data_set(data_set_name(arguments.data_set))
    part = arguments.part or "test"
    return NamedSamples(
        data_set.part(part),
        data_set.class_names,
        gettext("{title}, part {part}", title=data_set.title, part=part),
    )


def data_set_name(text: str) -> str:
    """Return the validated name of a data set; raise SettingError if it is unknown."""
    if text not in DATA_SETS:
        raise SettingError(
            gettext(
                "--data-set: expected one of {names}; found “{text}”.",
                names=", ".join(DATA_SETS),
                text=text,
            )
        )
    return text


@dataclass(frozen=True)
class NamedNetwork:
    """A network with a title for messages."""

    network: Network
    title: str
    is_pretrained: bool
    card: PretrainedCard | None = None
    """Of a pretrained model: below its thresholds of confidence, there may be no digit."""


def add_weights_argument(parser: argparse.ArgumentParser) -> None:
    """Add --weight-path."""
    parser.add_argument(
        "--weight-path",
        metavar="FILE",
        help=gettext(
            "the weights, .npz, .json or .safetensors, also of PyTorch or Keras, or a "
            "pretrained model by name: {names} (default: {pretrained})",
            names=", ".join(PRETRAINED),
            pretrained=PRETRAINED[0],
        ),
    )


def open_network(arguments: argparse.Namespace) -> NamedNetwork:
    """Return the network that --weight-path names.

    Raises
    ------
    WeightsError
        If the file is invalid, or its network does not have 784 inputs and 10 outputs.
    """
    path = arguments.weight_path
    is_pretrained = path is None or path in PRETRAINED
    network = load_pretrained(path or PRETRAINED[0]) if is_pretrained else _read_network(path)
    if (network.sizes[0], network.classes) != (PIXELS, CLASSES):
        raise WeightsError(
            gettext(
                "{path}: expected a network with {inputs} inputs and {outputs} outputs, "
                "found {found_inputs} inputs and {found_outputs} outputs.",
                path=path,
                inputs=PIXELS,
                outputs=CLASSES,
                found_inputs=network.sizes[0],
                found_outputs=network.classes,
            )
        )
    title = str(path)
    if is_pretrained:
        title = gettext("the pretrained model {name}", name=path or "").rstrip()
    card = pretrained_card(path or PRETRAINED[0]) if is_pretrained else None
    return NamedNetwork(network, f"{title} ({network.title})", is_pretrained, card)


def _read_network(path: str) -> Network:
    """Return the network in a file; what was assumed about it is said on stderr."""
    reading = read_any_weights(read_file(path), path)
    if reading.notes:
        report(
            gettext("Read {path}: {title}.", path=path, title=reading.network.title),
            list(reading.notes),
            gettext("Note"),
        )
    return reading.network


def read_flag(flag: str, name: str, text: str) -> Any:
    """Return the value of a setting from the text of its flag.

    Parameters
    ----------
    flag
        Such as `--learning-rate`, for the error message.
    name
        The name of the setting.
    text
        The text. The names of choices may differ in case, hyphens and underscores: `re-lu`,
        `One_Cycle`.

    Raises
    ------
    SettingError
        If the text is invalid; the message names the flag and the accepted values.
    """
    try:
        return CommandSettings().read(name, _canonical_name(name, text))
    except SettingError as error:
        raise SettingError(f"{flag}: {error}") from error


def read_integer(flag: str, text: str, low: int, high: int) -> int:
    """Return the integer in the text of a flag; raise SettingError unless low <= n <= high."""
    if not (text.isascii() and text.isdigit() and low <= int(text[:12]) <= high):
        raise SettingError(
            gettext(
                "{flag}: expected an integer from {low:,} to {high:,}, found “{text}”.",
                flag=flag,
                low=low,
                high=high,
                text=text[:24],
            )
        )
    return int(text[:12])


def read_structure(flag: str, words: Sequence[str]) -> list[int]:
    """Return the hidden layers of a structure such as `784 500 300 100 10`.

    Raises
    ------
    SettingError
        If the structure does not lead from 784 pixels to 10 classes, or a layer is too large.
    """
    sizes = " ".join(words).replace(",", " ").replace("-", " ").split()
    first, last = str(PIXELS), str(CLASSES)
    if len(sizes) < 2 or sizes[0] != first or sizes[-1] != last:
        raise SettingError(
            gettext(
                "{flag}: expected {first} (pixels), at most {max_hidden_layers} hidden "
                "layers of at most {max_layer_width:,} units, then {last} (classes), for "
                "example 784 500 300 100 10; found “{found}”.",
                flag=flag,
                first=first,
                max_hidden_layers=MAX_HIDDEN_LAYERS,
                max_layer_width=MAX_LAYER_WIDTH,
                last=last,
                found=" ".join(words),
            )
        )
    layers: list[int] = read_flag(flag, "hidden_layers", " ".join(sizes[1:-1]))
    return layers


def explain(name: str, default: Any = None) -> str:
    """Return the help text of a setting's flag: description, accepted values and default."""
    parameter = CommandSettings.param[name]
    if isinstance(parameter, ArchitectureParameter):
        values = gettext("one of {names}, or a layer specification", names=", ".join(ARCHITECTURES))
    elif isinstance(parameter, param.Selector):
        values = gettext("one of {names}", names=", ".join(parameter.objects))
    else:
        values = describe_range(parameter)
    chosen = parameter.default if default is None else default
    if chosen is None:
        chosen = gettext("off")
    # argparse reads a percent sign as a placeholder.
    return gettext(
        "{description} {values} (default: {default}).",
        description=gettext(parameter.doc),
        values=values[:1].upper() + values[1:],
        default=chosen,
    ).replace("%", "%%")


def _canonical_name(name: str, text: str) -> str:
    """Return the canonical name of a choice; an unknown text is returned as it is."""
    find = _SPELLINGS.get(name)
    if find is None:
        return text
    try:
        return find(text)
    except ValueError:
        return text
