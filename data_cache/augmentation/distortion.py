"""Random distortion of training images, and the named augmentations.

One record has the strengths of all kinds, so that a preview can show each kind alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from data_cache.augmentation.affine import RandomAffine
from data_cache.augmentation.corruptions import add_noise, blur, change_contrast, erase_patch
from data_cache.augmentation.warping import (
    KNOTS,
    affine_matrices,
    elastic_field,
    resample,
    source_coordinates,
)
from data_cache.preprocessing.morphology import change_stroke_width
from data_cache.samples import PIXELS, SIDE

Augment = Callable[[np.ndarray], np.ndarray]
"""(n, 784) float32 in [0, 1] → (n, 784) float32 in [0, 1]."""

AUGMENTATIONS = ("none", "affine", "light", "full")
"""Names of augmentations: none, `RandomAffine`, and `RandomDistortion` with `LIGHT` or `FULL`."""


@dataclass(frozen=True)
class Strengths:
    """The maximum strength of each kind of distortion; 0 turns it off.

    Attributes
    ----------
    shift : float
        Pixels along each axis.
    rotation : float
        Degrees, either way.
    scale : float
        Change of size: 0.15 means from 87 % (1 / 1.15) to 115 %.
    stretch : float
        Change of width against height, likewise.
    shear : float
        Pixels to the side for each pixel up.
    elastic : float
        Maximum of an image's root mean square displacement, in pixels.
    thickness : float
        Pixels added to or taken from each side of a stroke, in [0, 1].
    contrast : float
        3 means that contrast becomes up to 4 times as high, about a random grey level.
    blur : float
        Weight of the neighbours' mean in every pixel, in [0, 1].
    noise : float
        Standard deviation, in units of full ink.
    patches : float
        Side of an erased square, in pixels, in [0, 28].

    Raises
    ------
    ValueError
        If a strength is out of range.
    """

    shift: float = 0.0
    rotation: float = 0.0
    scale: float = 0.0
    stretch: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    thickness: float = 0.0
    contrast: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    patches: float = 0.0

    def __post_init__(self) -> None:
        for name in STRENGTH_NAMES:
            value, most = getattr(self, name), _MOST.get(name, float("inf"))
            if not 0 <= value <= most:
                raise ValueError(f"Strengths: expected {name} from 0 to {most:g}, found {value}.")

    def only(self, *names: str) -> Strengths:
        """Return these strengths with all other kinds turned off."""
        return Strengths(**{name: getattr(self, name) for name in names})

    def without(self, *names: str) -> Strengths:
        """Return these strengths with some kinds turned off."""
        return replace(self, **dict.fromkeys(names, 0.0))

    def has(self, *names: str) -> bool:
        """Return whether any of these kinds is applied."""
        return any(getattr(self, name) > 0 for name in names)


STRENGTH_NAMES = tuple(field.name for field in fields(Strengths))
"""Names of the kinds of distortion."""
_MOST = {"thickness": 1.0, "blur": 1.0, "patches": 28.0}

LIGHT = Strengths(shift=1.5, rotation=12.0, scale=0.12, stretch=0.1, shear=0.15)
"""Affine distortion alone, which costs one resampling, for training in a browser."""

FULL = Strengths(
    shift=1.5,
    rotation=14.0,
    scale=0.14,
    stretch=0.2,
    shear=0.25,
    elastic=1.6,
    thickness=1.0,
    contrast=4.0,
    blur=0.8,
    noise=0.1,
    patches=7.0,
)
"""All kinds, for networks that should recognise any handwriting."""

_SETS = {"light": LIGHT, "full": FULL}
_WARP_KINDS = ("shift", "rotation", "scale", "stretch", "shear", "elastic")
_CORRUPTION_KINDS = ("contrast", "blur", "noise", "patches")

# Images at a time, few enough for the processor's cache.
_CHUNK = 32
# Random numbers for each image.
_WARP_DRAWS = 6
_OTHER_DRAWS = 9
_FIELD_DRAWS = 1 + 2 * KNOTS * KNOTS
# MNIST's strokes are three pixels wide: a whole pixel less on each side would erase many.
_MOST_THINNING = 0.7
# The share of images that get each corruption.
_CONTRAST_SHARE, _BLUR_SHARE, _NOISE_SHARE, _PATCH_SHARE = 0.3, 0.3, 0.25, 0.15


class RandomDistortion:
    """Applies affine and elastic distortion, stroke width, contrast, blur, noise and erasing.

    Each image takes the same count of random numbers, so what is drawn depends on the order of the
    images alone, not on how they are divided into batches.

    Parameters
    ----------
    generator : numpy.random.Generator
    strengths : Strengths
        The maximum of each kind; a kind that is off costs no time.
    """

    def __init__(self, generator: np.random.Generator, strengths: Strengths = FULL) -> None:
        self.generator = generator
        self.strengths = strengths
        self._draws = _WARP_DRAWS + _OTHER_DRAWS + (_FIELD_DRAWS if strengths.elastic else 0)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Return distorted copies of images.

        Parameters
        ----------
        images : (n, 784) float32 in [0, 1]

        Returns
        -------
        (n, 784) float32 in [0, 1]
        """
        draws = self.generator.random((len(images), self._draws), dtype=np.float32)
        result = np.empty((len(images), PIXELS), np.float32)
        for start in range(0, len(images), _CHUNK):
            part = slice(start, start + _CHUNK)
            squares = images[part].reshape(-1, SIDE, SIDE)
            self._distort(squares, draws[part], result[part].reshape(-1, SIDE, SIDE))
        return result

    def _distort(self, images: np.ndarray, draws: np.ndarray, out: np.ndarray) -> None:
        strengths = self.strengths
        warp, other = draws[:, :_WARP_DRAWS], draws[:, _WARP_DRAWS : _WARP_DRAWS + _OTHER_DRAWS]
        if strengths.thickness:
            pixels = np.maximum(_symmetric(other[:, 0]), -_MOST_THINNING)
            images = change_stroke_width(images, pixels * np.float32(strengths.thickness))
        if strengths.has(*_WARP_KINDS):
            self._warp(images, warp, draws[:, _WARP_DRAWS + _OTHER_DRAWS :], out)
        else:
            out[:] = images
        if strengths.has(*_CORRUPTION_KINDS):
            self._corrupt(out, other)
        # Rounding may exceed either bound by the last digit, and noise by more.
        np.clip(out, 0, 1, out=out)

    def _warp(
        self, images: np.ndarray, draws: np.ndarray, field: np.ndarray, out: np.ndarray
    ) -> None:
        """Resample images by a random affine map and a random elastic field."""
        strengths, symmetric = self.strengths, _symmetric(draws)
        matrices = affine_matrices(
            angle=symmetric[:, 0] * np.float32(np.deg2rad(strengths.rotation)),
            scale=np.float32(1 + strengths.scale) ** symmetric[:, 1],
            stretch=np.float32(1 + strengths.stretch) ** symmetric[:, 2],
            shear=symmetric[:, 3] * np.float32(strengths.shear),
        )
        shift = symmetric[:, 4:6] * np.float32(strengths.shift)
        columns, rows = source_coordinates(matrices, shift)
        if strengths.elastic:
            knots = _symmetric(field[:, 1:])
            # A random strength for each image: most of them are distorted little.
            knots *= field[:, :1] * np.float32(strengths.elastic)
            displacement = elastic_field(knots.reshape(-1, KNOTS, KNOTS))
            columns += displacement[0::2]
            rows += displacement[1::2]
        resample(images, columns, rows, out)

    def _corrupt(self, images: np.ndarray, draws: np.ndarray) -> None:
        """Change contrast, blur, add noise and erase patches, each in a share of the images."""
        strengths = self.strengths
        if strengths.contrast:
            factor = 1 + _in_share(draws[:, 1], _CONTRAST_SHARE) * np.float32(strengths.contrast)
            change_contrast(images, factor, 0.3 + 0.3 * draws[:, 2])
        if strengths.blur:
            blur(images, _in_share(draws[:, 3], _BLUR_SHARE) * np.float32(strengths.blur))
        if strengths.noise:
            deviation = _in_share(draws[:, 4], _NOISE_SHARE) * np.float32(strengths.noise)
            add_noise(images, deviation, draws[:, 5])
        if strengths.patches:
            side = _in_share(draws[:, 6], _PATCH_SHARE) * np.float32(strengths.patches)
            erase_patch(images, side, draws[:, 7:9] * np.float32(SIDE))


def _symmetric(draws: np.ndarray) -> np.ndarray:
    """Map numbers in [0, 1) to [-1, 1)."""
    return draws * np.float32(2) - np.float32(1)


def _in_share(draws: np.ndarray, share: float) -> np.ndarray:
    """Return a number in (0, 1] for that share of the draws, and a negative one for the others."""
    return 1 - draws / np.float32(share)


def create_augmentation(name: str, generator: np.random.Generator) -> Augment | None:
    """Return the augmentation of a name of `AUGMENTATIONS`; None for "none".

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    if name == "none":
        return None
    if name == "affine":
        return RandomAffine(generator)
    if name in _SETS:
        return RandomDistortion(generator, _SETS[name])
    raise ValueError(f"Augmentation: expected one of {', '.join(AUGMENTATIONS)}, found “{name}”.")
