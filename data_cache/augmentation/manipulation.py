"""Changes of an image by chosen amounts: shift, rotation, size, stroke width, blur and noise.

They show on one image what a network tolerates; `perturb` measures it on many.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data_cache.augmentation.corruptions import blur
from data_cache.augmentation.warping import affine_matrices, resample, source_coordinates
from data_cache.preprocessing.morphology import change_stroke_width
from data_cache.samples import SIDE


@dataclass(frozen=True)
class Manipulation:
    """The amount of each change; the defaults change nothing.

    Attributes
    ----------
    right, down : float
        Shift in pixels.
    rotation : float
        Degrees, clockwise.
    scale : float
        Factor of the size, above 0.
    thickness : float
        Pixels added to the width of the strokes; taken from it if negative.
    blur : float
        How many times every pixel is mixed with its neighbours, by the kernel 1 2 1 along both
        axes; 0 or more.
    noise : float
        Standard deviation of normal noise, in units of full ink; 0 or more.
    """

    right: float = 0.0
    down: float = 0.0
    rotation: float = 0.0
    scale: float = 1.0
    thickness: float = 0.0
    blur: float = 0.0
    noise: float = 0.0

    def __post_init__(self) -> None:
        if not self.scale > 0 or not self.blur >= 0 or not self.noise >= 0:
            raise ValueError(
                "Manipulation: expected scale above 0, blur and noise from 0, found scale "
                f"{self.scale}, blur {self.blur} and noise {self.noise}."
            )


_VIEWS = (
    Manipulation(scale=0.8),
    Manipulation(scale=1.1),
    Manipulation(right=2),
    Manipulation(right=-2),
    Manipulation(down=2),
    Manipulation(down=-2),
)


def manipulate(
    image: np.ndarray, manipulation: Manipulation, generator: np.random.Generator
) -> np.ndarray:
    """Return an image with its strokes widened, then warped, blurred and made noisy.

    Parameters
    ----------
    image : (784,) float32 in [0, 1]
    manipulation : Manipulation
        Without any change, the image itself is returned.
    generator : numpy.random.Generator
        Draws the noise.

    Returns
    -------
    (784,) float32 in [0, 1]
        What is moved out of the image is lost.
    """
    if manipulation == Manipulation():
        return image
    changed = image.reshape(1, SIDE, SIDE)
    if manipulation.thickness:
        changed = change_stroke_width(changed, np.array([manipulation.thickness / 2], np.float32))
    if _is_warped(manipulation):
        changed = _warp(changed, manipulation)
    changed = changed.copy()
    for step in range(int(np.ceil(manipulation.blur))):
        blur(changed, np.array([min(manipulation.blur - step, 1)], np.float32))
    if manipulation.noise:
        noise = generator.standard_normal(changed.shape, dtype=np.float32)
        changed += np.float32(manipulation.noise) * noise
    return np.clip(changed, 0, 1).reshape(-1)


def make_views(image: np.ndarray) -> np.ndarray:
    """Return an image and six slight changes of it: smaller, larger, and shifted four ways.

    The mean of a network's predictions of them depends less on chance than that of the image alone,
    so its entropy separates digits from other images better (test-time augmentation; Ayhan and
    Berens, "Test-time data augmentation for estimation of heteroscedastic aleatoric uncertainty in
    deep neural networks", 2018).

    Parameters
    ----------
    image : (784,) float32 in [0, 1]

    Returns
    -------
    (7, 784) float32 in [0, 1]
    """
    picture = image.reshape(1, SIDE, SIDE)
    return np.stack([image, *(_warp(picture, change).clip(0, 1).reshape(-1) for change in _VIEWS)])


def _is_warped(manipulation: Manipulation) -> bool:
    still = (manipulation.right, manipulation.down, manipulation.rotation, manipulation.scale)
    return still != (0, 0, 0, 1)


def _warp(images: np.ndarray, manipulation: Manipulation) -> np.ndarray:
    zero, one = np.zeros(1, np.float32), np.ones(1, np.float32)
    matrices = affine_matrices(
        angle=np.array([np.deg2rad(manipulation.rotation)], np.float32),
        scale=np.array([manipulation.scale], np.float32),
        stretch=one,
        shear=zero,
    )
    shift = np.array([[manipulation.right, manipulation.down]], np.float32)
    columns, rows = source_coordinates(matrices, shift)
    warped = np.empty_like(images)
    resample(images, columns, rows, warped)
    return warped
