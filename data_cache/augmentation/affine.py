"""Random affine augmentation: every image is shifted, rotated and scaled by its own amount.

What is drawn depends on the order of the images alone, not on how they are divided into batches.
"""

from __future__ import annotations

import numpy as np

from data_cache.augmentation.warping import resample, source_coordinates
from data_cache.samples import PIXELS, SIDE

# Images at a time, few enough for the processor's cache.
_CHUNK = 32


class RandomAffine:
    """Scales and rotates each image about its centre and shifts it, at random.

    Parameters
    ----------
    generator : numpy.random.Generator
        Draws four numbers for each image.
    shift : float
        Maximum shift in pixels, along each axis.
    rotation : float
        Maximum rotation in degrees, either way.
    scale : float
        Maximum change of size, in [0, 1): 0.15 means from 85 % to 115 %.

    Raises
    ------
    ValueError
        If a number is out of range.
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
                "RandomAffine: expected shift ≥ 0, rotation ≥ 0 and scale in [0, 1), found "
                f"shift {shift}, rotation {rotation} and scale {scale}."
            )
        self.generator = generator
        self._shift, self._rotation, self._scale = shift, np.deg2rad(rotation), scale

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Return augmented copies of images.

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
        cosine, sine = np.cos(angle) / size, np.sin(angle) / size
        matrices = np.stack([cosine, sine, -sine, cosine], axis=1).reshape(-1, 2, 2)
        result = np.empty((len(images), PIXELS), np.float32)
        for start in range(0, len(images), _CHUNK):
            part = slice(start, start + _CHUNK)
            columns, rows = source_coordinates(matrices[part], shift[part])
            squares = images[part].reshape(-1, SIDE, SIDE)
            resample(squares, columns, rows, result[part].reshape(-1, SIDE, SIDE))
            # Rounding may exceed either bound by the last digit.
            np.clip(result[part], 0, 1, out=result[part])
        return result
