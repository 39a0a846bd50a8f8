"""Reads `.npz` archives whole or not at all, so that a broken one is found before it is used.

Weights files begin with it, and so does whatever else is kept as arrays.
"""

import io

import numpy as np


def arrays_from_npz(data: bytes) -> dict[str, np.ndarray]:
    """Return every array of an archive by its name; `ValueError` with the reason if it is broken.

    Nothing but arrays is read: an archive cannot make Python run anything.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return {key: np.asarray(archive[key]) for key in archive.files}
    # zipfile, zlib and NumPy between them raise a dozen kinds of errors for damaged archives.
    except Exception as error:
        raise ValueError(str(error) or type(error).__name__) from error
