"""The argument that names a network: a weights file, or a pretrained model by name."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from dashboard.cli.settings import CLASSES, PIXELS
from nn import PRETRAINED, Network, WeightsError, load_pretrained, load_weights


@dataclass(frozen=True)
class NamedNetwork:
    """A network with a title for messages."""

    network: Network
    title: str
    is_pretrained: bool


def add_weights_argument(parser: argparse.ArgumentParser) -> None:
    """Add --weight-path."""
    parser.add_argument(
        "--weight-path",
        metavar="FILE",
        help="the weights, .npz or .json, or a pretrained model by name: "
        f"{', '.join(PRETRAINED)} (default: {PRETRAINED[0]})",
    )


def open_network(arguments: argparse.Namespace) -> NamedNetwork:
    """Return the network that --weight-path names; raise WeightsError unless it fits digits."""
    path = arguments.weight_path
    is_pretrained = path is None or path in PRETRAINED
    network = load_pretrained(path or PRETRAINED[0]) if is_pretrained else load_weights(path)
    if (network.sizes[0], network.classes) != (PIXELS, CLASSES):
        raise WeightsError(
            f"{path}: expected a network with {PIXELS} inputs and {CLASSES} outputs, found "
            f"{network.sizes[0]} inputs and {network.classes} outputs."
        )
    name = "" if path is None else f" {path}"
    title = f"the pretrained model{name}" if is_pretrained else str(path)
    return NamedNetwork(network, f"{title} ({network.title})", is_pretrained)
