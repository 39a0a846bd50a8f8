"""What NumPy itself has no function for in the BLAS inside it: plain gradient descent, threads.

W <- keep * W + scale * x.T @ delta is one call of `sgemm`, so that the gradient is neither
written nor read again. Measured on one core beside NumPy's products and updates, a step takes
1.8 times less (784-128-10, batch 1), 1.08 (batch 64), 1.19 (784-500-300-100-10, batch 32) and
1.12 (2-32-32-3, batch 200).
"""

import ctypes
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np

from nn.backends.numpy_backend import data_pointer, is_float32
from nn.layers import Dense, DenseWorkspace

_LIBRARIES = ("../numpy.libs/*openblas64_*", ".dylibs/*openblas64_*")
"""Where NumPy's wheels keep OpenBLAS, relative to the package: Linux and Windows, macOS."""

_ROW_MAJOR, _NOT_TRANSPOSED, _TRANSPOSED = 101, 111, 112
_ENUM, _SIZE, _FLOAT, _POINTER = ctypes.c_int, ctypes.c_int64, ctypes.c_float, ctypes.c_void_p

Sgemm = Callable[..., None]


class ProductAdder:
    """Computes out <- keep * out + scale * a.T @ b for three arrays that stay where they are.

    Parameters
    ----------
    sgemm : callable
        The function of the library, as `load_sgemm` returns it.
    a : (n, k) float32
    b : (n, m) float32
    out : (k, m) float32
        All C-contiguous.

    Raises
    ------
    ValueError
        If the shapes do not fit or an array is not C-contiguous float32.
    """

    def __init__(self, sgemm: Sgemm, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        if not is_float32(a, b, out) or len(a) != len(b) or out.shape != (a.shape[1], b.shape[1]):
            raise ValueError(
                "Expected C-contiguous float32 arrays (n, k), (n, m) and (k, m), found "
                + ", ".join(f"{array.dtype} {array.shape}" for array in (a, b, out))
                + "."
            )
        self._sgemm = sgemm
        self._arrays = (a, b, out)  # keeps the memory behind the pointers alive
        count, rows = a.shape
        columns = b.shape[1]
        self._a_shape = a.shape
        self._a_pointer = data_pointer(a)
        self._form = (_ROW_MAJOR, _TRANSPOSED, _NOT_TRANSPOSED, rows, columns, count)
        self._a_stride = rows
        self._b = (data_pointer(b), columns)
        self._out = (data_pointer(out), columns)

    def __call__(self, a: np.ndarray | None = None, *, keep: float, scale: float) -> None:
        """Add the product; `a`, if given, takes the place of the first array.

        Raises
        ------
        ValueError
            If `a` has another shape than the first array or is not C-contiguous float32.
        """
        if a is None:
            pointer = self._a_pointer
        elif a.shape == self._a_shape and a.dtype == np.float32 and a.flags.c_contiguous:
            pointer = data_pointer(a)
        else:
            raise ValueError(
                f"Expected a C-contiguous float32 array of the shape {self._a_shape} "
                f"and found {a.dtype} {a.shape}."
            )
        self._sgemm(*self._form, scale, pointer, self._a_stride, *self._b, keep, *self._out)


class BlasDescent:
    """Plain gradient descent, W <- (1 - rate * l2) * W - rate * gradient, of dense layers.

    Parameters
    ----------
    sgemm : callable
        The function of the library, as `load_sgemm` returns it.
    layers : sequence of Dense
        Their float32 parameters are changed in place.
    inputs : sequence of arrays (n, inputs of the layer)
        What each layer is given; the first array may be replaced at each call.
    workspaces : sequence of DenseWorkspace
        Their `delta` holds the gradients with respect to each layer's sums.
    """

    def __init__(
        self,
        sgemm: Sgemm,
        layers: Sequence[Dense],
        inputs: Sequence[np.ndarray],
        workspaces: Sequence[DenseWorkspace],
    ) -> None:
        deltas = [workspace.delta for workspace in workspaces]
        self._ones = np.ones(len(deltas[0]), np.float32)
        self._biases = [
            None if layer.bias is None else (layer.bias, delta, np.empty_like(layer.bias))
            for layer, delta in zip(layers, deltas, strict=True)
        ]
        self._adders = [
            ProductAdder(sgemm, x, delta, layer.weights)
            for layer, x, delta in zip(layers, inputs, deltas, strict=True)
        ]

    def update(self, index: int, x: np.ndarray, *, rate: float, keep: float) -> None:
        """Take a step of layer `index`; `x` (n, inputs) replaces the array of the first layer."""
        if index:
            self._adders[index](keep=keep, scale=-rate)
        else:
            self._adders[0](x, keep=keep, scale=-rate)
        of_bias = self._biases[index]
        if of_bias is not None:
            bias, delta, gradient = of_bias
            np.dot(self._ones, delta, out=gradient)
            np.multiply(gradient, rate, out=gradient)
            np.subtract(bias, gradient, out=bias)


@cache
def sgemm() -> Sgemm | None:
    """Return the `sgemm` of the NumPy in use; None if it is not a wheel with OpenBLAS."""
    return load_sgemm(Path(np.__file__).parent)


def load_sgemm(numpy_folder: Path) -> Sgemm | None:
    """Return the `sgemm` that lies with the NumPy package in a folder, or None."""
    function = _load_function(numpy_folder, "cblas_sgemm")
    if function is None:
        return None
    function.argtypes = [
        *([_ENUM] * 3 + [_SIZE] * 3),
        *(_FLOAT, _POINTER, _SIZE, _POINTER, _SIZE),
        *(_FLOAT, _POINTER, _SIZE),
    ]
    function.restype = None
    return cast(Sgemm, function)


def _load_function(numpy_folder: Path, name: str) -> Any | None:
    for pattern in _LIBRARIES:
        for path in sorted(numpy_folder.glob(pattern)):
            try:
                return getattr(ctypes.CDLL(str(path)), f"scipy_{name}64_")
            except (OSError, AttributeError):
                continue
    return None


class ThreadLimit:
    """Lets BLAS compute with one thread while at least one context is open, in any thread.

    Parameters
    ----------
    threads : callable
        Returns the number of threads of BLAS.
    set_threads : callable
        Sets it, for the whole process.
    """

    def __init__(self, threads: Callable[[], int], set_threads: Callable[[int], object]) -> None:
        self._threads = threads
        self._set_threads = set_threads
        self._lock = threading.Lock()
        self._open = 0
        self._before = 1

    def __enter__(self) -> None:
        with self._lock:
            if self._open == 0:
                self._before = self._threads()
                if self._before != 1:
                    self._set_threads(1)
            self._open += 1

    def __exit__(self, *_error: object) -> None:
        with self._lock:
            self._open -= 1
            if self._open == 0 and self._before != 1:
                self._set_threads(self._before)


@cache
def one_thread() -> AbstractContextManager[None]:
    """Return the limit of the BLAS in NumPy; one that does nothing if its library is not found."""
    folder = Path(np.__file__).parent
    threads = _load_function(folder, "openblas_get_num_threads")
    set_threads = _load_function(folder, "openblas_set_num_threads")
    if threads is None or set_threads is None:
        return nullcontext()
    return ThreadLimit(threads, set_threads)
