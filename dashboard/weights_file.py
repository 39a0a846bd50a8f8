"""Reads weights files and checks that the app and the API can use the network in them.

The whole file is checked before anything is replaced.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dashboard.languages.text import gettext, gettext_noop
from dashboard.training.budget import COMMAND_BUDGET, DIGITS_BUDGET, Budget
from dashboard.training.settings import MAX_HIDDEN_LAYERS, MAX_LAYER_WIDTH
from data_cache import load_digits
from data_cache.readers.file_kinds import JSON, identify
from data_cache.samples import PIXELS
from nn import Network, WeightsError
from nn.serialization import Reading, read_weights

EXPECTED = gettext_noop("weights as .npz, JSON or safetensors")
_SCORED = 200
# Kinds that `nn` reads, or names itself with the way out in their program.
_READ = (
    *("npz", "zip", "gzip", "json", "safetensors"),
    *("torch", "keras", "hdf5", "unknown"),
)
_DIGITS = (PIXELS, 10)
_CHANCE = 0.35
_BYTES_PER_WEIGHT = 8
# Beside the weights: biases, names, and what surrounds the arrays of an archive.
_MORE_BYTES = 1 << 20


def read_any_weights(content: bytes, name: str, budget: Budget = COMMAND_BUDGET) -> Reading:
    """Return the network in a weights file of any program, with what was assumed.

    Where the file leaves open which way round its matrices are, the bundled digits decide. An
    archive that unpacks to more than the weights of the budget is not unpacked.

    Raises
    ------
    WeightsError
        The file has no weights; the message says what it is.
    """
    kind = identify(content)
    if kind.name not in _READ:
        raise WeightsError(kind.refusal(name, EXPECTED))
    limit = _BYTES_PER_WEIGHT * budget.weights + _MORE_BYTES
    reading = read_weights(content, name, score_on_digits, max_bytes=limit)
    network = reading.network
    if not (reading.notes or kind is JSON) or (network.inputs, network.classes) != _DIGITS:
        return reading
    share = score_on_digits(network)
    if share >= _CHANCE:
        return reading
    note = gettext(
        "The network recognises {share:.0f} % of the bundled digits: it may be "
        "untrained, or for other pictures, pixels of another range, or another "
        "activation.",
        share=100 * share,
    )
    return replace(reading, notes=(*reading.notes, note))


def score_on_digits(network: Network) -> float:
    """Return the accuracy on bundled validation digits; 0 for a network of another size."""
    samples = load_digits().validation[:_SCORED]
    if network.inputs != PIXELS or network.classes <= int(samples.labels.max()):
        return 0.0
    predicted = network.predict_proba(samples.images).argmax(axis=1)
    return float((predicted == samples.labels).mean())


def read_compatible_network(content: bytes, name: str, title: str, classes: int) -> Reading:
    """Return the network in a weights file as float32, with what was assumed.

    Parameters
    ----------
    content, name
        The file; its content tells its format.
    title, classes
        The data set that the network is for, and its number of classes.

    Raises
    ------
    WeightsError
        The file is damaged, or its network does not fit the data set or the limits of the app.
    """
    reading = read_any_weights(content, name, DIGITS_BUDGET)
    network = check_compatible(reading.network, name, title, classes)
    other = reading.other
    if other is not None:
        other = replace(other, network=check_compatible(other.network, name, title, classes))
    return replace(reading, network=network, other=other)


def check_compatible(network: Network, name: str, title: str, classes: int) -> Network:
    """Return a network as float32 if it fits; see `read_compatible_network`."""
    network = _as_float32(network, name)
    expected, found = (PIXELS, classes), (network.sizes[0], network.sizes[-1])
    if found != expected:
        raise WeightsError(
            gettext(
                "{name}: {title} needs a net with {inputs} inputs and {outputs} "
                "outputs; this one has {found_inputs} and {found_outputs}.",
                name=name,
                title=title,
                inputs=expected[0],
                outputs=expected[1],
                found_inputs=found[0],
                found_outputs=found[1],
            )
        )
    hidden = network.sizes[1:-1]
    weights = sum(layer.weights.size for layer in network.layers)
    if weights > DIGITS_BUDGET.weights:
        raise WeightsError(
            gettext(
                "{name}: expected at most {most:,} weights; found {weights:,}.",
                name=name,
                most=DIGITS_BUDGET.weights,
                weights=weights,
            )
        )
    if len(hidden) > MAX_HIDDEN_LAYERS or max(hidden, default=1) > MAX_LAYER_WIDTH:
        raise WeightsError(
            gettext(
                "{name}: expected at most {max_hidden_layers} hidden layers of at most "
                "{max_layer_width:,} units; found {count}, the widest of {widest:,}.",
                name=name,
                max_hidden_layers=MAX_HIDDEN_LAYERS,
                max_layer_width=MAX_LAYER_WIDTH,
                count=len(hidden),
                widest=max(hidden),
            )
        )
    return network


def _as_float32(network: Network, name: str) -> Network:
    with np.errstate(over="ignore"):
        converted = network.astype(np.float32)
    if not all(np.isfinite(parameter).all() for parameter in converted.parameters()):
        raise WeightsError(
            gettext(
                "{name}: expected weights that fit into 32-bit floats, below 3.4e38 in "
                "magnitude; found larger ones.",
                name=name,
            )
        )
    return converted
