"""Reads a weights file that somebody brings, and sees that the controller can use what it holds.

Nothing is replaced before all of it has been checked.
"""

from __future__ import annotations

import numpy as np

from dashboard.training.settings import MAX_HIDDEN_LAYERS, MAX_LAYER_WIDTH
from nn import Network, WeightsError, weights_from_bytes

INPUTS = 784


def read_fitting(content: bytes, name: str, title: str, classes: int) -> Network:
    """Return the float32 network in a weights file.

    Parameters
    ----------
    content, name
        The file; the ending of its name tells its format.
    title, classes
        The data set that the network is for, and how many classes it has.

    Raises
    ------
    WeightsError
        With a sentence, when the file is damaged or its network does not fit.
    """
    return check_fitting(weights_from_bytes(content, name), name, title, classes)


def check_fitting(network: Network, name: str, title: str, classes: int) -> Network:
    """Return a network as float32 if it fits the data set; otherwise raise as `read_fitting`."""
    network = _as_float32(network, name)
    expected, found = (INPUTS, classes), (network.sizes[0], network.sizes[-1])
    if found != expected:
        raise WeightsError(
            f"{name}: {title} needs a net with {expected[0]} inputs and "
            f"{expected[1]} outputs; this one has {found[0]} and {found[1]}."
        )
    hidden = network.sizes[1:-1]
    if len(hidden) > MAX_HIDDEN_LAYERS or max(hidden, default=1) > MAX_LAYER_WIDTH:
        raise WeightsError(
            f"{name}: a net here has at most {MAX_HIDDEN_LAYERS} hidden layers of at most "
            f"{MAX_LAYER_WIDTH:,} units; this one has {len(hidden)}, the widest of "
            f"{max(hidden):,}."
        )
    return network


def _as_float32(network: Network, name: str) -> Network:
    with np.errstate(over="ignore"):
        converted = network.astype(np.float32)
    if not all(np.isfinite(parameter).all() for parameter in converted.parameters()):
        raise WeightsError(
            f"{name}: expected numbers that fit into 32-bit floats, below 3.4e38, and found "
            "larger ones."
        )
    return converted
