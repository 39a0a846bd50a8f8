"""Saves networks to files and loads them: `.npz` for Inkling, `.json` for other programs.

Anything wrong with a file becomes one `WeightsError` that names it; nothing is loaded in part.
"""

from pathlib import Path, PurePath

from nn.choices import resolve_choice
from nn.network import Network
from nn.serialization.files import write_atomically
from nn.serialization.json_layouts import LAYOUTS, network_from_json, network_to_json
from nn.serialization.npz import network_from_npz, network_to_npz
from nn.serialization.parameters import WeightsError


def load_weights(path: str | PurePath) -> Network:
    """Return the network in a weights file.

    Parameters
    ----------
    path : str or path
        A file ending in `.npz`, whose dtype is kept (float16 becomes float32), or in `.json`, in
        one of the layouts of `LAYOUTS`, which becomes float32.

    Raises
    ------
    WeightsError
        When the file is missing, truncated, of another layout, or holds wrong shapes, NaN or
        infinity.
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
    """Write a network to a weights file, atomically.

    Parameters
    ----------
    network : Network
    path : str or path
        A file ending in `.npz` or `.json`, which decides the format.
    layout : str
        The layout of JSON, one of `LAYOUTS`.
    half : bool
        Whether a `.npz` holds float16 values.

    Raises
    ------
    WeightsError
        When the file cannot be written, the network does not fit the layout (JSON holds no
        convolutions, that of S0 no biases), or a weight is not finite.
    """
    path = Path(path)
    data = weights_to_bytes(network, path.suffix, layout, half=half)
    try:
        write_atomically(path, data)
    except OSError as error:
        reason = error.strerror or str(error)
        raise WeightsError(f"Could not write the weights file {path}: {reason}.") from error


def weights_from_bytes(data: bytes, name: str) -> Network:
    """Return the network in the contents `data` of a file called `name`; like `load_weights`."""
    if _check_suffix(PurePath(name).suffix, name) == ".npz":
        return network_from_npz(data, name)
    return network_from_json(data, name)


def weights_to_bytes(
    network: Network, suffix: str, layout: str = "s4", *, half: bool = False
) -> bytes:
    """Return the contents of a file ending in `suffix`, ".npz" or ".json"; like `save_weights`."""
    layout = resolve_choice(layout, LAYOUTS, "weights layout")
    if _check_suffix(suffix, f"*{suffix}") == ".npz":
        return network_to_npz(network, half=half)
    return network_to_json(network, layout)


def _check_suffix(suffix: str, name: str) -> str:
    if suffix.lower() not in (".npz", ".json"):
        raise WeightsError(
            f"Expected a weights file that ends in .npz or .json and found {name}; "
            "its ending decides the format."
        )
    return suffix.lower()
