"""A convolution is the product of all patches of some pictures with a table of filters.

Pictures are (n, height, width, channels): the rows of a patch are then runs of memory, which are
copied fast, and the products are as large as those of dense layers.
"""

from collections.abc import Iterator

import numpy as np

from nn.kernels.backend import kernels
from nn.products import product, product_of_transposed

PATCH_NUMBERS = 1 << 18
"""Room for patches, in numbers: a megabyte stays in the cache; measured the fastest of 2**16-21."""


def convolve(
    padded: np.ndarray, weights: np.ndarray, kernel: int, out: np.ndarray, room: np.ndarray
) -> None:
    """Write the convolution of pictures that have their padding around them already.

    `padded` is (n, height, width, channels), `weights` (kernel · kernel · channels, filters) with
    the rows in the order of a patch, `out` (n, height - kernel + 1, width - kernel + 1, filters),
    all C-contiguous; `room` is a flat scratch array for the patches of one picture or more.
    """
    library = kernels()
    if library is not None and library.takes(padded, weights, out):
        library.convolve(padded, weights, kernel, out)
        return
    for patches, part in _patches(padded, kernel, room):
        product(patches, weights, out[part].reshape(len(patches), -1))


def convolve_gradients(
    padded: np.ndarray, delta: np.ndarray, kernel: int, out: np.ndarray, room: np.ndarray
) -> None:
    """Write the gradients by the weights, given those by the convolution's results, `delta`.

    `out` is like the weights; the others are as in `convolve`, `delta` like its `out`.
    """
    library = kernels()
    if library is not None and library.takes(padded, delta, out):
        library.convolve_gradients(padded, delta, kernel, out)
        return
    room, sums = room[: -out.size], room[-out.size :].reshape(out.shape)
    for patches, part in _patches(padded, kernel, room):
        rows = delta[part].reshape(len(patches), -1)
        if part.start == 0:
            product_of_transposed(patches, rows, out)
        else:
            product_of_transposed(patches, rows, sums)
            np.add(out, sums, out=out)


def turn_weights(weights: np.ndarray, kernel: int, out: np.ndarray) -> None:
    """Write the weights of the convolution that leads from the results back to the pictures.

    With those, and kernel - 1 - padding rows and columns of zeros around `delta`, `convolve`
    gives the gradients by the pictures. `out` is (kernel · kernel · filters, channels).
    """
    filters = weights.shape[1]
    table = weights.reshape(kernel, kernel, -1, filters)
    turned = table[::-1, ::-1].transpose(0, 1, 3, 2)
    np.copyto(out.reshape(turned.shape), turned)


def patch_room(padded_shape: tuple[int, int, int], kernel: int, filters: int) -> int:
    """Return how long `room` should be for pictures of (height, width, channels) with padding."""
    height, width, channels = padded_shape
    depth = kernel * kernel * channels
    patches = (height - kernel + 1) * (width - kernel + 1) * depth
    return max(patches, PATCH_NUMBERS) + depth * filters


def _patches(
    padded: np.ndarray, kernel: int, room: np.ndarray
) -> Iterator[tuple[np.ndarray, slice]]:
    """Copy the patches of some pictures at a time into `room`, one patch to a row."""
    n, height, width, channels = padded.shape
    samples, down, right, deep = padded.strides
    shape = (n, height - kernel + 1, width - kernel + 1, kernel, kernel, channels)
    windows = np.lib.stride_tricks.as_strided(
        padded, shape, (samples, down, right, down, right, deep), writeable=False
    )
    rows, depth = shape[1] * shape[2], kernel * kernel * channels
    at_once = max(1, room.size // (rows * depth))
    for start in range(0, n, at_once):
        part = slice(start, min(start + at_once, n))
        count = (part.stop - start) * rows
        patches = room[: count * depth].reshape(count, depth)
        np.copyto(patches.reshape(-1, *shape[1:]), windows[part])
        yield patches, part
