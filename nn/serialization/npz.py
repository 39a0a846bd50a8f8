"""The `.npz` format of a network: small, exact, with its structure and dtype.

The archive holds `format`, `activation`, `sizes`, `biases` (whether there are any) and the
parameters by name: `W0`, `b0`, `W1`, .... Format 2 adds the text of the convolutional layers under
`stem` (empty for none) with their parameters `K0`, `k0`, `K1`, ..., and may hold float16 values,
which are read as float32; format 1 is written wherever it suffices.
"""

from collections.abc import Mapping

import numpy as np

from nn.activations import ACTIVATIONS
from nn.layer_spec import read_layer_spec
from nn.network import Network
from nn.serialization.files import (
    ArchiveContentError,
    ArchiveError,
    ArchiveSizeError,
    archive_names,
    arrays_from_npz,
    arrays_to_npz,
)
from nn.serialization.parameters import (
    NetworkStructure,
    Reading,
    WeightsError,
    named_parameters,
    network_from_parameters,
)
from nn.texts import gettext, gettext_noop

FORMATS = (1, 2)
"""Versions of the format that are read."""

_OTHER_ARCHIVES = {
    "data.pkl": (
        gettext_noop(
            "a PyTorch file: a pickle, which is never opened, because it may run any "
            "program; in PyTorch, save the weights with "
            'safetensors.torch.save_file(model.state_dict(), "weights.safetensors")'
        )
    ),
    "model.weights.h5": (
        gettext_noop(
            'a Keras model; in Keras, save the weights with np.savez("weights.npz", '
            "*model.get_weights())"
        )
    ),
}
"""What other ZIP archives are, by the end of the name of one of their entries."""

_HEADER = ("format", "activation", "sizes", "biases")


def network_to_npz(network: Network, *, half: bool = False) -> bytes:
    """Return a network as the contents of a `.npz` file; equal networks give equal bytes.

    Parameters
    ----------
    network : Network
    half : bool
        Whether values are rounded to float16, which halves the size.

    Raises
    ------
    WeightsError
        When a value is not finite, or with `half` beyond ±65,504.
    """
    structure, parameters = NetworkStructure.of(network), named_parameters(network)
    spec = structure.layer_spec
    arrays = {
        "format": np.array(1 if spec is None and not half else 2),
        "activation": np.array(structure.activation),
        "sizes": np.array(structure.sizes, dtype=np.int64),
        "biases": np.array(structure.has_biases),
    }
    if spec is not None or half:
        arrays["stem"] = np.array("" if spec is None else spec.text)
    if half:
        parameters = {key: _to_half(array, key) for key, array in parameters.items()}
    return arrays_to_npz(arrays | parameters)


def network_from_npz(data: bytes, name: str) -> Network:
    """Return the network in the contents `data` of the `.npz` file `name`.

    Raises
    ------
    WeightsError
        When the archive is damaged or does not hold a network.
    """
    return readings_from_npz(data, name)[0].network


def readings_from_npz(data: bytes, name: str, max_bytes: int | None = None) -> list[Reading]:
    """Return the networks that a `.npz` file may mean; see `network_from_npz`.

    There are several only where another program's file leaves something open. An archive that
    claims to unpack to more than `max_bytes` is refused before it is unpacked.
    """
    names = archive_names(data)
    for ending, program in _OTHER_ARCHIVES.items():
        if any(entry.endswith(ending) for entry in names):
            raise WeightsError(
                gettext(
                    "{name}: expected an .npz archive and found {program}.",
                    name=name,
                    program=gettext(program),
                )
            )
    try:
        arrays = arrays_from_npz(data, max_bytes=max_bytes)
    except ArchiveSizeError as error:
        raise WeightsError(
            gettext(
                "{name}: {error}; a network of that size is beyond the limits here.",
                name=name,
                error=error,
            )
        ) from error
    except ArchiveContentError as error:
        raise WeightsError(
            gettext(
                "{name}: {error}; save each array as numbers under a name of its own: "
                'np.savez("weights.npz", W0=..., b0=...).',
                name=name,
                error=error,
            )
        ) from error
    except ArchiveError as error:
        others = [entry for entry in names if not entry.endswith((".npy", "/"))]
        if others and len(others) == len([entry for entry in names if not entry.endswith("/")]):
            listed = ", ".join(f"“{entry[:40]}”" for entry in others[:3])
            raise WeightsError(
                gettext(
                    "{name}: expected an .npz archive and found a ZIP archive with "
                    "{listed}; unpack it, and name the file with the weights.",
                    name=name,
                    listed=listed,
                )
            ) from error
        raise WeightsError(
            gettext(
                "{name}: expected a whole .npz archive and found {count:,} bytes of a "
                "damaged or truncated one ({error}); copy it again.",
                name=name,
                count=len(data),
                error=error,
            )
        ) from error
    return readings_from_arrays(arrays, name)


def network_from_arrays(arrays: Mapping[str, np.ndarray], name: str) -> Network:
    """Return the network in the arrays of an archive of weights.

    Parameters and errors are those of `readings_from_arrays`; of several networks that the arrays
    may mean, this is the most likely one.
    """
    return readings_from_arrays(arrays, name)[0].network


def readings_from_arrays(arrays: Mapping[str, np.ndarray], name: str) -> list[Reading]:
    """Return the networks that the arrays of an archive of weights may mean.

    Parameters
    ----------
    arrays : mapping of str to array
        Everything in the archive, by name.
    name : str
        The name of the file, for error messages.

    Raises
    ------
    WeightsError
        When the arrays do not describe a network.
    """
    missing = [key for key in _HEADER if key not in arrays]
    if "network" in arrays and arrays["network"].dtype == np.uint8:
        raise WeightsError(
            gettext(
                "{name}: expected weights and found a checkpoint of a training run; name "
                "the weights file beside it.",
                name=name,
            )
        )
    if len(missing) == len(_HEADER) and arrays:
        from nn.serialization.foreign import read_foreign_arrays  # noqa: PLC0415 - rarely used, and imports delay the start of the page

        return read_foreign_arrays(arrays, name)
    if missing:
        raise WeightsError(
            gettext(
                "{name}: expected an archive with {names}, W0, ... and found {found}.",
                name=name,
                names=", ".join(_HEADER),
                found=", ".join(sorted(arrays)) or gettext("nothing in it"),
            )
        )
    version, activation, sizes, biases = (arrays[key] for key in _HEADER)
    if version.shape != () or version.dtype.kind not in "iu" or version not in FORMATS:
        raise WeightsError(
            gettext(
                "{name}: expected weights of format {names} and found {version}; a newer "
                "version of Inkling may read them.",
                name=name,
                names=" or ".join(map(str, FORMATS)),
                version=version,
            )
        )
    if str(activation) not in ACTIVATIONS:
        raise WeightsError(
            gettext(
                "{name}: expected the activation to be one of {names} and found {activation!r}.",
                name=name,
                names=", ".join(ACTIVATIONS),
                activation=str(activation),
            )
        )
    if sizes.ndim != 1 or sizes.dtype.kind not in "iu" or biases.dtype != np.bool_ or biases.ndim:
        raise WeightsError(
            gettext(
                "{name}: expected sizes as a list of whole numbers and biases as true or "
                "false and found {sizes} and {biases}.",
                name=name,
                sizes=sizes,
                biases=biases,
            )
        )
    header = {*_HEADER, "stem"} if version == FORMATS[-1] else {*_HEADER}
    text = str(arrays.get("stem", "")) if "stem" in header else ""
    try:
        spec = read_layer_spec(text) if text else None
    except ValueError as error:
        raise WeightsError.of(name, error) from error
    structure = NetworkStructure(tuple(sizes.tolist()), str(activation), bool(biases), spec)
    parameters = {key: array for key, array in arrays.items() if key not in header}
    return [Reading(network_from_parameters(structure, parameters, name))]


def _to_half(array: np.ndarray, key: str) -> np.ndarray:
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    if not np.isfinite(half).all():
        raise WeightsError(
            gettext(
                "Expected values of at most 65,504 in {key}, the largest of 16 bits, and "
                "found {found:,.6g}; save the network in full precision.",
                key=key,
                found=np.abs(array).max(),
            )
        )
    return half
