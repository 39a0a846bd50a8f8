"""Shifts, turns and scales training digits a little, so that a net learns to read them anywhere.

All digits of a batch are resampled at once; what is drawn depends on the digits' order alone, not
on how they are cut into batches.
"""

from __future__ import annotations

import numpy as np

from data_cache.samples import PIXELS, SIDE

_MIDDLE = (SIDE - 1) / 2
# A border of paper, so that the neighbours of every point exist.
_BORDER = 2
_WIDE = SIDE + 2 * _BORDER
# Few enough digits at a time that the work stays in the processor's cache.
_CHUNK = 32


class Augmentation:
    """A random affine map for every digit: scale and rotation about the middle, then shift.

    Parameters
    ----------
    generator : numpy.random.Generator
        Draws four numbers per digit.
    shift : float
        The farthest shift in pixels, along each axis.
    rotation : float
        The widest rotation in degrees, either way.
    scale : float
        The largest change of size: 0.15 means from 85 % to 115 %. From 0 up to, not including, 1.
    """

    def __init__(
        self,
        generator: np.random.Generator,
        *,
        shift: float = 3.0,
        rotation: float = 15.0,
        scale: float = 0.15,
    ) -> None:
        if shift < 0 or rotation < 0 or not 0 <= scale < 1:
            raise ValueError(
                "An augmentation needs shift ≥ 0, rotation ≥ 0 and scale from 0 to below 1, but "
                f"got shift {shift}, rotation {rotation} and scale {scale}."
            )
        self.generator = generator
        self._shift, self._rotation, self._scale = shift, np.deg2rad(rotation), scale

    @property
    def state(self) -> dict:
        """The state of the generator; set it to go on from there."""
        return dict(self.generator.bit_generator.state)

    @state.setter
    def state(self, state: dict) -> None:
        self.generator.bit_generator.state = state

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Return new pictures; the ones given stay as they are.

        Parameters
        ----------
        images : (n, 784) float32 in [0, 1]

        Returns
        -------
        (n, 784) float32 in [0, 1]
        """
        draws = self.generator.uniform(-1, 1, (len(images), 4)).astype(np.float32)
        angle, size = draws[:, 0] * self._rotation, 1 + draws[:, 1] * self._scale
        shift = draws[:, 2:] * self._shift
        # From a pixel of the new picture back to its origin in the old one.
        along, across = np.cos(angle) / size, np.sin(angle) / size
        result = np.empty((len(images), PIXELS), np.float32)
        for start in range(0, len(images), _CHUNK):
            part = slice(start, start + _CHUNK)
            resample(images[part], along[part], across[part], shift[part], out=result[part])
        return result


def resample(
    images: np.ndarray,
    along: np.ndarray,
    across: np.ndarray,
    shift: np.ndarray,
    out: np.ndarray,
) -> None:
    """Read every pixel of new pictures from old ones, linearly between four neighbours.

    The new pixel at (x, y) from the middle shows the old place (along·x' + across·y',
    along·y' − across·x') with x' = x − shift_x and y' = y − shift_y.

    Parameters
    ----------
    images : (n, 784) float32
    along, across : (n,) float32
        Cosine and sine of the rotation, each divided by the scale.
    shift : (n, 2) float32
        Pixels to the right and down.
    out : (n, 784) float32
        Where the new pictures go.
    """
    n = len(images)
    wide = np.zeros((n, _WIDE, _WIDE), np.float32)
    wide[:, _BORDER:-_BORDER, _BORDER:-_BORDER] = images.reshape(n, SIDE, SIDE)
    steps = np.arange(SIDE, dtype=np.float32) - np.float32(_MIDDLE)
    x, y = steps - shift[:, :1], steps - shift[:, 1:]
    column, column_part = _place(
        (along[:, None] * x)[:, None, :] + (across[:, None] * y)[:, :, None]
    )
    row, row_part = _place((along[:, None] * y)[:, :, None] - (across[:, None] * x)[:, None, :])
    corner = row * _WIDE + column
    corner += (np.arange(n, dtype=np.int32) * _WIDE * _WIDE)[:, None, None]
    flat = wide.reshape(-1)
    upper = _between(flat, corner, column_part)
    lower = _between(flat, corner + _WIDE, column_part)
    lower -= upper
    lower *= row_part
    upper += lower
    # Rounding may step over either end by the last digit.
    np.clip(upper.reshape(n, PIXELS), 0, 1, out=out)


def _place(offset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split distances from the middle into indices of the bordered picture and fractions."""
    offset += np.float32(_MIDDLE + _BORDER)
    np.clip(offset, 0, _WIDE - 1.001, out=offset)
    whole = offset.astype(np.int32)
    offset -= whole
    return whole, offset


def _between(flat: np.ndarray, corner: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Read linearly between a pixel and its right neighbour."""
    left = flat.take(corner)
    right = flat.take(corner + 1)
    right -= left
    right *= part
    right += left
    return right
