"""The forms in which weights travel: S0's JSON, S4's JSON, and NumPy's archive.

In S0's JSON, biases are under a key of their own, which clients of S0 ignore. Limits protect the
server from bodies that unpack to more memory than it has.
"""

from __future__ import annotations

import numpy as np

from dashboard.api.errors import ApiError
from dashboard.api.payloads import CLASSES
from dashboard.api.strict_json import read_json
from dashboard.digits.uploaded_weights import check_fitting
from nn import Network, WeightsError, weights_to_bytes
from nn.serialization import (
    ArchiveContentError,
    ArchiveError,
    ArchiveSizeError,
    arrays_from_npz,
    network_from_arrays,
    network_from_json_object,
)

S0 = "application/json"
S4 = "application/vnd.inkling.s4+json"
NPZ = "application/x-npz"
FORMATS = (S0, S4, NPZ)
SUFFIXES = {S0: "s0", S4: "s4", NPZ: "npz"}
"""What each form adds to the entity tag."""
NAME = "the body"
TITLE = "this server"
MAX_ARRAYS = 64
"""Arrays in an archive of weights."""


def write_weights(network: Network, form: str) -> bytes:
    """Return a network in one of FORMATS; ApiError 406 when its layout cannot hold it."""
    try:
        if form == NPZ:
            return weights_to_bytes(network, ".npz")
        return weights_to_bytes(network, ".json", layout="s4" if form == S4 else "s0-biases")
    except WeightsError as error:
        raise ApiError(406, f"{error} Ask for {NPZ}.") from error


def read_weights(body: bytes, form: str, limit: int) -> Network:
    """Read a network from a body.

    Parameters
    ----------
    form
        One of FORMATS; JSON of either layout is known by its keys.
    limit
        How many bytes an archive may hold when it is unpacked.

    Raises
    ------
    ApiError
        400 when the body is not what its type says, 422 when its network cannot be used.
    """
    try:
        if form == NPZ:
            network = network_from_arrays(_read_arrays(body, limit), NAME)
        else:
            network = network_from_json_object(read_json(body), NAME)
        return check_fitting(network, NAME, TITLE, CLASSES)
    except (WeightsError, ValueError) as error:
        raise ApiError(422, str(error)) from error


def _read_arrays(body: bytes, limit: int) -> dict[str, np.ndarray]:
    try:
        return arrays_from_npz(body, max_bytes=limit, max_arrays=MAX_ARRAYS)
    except ArchiveSizeError as error:
        raise ApiError(413, f"{NAME}: {error}.") from error
    except ArchiveContentError as error:
        raise ApiError(422, f"{NAME}: {error}.") from error
    except ArchiveError as error:
        raise ApiError(400, f"{NAME}: expected a whole archive of NumPy ({error}).") from error
