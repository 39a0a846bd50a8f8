"""How NumPy arrays are passed to functions of compiled libraries: as data pointers.

The libraries trust every pointer and size, so both backends that call one share these checks.
"""

import ctypes

import numpy as np


def data_pointer(array: np.ndarray) -> int:
    """Return the memory address of the first value of a C-contiguous array.

    The array must be kept alive, and must not be resized, for as long as the pointer is used.
    """
    try:
        # Three times as fast as `array.ctypes.data`, which takes longer than a small product.
        return ctypes.addressof(ctypes.c_char.from_buffer(array.data))
    except (TypeError, ValueError):  # read-only or empty
        return int(array.ctypes.data)


def is_float32(*arrays: np.ndarray) -> bool:
    """Tell whether all arrays are C-contiguous float32, the only kind the libraries take."""
    return all(array.dtype == np.float32 and array.flags.c_contiguous for array in arrays)
