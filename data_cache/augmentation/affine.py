"""Shifts, turns and scales training digits a little, so that a net learns to read them anywhere.

All digits of a batch are resampled at once; what is drawn depends on the digits' order alone, not
on how they are cut into batches.
"""

from __future__ import annotations

import numpy as np

from data_cache.augmentation.resampling import resample
from data_cache.samples import PIXELS, SIDE

_STEPS = np.arange(SIDE, dtype=np.float32) - np.float32((SIDE - 1) / 2)
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
            _turn(images[part], along[part], across[part], shift[part], out=result[part])
        return result


def _turn(
    images: np.ndarray, along: np.ndarray, across: np.ndarray, shift: np.ndarray, out: np.ndarray
) -> None:
    """Let the new pixel at (x, y) from the middle show an old place.

    That is (along·x' + across·y', along·y' − across·x') with x' = x − shift_x, y' = y − shift_y;
    `along` and `across` are cosine and sine of the rotation, each divided by the scale.
    """
    x, y = _STEPS - shift[:, :1], _STEPS - shift[:, 1:]
    columns = (along[:, None] * x)[:, None, :] + (across[:, None] * y)[:, :, None]
    rows = (along[:, None] * y)[:, :, None] - (across[:, None] * x)[:, None, :]
    resample(images.reshape(-1, SIDE, SIDE), columns, rows, out.reshape(-1, SIDE, SIDE))
    # Rounding may step over either end by the last digit.
    np.clip(out, 0, 1, out=out)
