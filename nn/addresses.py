"""Functions of compiled libraries take arrays as the addresses of their first numbers.

NumPy's own way to ask for one takes longer than a product of two small arrays.
"""

import ctypes

import numpy as np


def address(array: np.ndarray) -> int:
    """Return where the numbers of a C-contiguous array lie; it must live for as long as it counts.

    An array that nobody may write to, or without numbers, is asked in NumPy's slower way.
    """
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array.data))
    except (TypeError, ValueError):
        return int(array.ctypes.data)
