"""The media types of weights: JSON of nested lists (S0), JSON of flat lists (S4), and `.npz`.

A body is recognised by its first bytes, so that any weights file can be sent. In S0's JSON the
biases are under a separate key, which clients of S0 ignore. Limits protect the server from bodies
that unpack to more memory than it has.
"""

from __future__ import annotations

import numpy as np

from dashboard.api.errors import ApiError
from dashboard.api.json_payloads import CLASSES, read_json
from dashboard.weights_file import (
    EXPECTED,
    check_compatible,
    read_any_weights,
    score_on_digits,
)
from data_cache.readers.file_kinds import identify
from nn import Network, WeightsError, weights_to_bytes
from nn.serialization import (
    ArchiveContentError,
    ArchiveError,
    ArchiveSizeError,
    Reading,
    arrays_from_npz,
    choose_reading,
    readings_from_arrays,
    readings_from_json_object,
)

S0 = "application/json"
S4 = "application/vnd.inkling.s4+json"
NPZ = "application/x-npz"
FORMATS = (S0, S4, NPZ)
SUFFIXES = {S0: "s0", S4: "s4", NPZ: "npz"}
"""The suffix of the entity tag for each media type."""
NAME = "the body"
TITLE = "this server"
MAX_ARRAYS = 64
"""Maximum number of arrays in an archive of weights."""


def write_weights(network: Network, media_type: str) -> bytes:
    """Return a network in one of FORMATS; raise ApiError 406 if the layout cannot hold it."""
    try:
        if media_type == NPZ:
            return weights_to_bytes(network, ".npz")
        return weights_to_bytes(network, ".json", layout="s4" if media_type == S4 else "s0-biases")
    except WeightsError as error:
        raise ApiError(406, f"{error} Ask for {NPZ}.") from error


def read_weights(body: bytes, media_type: str, limit: int) -> Network:
    """Return the network in a request body.

    Parameters
    ----------
    body
        The decompressed body; its first bytes tell its format, as for files.
    media_type
        What the client says; it matters only for bodies of no known format.
    limit
        Maximum size in bytes of the unpacked arrays of an archive.

    Raises
    ------
    ApiError
        400 if the body is damaged, 413 if it is too large, 422 if its network cannot be used, or
        it is something else than weights, which is named.
    """
    try:
        network = choose_reading(_readings(body, media_type, limit), score_on_digits).network
        return check_compatible(network, NAME, TITLE, CLASSES)
    except (WeightsError, ValueError) as error:
        raise ApiError(422, str(error)) from error


def _readings(body: bytes, media_type: str, limit: int) -> list[Reading]:
    kind = identify(body)
    is_unclear = kind.name in ("text", "unknown", "empty")
    if kind.name == "json" or (is_unclear and media_type in (S0, S4)):
        return readings_from_json_object(read_json(body), NAME)
    if kind.name in ("npz", "zip") or (is_unclear and media_type == NPZ):
        return readings_from_arrays(_read_arrays(body, limit), NAME)
    if kind.name == "safetensors":
        return [read_any_weights(body, NAME)]
    advice = "; send the header Content-Encoding: gzip" if kind.name == "gzip" else ""
    raise ApiError(422, f"{kind.refusal(NAME, EXPECTED).removesuffix('.')}{advice}.")


def _read_arrays(body: bytes, limit: int) -> dict[str, np.ndarray]:
    try:
        return arrays_from_npz(body, max_bytes=limit, max_arrays=MAX_ARRAYS)
    except ArchiveSizeError as error:
        raise ApiError(413, f"{NAME}: {error}.") from error
    except ArchiveContentError as error:
        raise ApiError(422, f"{NAME}: {error}.") from error
    except ArchiveError as error:
        raise ApiError(400, f"{NAME}: expected an intact NumPy archive ({error}).") from error
