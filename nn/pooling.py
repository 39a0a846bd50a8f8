"""Max-pooling keeps the largest number of every square of a picture, and remembers where it was.

Going back, the gradient goes to that place alone; of equal numbers the first one counts.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from nn.kernels.backend import kernels


class Squares(NamedTuple):
    """Squares of `size` × `size` numbers, each `stride` from the next along rows and columns."""

    size: int
    stride: int

    @property
    def places_dtype(self) -> type[np.unsignedinteger]:
        """The type that holds every place in a square."""
        return np.uint8 if self.size * self.size <= 256 else np.uint16


def pool(
    given: np.ndarray,
    squares: Squares,
    out: np.ndarray,
    places: np.ndarray,
    larger: np.ndarray,
) -> None:
    """Write the largest numbers of all squares into `out`.

    `given` is (n, height, width, channels) and `out` (n, rows, columns, channels); like `out` are
    `places`, of the squares' `places_dtype`: where in its square, counted by rows, each number
    was; and `larger`, bool: scratch. A NaN is kept like the largest number.
    """
    library = kernels()
    if library is not None and library.takes(given, out) and places.dtype == np.uint8:
        library.pool(given, squares, out, places)
        return
    places.fill(0)
    for place, numbers in _by_place(given, squares, out.shape):
        if place == 0:
            np.copyto(out, numbers)
            continue
        np.greater(numbers, out, out=larger)
        np.maximum(out, numbers, out=out)
        np.copyto(places, place, where=larger)


def unpool(
    delta: np.ndarray,
    squares: Squares,
    places: np.ndarray,
    out: np.ndarray,
    here: np.ndarray,
) -> None:
    """Write the gradients by the numbers that `pool` was given, from those by its results.

    `delta` and `places` are as `pool` left them, `out` is like its `given` and `here`, bool,
    like `delta`, is scratch.
    """
    library = kernels()
    if library is not None and library.takes(delta, out) and places.dtype == np.uint8:
        library.unpool(delta, squares, places, out)
        return
    out.fill(0)
    for place, numbers in _by_place(out, squares, delta.shape):
        np.equal(places, place, out=here)
        if squares.stride < squares.size:
            np.add(numbers, delta, out=numbers, where=here)
        else:
            np.copyto(numbers, delta, where=here)


def _by_place(
    pictures: np.ndarray, squares: Squares, pooled: tuple[int, ...]
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield for every place in a square the numbers that stand there, in all squares."""
    (size, stride), (_, rows, columns, _) = squares, pooled
    for row in range(size):
        for column in range(size):
            yield (
                row * size + column,
                pictures[
                    :,
                    row : row + (rows - 1) * stride + 1 : stride,
                    column : column + (columns - 1) * stride + 1 : stride,
                ],
            )
