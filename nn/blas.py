"""Calls the BLAS inside NumPy for the one thing that NumPy has no function for: adding a product.

W ← keep · W + scale · aᵀb in one call spares plain gradient descent the writing down of the
gradient, and reading it again. Where no such library is found, everything works without.
"""

import ctypes
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from nn.addresses import address

_PLACES = ("../numpy.libs/*openblas64_*", ".dylibs/*openblas64_*")
"""Where NumPy's wheels keep OpenBLAS, seen from the package's folder: Linux and Windows, macOS."""

_FUNCTION = "scipy_cblas_sgemm64_"
_ROW_MAJOR, _AS_IT_IS, _TRANSPOSED = 101, 111, 112
_CHOICE, _SIZE, _FLOAT, _POINTER = ctypes.c_int, ctypes.c_int64, ctypes.c_float, ctypes.c_void_p


class Blas:
    """The library that computes NumPy's own products, with as many threads as NumPy uses."""

    def __init__(self, sgemm: Callable[..., None]) -> None:
        self._sgemm = sgemm

    def takes(self, *arrays: np.ndarray) -> bool:
        """Whether all are C-contiguous float32, the only kind that is worth the detour."""
        return all(array.dtype == np.float32 and array.flags.c_contiguous for array in arrays)

    def adder_of_transposed(self, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> "ProductAdder":
        """Return what adds a.T @ b to `out`: (n, k), (n, m) and (k, m), of the kind `takes` wants.

        The arrays must stay where they are for as long as it is used. `ValueError` if the shapes
        do not fit, because the library trusts them.
        """
        if len(a) != len(b) or out.shape != (a.shape[1], b.shape[1]):
            raise ValueError(
                "Expected two matrices with as many rows and room for their product, "
                f"found {a.shape}, {b.shape} and {out.shape}."
            )
        return ProductAdder(self._sgemm, a, b, out)


class ProductAdder:
    """Adds the product of two arrays to a third one, again and again; `Blas` makes it."""

    def __init__(
        self, sgemm: Callable[..., None], a: np.ndarray, b: np.ndarray, out: np.ndarray
    ) -> None:
        self._sgemm = sgemm
        self._arrays = (a, b, out)
        count, rows = a.shape
        columns = b.shape[1]
        self._a = address(a)  # asked for once, for it takes a good part of a small product
        self._form = (_ROW_MAJOR, _TRANSPOSED, _AS_IT_IS, rows, columns, count)
        self._a_row = rows
        self._b = (address(b), columns)
        self._out = (address(out), columns)

    def __call__(self, a: np.ndarray | None = None, *, keep: float, scale: float) -> None:
        """Write keep · out + scale · a.T @ b into `out`; another `a` must be like the first."""
        place = self._a if a is None else address(a)
        self._sgemm(*self._form, scale, place, self._a_row, *self._b, keep, *self._out)


@cache
def blas() -> Blas | None:
    """Return the BLAS of the NumPy at hand, looked for once; None if it is not OpenBLAS's wheel."""
    return find_blas(Path(np.__file__).parent)


def find_blas(numpy_folder: Path) -> Blas | None:
    """Return the BLAS that lies with the NumPy in a folder, or None."""
    for place in _PLACES:
        for path in sorted(numpy_folder.glob(place)):
            try:
                sgemm = getattr(ctypes.CDLL(str(path)), _FUNCTION)
            except (OSError, AttributeError):
                continue
            sgemm.argtypes = [
                *([_CHOICE] * 3 + [_SIZE] * 3),
                *(_FLOAT, _POINTER, _SIZE, _POINTER, _SIZE),
                *(_FLOAT, _POINTER, _SIZE),
            ]
            sgemm.restype = None
            return Blas(sgemm)
    return None
