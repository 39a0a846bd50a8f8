"""Files of networks and of other arrays: formats, checks, atomic writing.

`load_weights` and `save_weights` are also in `nn`; the rest is for programs with files or messages
of their own, such as checkpoints and an HTTP API.
"""

from nn.serialization.files import (
    ArchiveContentError,
    ArchiveError,
    ArchiveSizeError,
    arrays_from_npz,
    arrays_to_npz,
    write_atomically,
)
from nn.serialization.json_layouts import (
    LAYOUTS,
    network_from_json_object,
    readings_from_json_object,
)
from nn.serialization.npz import network_from_arrays, readings_from_arrays
from nn.serialization.parameters import Reading, WeightsError
from nn.serialization.weights import (
    SUFFIXES,
    choose_reading,
    load_weights,
    read_file,
    read_weights,
    save_weights,
    weights_from_bytes,
    weights_to_bytes,
)

__all__ = [
    "LAYOUTS",
    "SUFFIXES",
    "ArchiveContentError",
    "ArchiveError",
    "ArchiveSizeError",
    "Reading",
    "WeightsError",
    "arrays_from_npz",
    "arrays_to_npz",
    "choose_reading",
    "load_weights",
    "network_from_arrays",
    "network_from_json_object",
    "read_file",
    "read_weights",
    "readings_from_arrays",
    "readings_from_json_object",
    "save_weights",
    "weights_from_bytes",
    "weights_to_bytes",
    "write_atomically",
]
