"""All matrix products of training and prediction go through these functions.

They take nearly all of the time, so that a faster kernel needs to replace nothing else.
"""

import numpy as np

from nn.kernels.backend import kernels


def product(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """Write a @ b: (n, k) times (k, m) into `out`, a C-contiguous (n, m) of the same dtype."""
    library = kernels()
    if library is not None and library.takes(a, b, out):
        library.product(a, b, out)
    else:
        np.dot(a, b, out=out)


def product_of_transposed(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """Write a.T @ b: (n, k), (n, m) into `out`, a C-contiguous (k, m) of the same dtype."""
    library = kernels()
    if library is not None and library.takes(a, b, out):
        library.product_of_transposed(a, b, out)
    elif len(a) == 1:
        # An outer product. NumPy without BLAS, as in a browser, takes ten times as long by dot,
        # and multiply allocates buffers everywhere.
        np.einsum("ni,nj->ij", a, b, out=out)
    else:
        np.dot(a.T, b, out=out)


def product_with_transposed(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """Write a @ b.T: (n, m), (k, m) into `out`, a C-contiguous (n, k) of the same dtype."""
    library = kernels()
    if library is not None and library.takes(a, b, out):
        library.product_with_transposed(a, b, out)
    else:
        np.dot(a, b.T, out=out)


def scale_bytes(given: np.ndarray, scale: float, out: np.ndarray) -> None:
    """Write scale · given, uint8 of any shape, into `out`, a C-contiguous float32 of that shape.

    Pixels come as bytes; in a browser turning them into numbers takes NumPy nearly as long as a
    tenth of the step that learns from them.
    """
    library = kernels()
    if library is not None and library.takes(out) and given.flags.c_contiguous:
        library.scale_bytes(given, scale, out)
    else:
        # Two plain passes are faster than one that mixes dtypes.
        np.copyto(out, given)
        np.multiply(out, np.float32(scale), out=out)
