"""The contents of small weights files, right and with changes."""

import io
import json

import numpy as np

from nn import create_network, weights_to_bytes

CONVOLUTIONS = "crop6 conv3x2 pool2 conv2x3"


def convolutional_network(**settings):
    generator = np.random.default_rng(0)
    network = create_network((64, 4, 3), generator=generator, layer_spec=CONVOLUTIONS, **settings)
    for parameter in network.parameters():
        parameter[...] = generator.standard_normal(parameter.shape)
    return network


def archive(*arrays: np.ndarray, **named: np.ndarray | None) -> bytes:
    """Arrays as the content of a `.npz` file; None is left out."""
    file = io.BytesIO()
    np.savez(file, *arrays, **{key: array for key, array in named.items() if array is not None})
    return file.getvalue()


def dense_arrays(**changes):
    arrays = {
        "format": np.array(1),
        "activation": np.array("relu"),
        "sizes": np.array([4, 3, 2]),
        "biases": np.array(True),
        "W0": np.ones((4, 3), dtype=np.float32),
        "b0": np.ones(3, dtype=np.float32),
        "W1": np.ones((3, 2), dtype=np.float32),
        "b1": np.ones(2, dtype=np.float32),
    }
    return arrays | changes


def convolutional_arrays(**changes):
    with np.load(io.BytesIO(weights_to_bytes(convolutional_network(), ".npz"))) as saved:
        return dict(saved) | changes


def s4(**changes) -> bytes:
    content = {"W0": [1.0] * 12, "b0": [0.0] * 3, "W1": [1.0] * 6, "b1": [0.0] * 2, **changes}
    return json.dumps({key: v for key, v in content.items() if v is not None}).encode()


def s0(weights, **others) -> bytes:
    return json.dumps({"weights": weights, **others}).encode()
