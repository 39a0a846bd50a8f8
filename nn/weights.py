"""Networks are saved to files and read back: `.npz` for ourselves, `.json` for others.

Whatever is wrong with a file becomes one `WeightsError` that names it; nothing is half-loaded.
"""

from pathlib import Path, PurePath

import numpy as np

from nn.atomic import write_atomically
from nn.names import choose_name
from nn.network import Network
from nn.weights_error import WeightsError
from nn.weights_json import network_from_json, network_to_json_s0, network_to_json_s4
from nn.weights_npz import network_from_npz, network_to_npz

LAYOUTS = ("s4", "s0")
"""Names of the JSON layouts, by the system that each comes from."""


def load_weights(path: str | PurePath) -> Network:
    """Read a network from `path`, an `.npz` or `.json` file.

    An `.npz` keeps its dtype; JSON, in the layout of S0 or S4, becomes float32. Raises
    `WeightsError` for a file that is missing, truncated, of another layout, or that holds wrong
    shapes, NaN or infinity.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise WeightsError(f"Could not read the weights file {path}: {reason}.") from error
    return weights_from_bytes(data, str(path))


def save_weights(
    network: Network, path: str | PurePath, layout: str = "s4", *, half: bool = False
) -> None:
    """Write `network` to `path` by its suffix, `.npz` or `.json`, atomically.

    `layout`, "s4" or "s0", is that of JSON, which has no room for convolutions, S0's neither for
    biases. With `half`, an `.npz` holds numbers of 16 bits. Raises `WeightsError` if the file
    cannot be written or the network does not fit the layout or is not finite.
    """
    path = Path(path)
    data = weights_to_bytes(network, path.suffix, layout, half=half)
    try:
        write_atomically(path, data)
    except OSError as error:
        reason = error.strerror or str(error)
        raise WeightsError(f"Could not write the weights file {path}: {reason}.") from error


def weights_from_bytes(data: bytes, name: str) -> Network:
    """Read a network from the contents `data` of a file called `name`, as `load_weights` does."""
    if _suffix(PurePath(name).suffix, name) == ".npz":
        return network_from_npz(data, name)
    return network_from_json(data, name)


def weights_to_bytes(
    network: Network, suffix: str, layout: str = "s4", *, half: bool = False
) -> bytes:
    """Return the contents of a file with `suffix`, ".npz" or ".json", as `save_weights` does."""
    layout = choose_name(layout, LAYOUTS, "weights layout")
    known_suffix = _suffix(suffix, f"*{suffix}")
    _refuse_unless_finite(network)
    if known_suffix == ".npz":
        return network_to_npz(network, half=half)
    if network.convolutions:
        raise WeightsError(
            "The JSON layouts of S0 and S4 have no room for convolutions, which this network "
            "begins with: save it as .npz."
        )
    return network_to_json_s0(network) if layout == "s0" else network_to_json_s4(network)


def _suffix(suffix: str, name: str) -> str:
    if suffix.lower() not in (".npz", ".json"):
        raise WeightsError(
            f"Expected a weights file that ends in .npz or .json and found {name}; "
            "its ending decides the format."
        )
    return suffix.lower()


def _refuse_unless_finite(network: Network) -> None:
    for index, layer in enumerate(network.layers):
        for what, array in (("weights", layer.weights), ("bias", layer.bias)):
            if array is not None and not np.isfinite(array).all():
                raise WeightsError(
                    f"The {what} of layer {index} hold NaN or infinity and were not saved; "
                    "go back to good weights and lower the learning rate."
                )
