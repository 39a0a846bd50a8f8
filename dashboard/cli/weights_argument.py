"""Opens the net that a command line names: a weights file, or the ready-trained one.

Commands that ask a net about digits need one that takes 784 pixels and knows ten classes.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from dashboard.cli.settings import CLASSES, PIXELS
from nn import PRETRAINED, Network, WeightsError, load_pretrained, load_weights


@dataclass(frozen=True)
class NamedNetwork:
    """A network and what to call it in a sentence."""

    network: Network
    title: str
    is_ready_trained: bool


def add_weights_argument(parser: argparse.ArgumentParser) -> None:
    """Add --weight-path."""
    parser.add_argument(
        "--weight-path",
        metavar="FILE",
        help="the net's weights, .npz or .json, or a ready-trained net by name: "
        f"{', '.join(PRETRAINED)} (default: {PRETRAINED[0]})",
    )


def open_network(arguments: argparse.Namespace) -> NamedNetwork:
    """Open what --weight-path names; WeightsError when it does not fit digits."""
    path = arguments.weight_path
    is_ready_trained = path is None or path in PRETRAINED
    network = load_pretrained(path or PRETRAINED[0]) if is_ready_trained else load_weights(path)
    if (network.sizes[0], network.classes) != (PIXELS, CLASSES):
        raise WeightsError(
            f"{path}: a net of {PIXELS} inputs and {CLASSES} outputs was expected, and one of "
            f"{network.sizes[0]} inputs and {network.classes} outputs was found."
        )
    name = "" if path is None else f" {path}"
    title = f"the ready-trained net{name}" if is_ready_trained else str(path)
    return NamedNetwork(network, f"{title} ({network.title})", is_ready_trained)
