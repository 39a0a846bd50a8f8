"""The arithmetic of networks with NumPy: products, convolutions, pooling and scaling of bytes.

Every backend offers these primitives; one that is compiled overrides those it does faster, and
may also offer a whole training step in one call.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from math import prod
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nn.backends.blas import BlasDescent
    from nn.backends.wasm import FusedPrediction, FusedStep
    from nn.layers import Dense, DenseWorkspace, Layer
    from nn.optimizers import Optimizer

PATCH_BUFFER = 1 << 18
"""Values in the buffer for patches: 1 MiB stays in the cache; the fastest of 2**16 to 2**21."""


Finish = Callable[[], object]
ComputePart = Callable[[slice, np.ndarray], Finish | None]


class NumpyBackend:
    """Computes with NumPy.

    All arrays that are written to (`out`) are C-contiguous and have the dtype of the inputs.

    Parameters
    ----------
    reason : str
        One sentence on why this backend was chosen.
    """

    name = "numpy"
    threads: int | None = 1 if sys.platform == "emscripten" else None
    """Threads that compute one operation; None where NumPy's library decides it."""

    def __init__(self, reason: str = "NumPy, chosen by the caller.") -> None:
        self.reason = reason

    def product(self, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        """Write a @ b, (n, k) times (k, m), into `out` (n, m)."""
        np.dot(a, b, out=out)

    def product_of_transposed(self, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        """Write a.T @ b, (n, k) and (n, m), into `out` (k, m)."""
        if len(a) == 1:
            # An outer product. NumPy without BLAS, as in a browser, takes ten times as long by
            # dot, and multiply allocates buffers everywhere.
            np.einsum("ni,nj->ij", a, b, out=out)
        else:
            np.dot(a.T, b, out=out)

    def product_with_transposed(self, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        """Write a @ b.T, (n, m) and (k, m), into `out` (n, k)."""
        np.dot(a, b.T, out=out)

    def scale_bytes(self, values: np.ndarray, scale: float, out: np.ndarray) -> None:
        """Write scale * values, uint8 of any shape, into `out`, floats of the same shape.

        The factor has the dtype of `out`.
        """
        # Two plain passes are faster than one that mixes dtypes.
        np.copyto(out, values)
        np.multiply(out, out.dtype.type(scale), out=out)

    def parts_of_batch(self, count: int, values: int, size: int) -> list[slice]:
        """Divide the samples of a batch into parts, which `for_each_part` computes.

        Parameters
        ----------
        count : int
            Number of samples.
        values : int
            Values in the patches of one sample.
        size : int
            Values in the buffer for patches.
        """
        return [slice(0, count)]

    def for_each_part(
        self, parts: Sequence[slice], compute: ComputePart, scratch: np.ndarray
    ) -> None:
        """Compute the parts of a batch, one after the other.

        Parameters
        ----------
        parts : sequence of slice
            Of the samples.
        compute : callable
            Takes a part and a buffer, whose contents it needs until the function that it returns,
            if it does, has been called; such functions are called in the order of the parts.
        scratch : (values,)
            The buffer.
        """
        for part in parts:
            finish = compute(part, scratch)
            if finish is not None:
                finish()

    def computing(self) -> AbstractContextManager[None]:
        """Return a context for the computation of a training step."""
        return nullcontext()

    def with_threads(self, count: int) -> NumpyBackend:
        """Return a backend that computes the convolutions of a batch with so many threads.

        The bits of its results are the same. One without such threads returns itself.
        """
        if count < 2 or sys.platform == "emscripten":
            return self
        # It imports this module.
        from nn.backends.native_threads import ThreadedBackend  # noqa: PLC0415

        return ThreadedBackend(count, self.reason)

    def convolve(
        self,
        images: np.ndarray,
        weights: np.ndarray,
        kernel: int,
        out: np.ndarray,
        patches: np.ndarray,
    ) -> None:
        """Write the valid convolution (cross-correlation) of images that are padded already.

        Parameters
        ----------
        images : (n, height, width, channels)
            In this layout the rows of a patch are runs of memory, which are copied fast.
        weights : (kernel * kernel * channels, filters)
            Rows in the order of a patch: row, column, channel.
        kernel : int
        out : (n, height - kernel + 1, width - kernel + 1, filters)
        patches : (`patch_buffer_size(...)` or more,)
            Scratch buffer.
        """
        windows = _windows(images, kernel)
        for part in parts_that_fit(len(images), prod(windows.shape[1:]), patches.size):
            rows = _copy_patches(windows[part], patches)
            self.product(rows, weights, out[part].reshape(len(rows), -1))

    def convolve_gradients(
        self,
        images: np.ndarray,
        delta: np.ndarray,
        kernel: int,
        out: np.ndarray,
        patches: np.ndarray,
    ) -> None:
        """Write the gradients with respect to the weights of `convolve`.

        `delta`, like the `out` of `convolve`, holds the gradients with respect to its results;
        `out` is like its weights.
        """
        windows = _windows(images, kernel)

        def compute(part: slice, buffer: np.ndarray) -> Finish:
            rows = _copy_patches(windows[part], buffer[: -out.size])
            partial = buffer[-out.size :].reshape(out.shape)
            self.product_of_transposed(rows, delta[part].reshape(len(rows), -1), partial)
            if part.start == 0:
                return functools.partial(np.copyto, out, partial)
            return functools.partial(np.add, out, partial, out=out)

        size = patches.size - out.size
        parts = parts_that_fit(len(images), prod(windows.shape[1:]), size, is_even=False)
        self.for_each_part(parts, compute, patches)

    def max_pool(
        self,
        images: np.ndarray,
        window: tuple[int, int],
        out: np.ndarray,
        positions: np.ndarray,
        mask: np.ndarray,
    ) -> None:
        """Write the maximum of every window into `out`.

        Parameters
        ----------
        images : (n, height, width, channels)
        window : (size, stride)
            Windows of size x size values, `stride` apart along rows and columns.
        out : (n, rows, columns, channels)
            NaN counts as the maximum.
        positions : (n, rows, columns, channels) unsigned integers
            Gets the position of each maximum in its window, counted by rows; of equal values the
            first.
        mask : (n, rows, columns, channels) bool
            Scratch buffer.
        """
        positions.fill(0)
        for position, values in _by_position(images, window, out.shape):
            if position == 0:
                np.copyto(out, values)
                continue
            np.greater(values, out, out=mask)
            np.maximum(out, values, out=out)
            if positions.dtype == np.uint8:
                # Positions rise, so the largest is the latest: ten times as fast as a masked copy.
                latest = mask.view(np.uint8)
                np.multiply(latest, np.uint8(position), out=latest)
                np.maximum(positions, latest, out=positions)
            else:
                np.copyto(positions, position, where=mask)

    def max_unpool(
        self,
        delta: np.ndarray,
        window: tuple[int, int],
        positions: np.ndarray,
        out: np.ndarray,
        mask: np.ndarray,
    ) -> None:
        """Write the gradients with respect to the images of `max_pool` into `out`.

        `delta`, like the `out` of `max_pool`, holds the gradients with respect to its results;
        `positions` are those it wrote, `out` is like its images, and `mask` is scratch.
        """
        size, stride = window
        covered = tuple(size * side for side in delta.shape[1:3])
        if stride != size or covered != out.shape[1:3]:  # values that are in no window
            out.fill(0)
        # The bits times 1 or 0: ten times as fast as a masked copy, and NaN times 0 is 0.
        integer = np.dtype(f"i{out.itemsize}")
        bits, delta_bits = out.view(integer), delta.view(integer)
        for position, values in _by_position(out if stride < size else bits, window, delta.shape):
            np.equal(positions, position, out=mask)
            if stride < size:
                np.add(values, delta, out=values, where=mask)
            else:
                np.multiply(delta_bits, mask, out=values)

    def update(
        self,
        optimizer: Optimizer,
        parameters: Sequence[np.ndarray],
        gradients: Sequence[np.ndarray],
        rate: float,
    ) -> None:
        """Make an optimiser's update; see `Optimizer.update`."""
        optimizer.update(parameters, gradients, rate)

    def fused_step(
        self,
        layers: Sequence[Dense],
        workspaces: Sequence[DenseWorkspace],
        scaled: np.ndarray,
        *,
        activation: str,
        optimizer: Optimizer,
        masked: bool,
    ) -> FusedStep | None:
        """Return a whole training step in one call, or None where there is none."""
        return None

    def fused_prediction(
        self, layers: Sequence[Layer], *, activation: str, byte_scale: float
    ) -> FusedPrediction | None:
        """Return a prediction for a few samples in one call, or None where there is none."""
        return None

    def plain_descent(
        self,
        layers: Sequence[Dense],
        inputs: Sequence[np.ndarray],
        workspaces: Sequence[DenseWorkspace],
    ) -> BlasDescent | None:
        """Return plain gradient descent without stored gradients, or None where there is none."""
        # Layers import this module, and only plain descent needs that one.
        from nn.backends.blas import BlasDescent, sgemm  # noqa: PLC0415

        function = sgemm()
        arrays = [array for layer in layers for array in layer.parameters()]
        if function is None or not is_float32(*arrays):
            return None
        return BlasDescent(function, layers, inputs, workspaces)


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
    """Tell whether all arrays are C-contiguous float32, the only kind compiled code takes."""
    return all(array.dtype == np.float32 and array.flags.c_contiguous for array in arrays)


def patch_buffer_size(padded_shape: tuple[int, int, int], kernel: int, filters: int) -> int:
    """Return the length of the patch buffer for images of (height, width, channels)."""
    height, width, channels = padded_shape
    depth = kernel * kernel * channels
    patches = (height - kernel + 1) * (width - kernel + 1) * depth
    return max(patches, PATCH_BUFFER) + depth * filters


def _windows(images: np.ndarray, kernel: int) -> np.ndarray:
    """Return a view of all patches of images: (n, rows, columns, kernel, kernel, channels)."""
    n, height, width, channels = images.shape
    by_sample, by_row, by_column, by_channel = images.strides
    shape = (n, height - kernel + 1, width - kernel + 1, kernel, kernel, channels)
    strides = (by_sample, by_row, by_column, by_row, by_column, by_channel)
    return np.lib.stride_tricks.as_strided(images, shape, strides, writeable=False)


def parts_that_fit(count: int, values: int, size: int, *, is_even: bool = True) -> list[slice]:
    """Divide samples so that the patches of each part, `values` of a sample, fit into a buffer.

    With `is_even` the parts are an even number of equal ones, unless there is only one, for two
    threads to share; else all but the last one fill the buffer.
    """
    step = max(1, size // max(1, values))
    parts = -(-count // step)
    if is_even and parts > 1:
        step = -(-count // (parts + parts % 2))
    return [slice(start, min(start + step, count)) for start in range(0, count, step)]


def _copy_patches(windows: np.ndarray, buffer: np.ndarray) -> np.ndarray:
    """Copy the patches of a few images into a buffer; return them, one patch to a row."""
    copied = buffer[: windows.size].reshape(windows.shape)
    rows, columns, channels = windows.shape[3:]
    if channels == 1:
        # Runs of a few values would be copied; row by row of the images it is twice as fast.
        for row, column in np.ndindex(rows, columns):
            np.copyto(copied[:, :, :, row, column], windows[:, :, :, row, column])
    else:
        np.copyto(copied, windows)
    return copied.reshape(prod(windows.shape[:3]), -1)


def _by_position(
    images: np.ndarray, window: tuple[int, int], pooled: tuple[int, ...]
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield for every position in a window the values there, of all windows."""
    (size, stride), (_, rows, columns, _) = window, pooled
    for row in range(size):
        for column in range(size):
            yield (
                row * size + column,
                images[
                    :,
                    row : row + (rows - 1) * stride + 1 : stride,
                    column : column + (columns - 1) * stride + 1 : stride,
                ],
            )
