"""Writes a network as Python code that needs NumPy alone, with its weights in it or in a file.

The file shows what a network computes in a few lines, and runs anywhere.
"""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import PurePath

from nn.activations import LEAK
from nn.network import Network
from nn.serialization.files import arrays_to_npz
from nn.serialization.parameters import named_parameters

_ACTIVATIONS = {
    "relu": "np.maximum(z, 0)",
    "leaky-relu": f"np.maximum({LEAK} * z, z)",
    "tanh": "np.tanh(z)",
    "sigmoid": "0.5 * np.tanh(0.5 * z) + 0.5",
    "linear": "z",
}

_WIDTH = 100
"""Characters of a line of weights."""

_CONVOLUTION = '''
def convolve(x, weights, kernel, padding, pool, stride):
    """Convolve images (n, height, width, channels), and keep the largest of each window."""
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    patches = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), axis=(1, 2))
    patches = patches.transpose(0, 1, 2, 4, 5, 3)  # rows, columns and channels of a patch last
    z = patches.reshape(*patches.shape[:3], -1) @ weights
    windows = np.lib.stride_tricks.sliding_window_view(z, (pool, pool), axis=(1, 2))
    return windows[:, ::stride, ::stride].max(axis=(-2, -1))

'''


def network_to_numpy_code(network: Network, weights_name: str | None = None) -> str:
    """Return the Python code of a function `predict_proba` with its weights.

    Parameters
    ----------
    network : Network
    weights_name : str, optional
        The name of the `.npz` file of `weights_for_code` in the same folder; None: the weights are
        in the code itself, below the function, as the bytes of that file in base64.

    Raises
    ------
    WeightsError
        When the weights are in the code, and one is not finite.
    """
    is_beside = weights_name is not None
    imports = ["from pathlib import Path"] if is_beside else ["import base64", "import io"]
    weights = [f"WEIGHTS = dict(np.load(Path(__file__).with_name({weights_name!r})))", "", ""]
    lines = [
        f'"""A network {network.title}: predict_proba(x) gives the probabilities of the classes.',
        "",
        f"x: (n, {network.inputs}) floats in [0, 1], or one image; 0 is the background, 1 is ink.",
        '"""',
        "",
        *imports,
        "",
        "import numpy as np",
        "",
        *(weights if is_beside else [""]),
        "def activation(z):",
        f"    return {_ACTIVATIONS[network.activation]}",
        "",
    ]
    if network.convolutions:
        lines += [*_CONVOLUTION.rstrip("\n").split("\n"), ""]
    lines += [
        "",
        "def predict_proba(x):",
        f"    x = np.reshape(np.asarray(x, np.float32), (-1, {network.inputs}))",
    ]
    for index, layer in enumerate(network.convolutions):
        if index == 0:
            side, inner = layer.image_side or layer.input_shape.height, layer.input_shape.height
            lines.append(f"    x = x.reshape(-1, {side}, {side}, 1)")
            if side != inner:
                first = (side - inner) // 2
                part = f"{first}:{first + inner}"
                lines.append(f"    x = x[:, {part}, {part}]")
        size, stride = layer.pool or (1, 1)
        call = (
            f'convolve(x, WEIGHTS["K{index}"], {layer.kernel}, {layer.padding}, {size}, {stride})'
        )
        bias = f' + WEIGHTS["k{index}"]' if network.has_biases else ""
        lines.append(f"    x = activation({call}{bias})")
    if network.convolutions:
        lines.append("    x = x.reshape(len(x), -1)")
    last = len(network.dense_layers) - 1
    for index in range(last + 1):
        bias = f' + WEIGHTS["b{index}"]' if network.has_biases else ""
        z = f'x @ WEIGHTS["W{index}"]{bias}'
        lines.append(f"    x = {z}" if index == last else f"    x = activation({z})")
    lines += [
        "    x = np.exp(x - x.max(axis=1, keepdims=True))",
        "    return x / x.sum(axis=1, keepdims=True)",
        "",
        "",
        *([] if is_beside else _weights_in_code(network)),
        'if __name__ == "__main__":',
        f"    print(predict_proba(np.zeros({network.inputs})).round(3))",
    ]
    return "\n".join(lines) + "\n"


def _weights_in_code(network: Network) -> list[str]:
    text = base64.b64encode(weights_for_code(network)).decode("ascii")
    return [
        'WEIGHTS = dict(np.load(io.BytesIO(base64.b64decode("""',
        *(text[start : start + _WIDTH] for start in range(0, len(text), _WIDTH)),
        '"""))))',
        "",
        "",
    ]


def weights_for_code(network: Network) -> bytes:
    """Return the `.npz` file beside the code: K0, k0, … of convolutions, W0, b0, … of the rest.

    Raises
    ------
    WeightsError
        When a value is not finite.
    """
    return arrays_to_npz(named_parameters(network))


def network_to_code_archive(network: Network, stem: str = "inkling_network") -> bytes:
    """Return a ZIP archive of the code, `stem`.py, and its weights, `stem`.npz."""
    file = io.BytesIO()
    contents = {
        f"{stem}.py": network_to_numpy_code(network, f"{stem}.npz").encode(),
        f"{stem}.npz": weights_for_code(network),
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            # A fixed time, so that equal networks give equal bytes.
            archive.writestr(zipfile.ZipInfo(PurePath(name).name, (1980, 1, 1, 0, 0, 0)), content)
    return file.getvalue()
