"""Saves networks to files and loads them: `.npz` for Inkling, others for other programs.

The content of a file tells its format for reading, the end of its name for writing. Anything wrong
with a file becomes one `WeightsError` that names it; nothing is loaded in part.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from nn.choices import resolve_choice
from nn.network import Network
from nn.serialization.files import (
    ArchiveError,
    ArchiveSizeError,
    unpack_single,
    write_atomically,
)
from nn.serialization.json_layouts import LAYOUTS, network_to_json, readings_from_json
from nn.serialization.npz import network_to_npz, readings_from_npz
from nn.serialization.parameters import Reading, WeightsError
from nn.texts import gettext

SUFFIXES = (".npz", ".json", ".safetensors", ".onnx", ".py", ".zip")
"""Ends of the names of files that are written: a `.py` file has its weights in a `.npz` beside it,
a `.zip` holds both."""

CLEARLY_BETTER = 0.2
"""So much higher the score of a less likely reading of a file must be to be preferred."""

POSSIBLY_BETTER = 0.1
"""So much higher its score must be to be offered."""
_PACKERS = (b"\x1f\x8b", b"PK\x03\x04")
_PACKED = (".npz", ".json", ".safetensors")
_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def load_weights(path: str | PurePath) -> Network:
    """Return the network in a weights file.

    Parameters
    ----------
    path : str or path
        A `.npz` file, whose dtype is kept (float16 becomes float32), JSON in one of the layouts of
        `LAYOUTS`, which becomes float32, or a safetensors file; also with the arrays of PyTorch or
        Keras (see `nn.serialization.foreign`).

    Raises
    ------
    WeightsError
        When the file is missing, truncated, of another layout, or holds wrong shapes, NaN or
        infinity.
    """
    return weights_from_bytes(read_file(path), str(path))


def read_file(path: str | PurePath) -> bytes:
    """Return the content of a weights file; raise a WeightsError if it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise WeightsError(
            gettext("Could not read the weights file {path}: {reason}.", path=path, reason=reason)
        ) from error


def save_weights(
    network: Network, path: str | PurePath, layout: str = "s4", *, half: bool = False
) -> None:
    """Write a network to a weights file, atomically.

    Parameters
    ----------
    network : Network
    path : str or path
        A file ending in one of `SUFFIXES`, which decides the format.
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
    suffix = _check_suffix(path.suffix, str(path))
    if suffix == ".py":
        from nn.serialization import numpy_code  # noqa: PLC0415 - as in weights_to_bytes

        weights = path.with_suffix(".npz")
        files = {
            weights: numpy_code.weights_for_code(network),
            path: numpy_code.network_to_numpy_code(network, weights.name).encode(),
        }
    else:
        files = {path: weights_to_bytes(network, suffix, layout, half=half)}
    try:
        for place, data in files.items():
            write_atomically(place, data)
    except OSError as error:
        reason = error.strerror or str(error)
        raise WeightsError(
            gettext("Could not write the weights file {path}: {reason}.", path=path, reason=reason)
        ) from error


def weights_from_bytes(data: bytes, name: str) -> Network:
    """Return the network in the contents `data` of a file called `name`; like `load_weights`."""
    return read_weights(data, name).network


def read_weights(
    data: bytes,
    name: str,
    score: Callable[[Network], float] | None = None,
    *,
    max_bytes: int | None = None,
) -> Reading:
    """Return the network in the contents of a file, with sentences about what was assumed.

    Parameters
    ----------
    data : bytes
    name : str
        The name of the file, for error messages.
    score : callable, optional
        Returns how well a network does on known samples, in [0, 1]. It chooses where another
        program's file leaves open which way round its matrices are, or where it pools.
    max_bytes : int, optional
        Limit for what a compressed archive unpacks to.

    Raises
    ------
    WeightsError
        As `load_weights`.
    """
    return choose_reading(_readings(data, name, max_bytes), score)


def choose_reading(
    readings: Sequence[Reading], score: Callable[[Network], float] | None
) -> Reading:
    """Return the reading with a clearly better score than the first, else the first.

    Where the best one is another, or is somewhat better, the `other` is with it.
    """
    first, *others = readings
    if score is None or not others:
        return first
    scores = [score(reading.network) for reading in readings]
    best = scores.index(max(scores))
    if scores[best] > scores[0] + CLEARLY_BETTER:
        return replace(readings[best], other=first)
    is_possible = scores[best] > scores[0] + POSSIBLY_BETTER
    return replace(first, other=readings[best] if is_possible else None)


def _readings(data: bytes, name: str, max_bytes: int | None) -> list[Reading]:
    """Return the networks that a file may mean, by its first bytes."""
    try:
        inner = unpack_single(data, _PACKED, max_bytes) if data.startswith(_PACKERS) else None
    except ArchiveSizeError as error:
        raise WeightsError(
            gettext("{name}: {error}, which is beyond the limits here.", name=name, error=error)
        ) from error
    except ArchiveError:
        inner = None  # what is wrong with it is said below
    if inner is not None and not inner.startswith(_PACKERS[0]):
        data = inner
    if _is_safetensors(data):
        from nn.serialization import safetensors  # noqa: PLC0415 - as in weights_to_bytes

        return safetensors.readings_from_safetensors(data, name)
    if data.startswith(b"PK"):
        return readings_from_npz(data, name, max_bytes)
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        return readings_from_json(data, name)
    if data.startswith(_PICKLES):
        raise WeightsError(
            gettext(
                "{name}: expected weights as .npz, JSON or safetensors and found a Python "
                "pickle, which is never opened, because it may run any program; in "
                "PyTorch, save the weights with "
                'safetensors.torch.save_file(model.state_dict(), "weights.safetensors").',
                name=name,
            )
        )
    if data.startswith(b"\x89HDF"):
        raise WeightsError(
            gettext(
                "{name}: expected weights as .npz, JSON or safetensors and found an HDF5 "
                'file; in Keras, save the weights with np.savez("weights.npz", '
                "*model.get_weights()).",
                name=name,
            )
        )
    raise WeightsError(
        gettext(
            "{name}: expected weights as .npz, JSON or safetensors and found {count:,} "
            "bytes of something else, or of a part of one; copy the file again.",
            name=name,
            count=len(data),
        )
    )


def weights_to_bytes(
    network: Network, suffix: str, layout: str = "s4", *, half: bool = False
) -> bytes:
    """Return the contents of a file ending in `suffix`, one of `SUFFIXES`; like `save_weights`.

    Of a `.py` file it is the code alone, for weights in `weights.npz`.
    """
    layout = resolve_choice(layout, LAYOUTS, "weights layout")
    suffix = _check_suffix(suffix, f"*{suffix}")
    if suffix == ".npz":
        return network_to_npz(network, half=half)
    if suffix == ".json":
        return network_to_json(network, layout)
    # Rarely used, and every import delays the start of the page in the browser.
    from nn.serialization import numpy_code, onnx, safetensors  # noqa: PLC0415

    writers: dict[str, Callable[[], bytes]] = {
        ".safetensors": lambda: safetensors.network_to_safetensors(network),
        ".onnx": lambda: onnx.network_to_onnx(network),
        ".py": lambda: numpy_code.network_to_numpy_code(network, "weights.npz").encode(),
        ".zip": lambda: numpy_code.network_to_code_archive(network),
    }
    return writers[suffix]()


def _is_safetensors(data: bytes) -> bool:
    """Tell whether bytes begin as a safetensors file does: the length of a header of JSON."""
    return data[8:9] == b"{" and int.from_bytes(data[:8], "little") <= len(data) - 8


def _check_suffix(suffix: str, name: str) -> str:
    if suffix.lower() not in SUFFIXES:
        raise WeightsError(
            gettext(
                "Expected a weights file that ends in {names} or {last} and found "
                "{name}; its ending decides the format.",
                names=", ".join(SUFFIXES[:-1]),
                last=SUFFIXES[-1],
                name=name,
            )
        )
    return suffix.lower()
