"""Applies the whole set of random changes to batches of digits, each digit on its own.

Every digit takes the same count of random numbers, so what happens to it depends on the digits'
order alone, not on how they are cut into batches, and a run goes on exactly from its state.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from data_cache.augmentation import corruptions as pens
from data_cache.augmentation import warping as mesh
from data_cache.augmentation.affine import Augmentation
from data_cache.augmentation.resampling import resample
from data_cache.augmentation.strengths import FULL, LIGHT, Strengths
from data_cache.samples import PIXELS, SIDE

Augment = Callable[[np.ndarray], np.ndarray]
"""(n, 784) float32 in [0, 1] → the same, changed."""

# Few enough digits at a time that the work stays in the processor's cache.
_CHUNK = 32
_MAP_DRAWS = 6
_PEN_DRAWS = 9
_FIELD_DRAWS = 1 + 2 * mesh.KNOTS * mesh.KNOTS
# Strokes of MNIST are three pixels wide: a whole pixel off each side would leave nothing of many.
_THINNEST = 0.7
# How often the kinds that few digits should have are applied.
_CONTRAST_SHARE, _BLUR_SHARE, _NOISE_SHARE, _PATCH_SHARE = 0.3, 0.3, 0.25, 0.15


def create_augmentation(name: str, generator: np.random.Generator) -> Augment | None:
    """Return what a name of `AUGMENTATIONS` stands for; None for "none".

    Raises
    ------
    ValueError
        For a name that there is not.
    """
    if name == "none":
        return None
    if name == "affine":
        return Augmentation(generator)
    if name in _SETS:
        return Distorter(generator, _SETS[name])
    raise ValueError(
        f"An augmentation is one of none, affine, {', '.join(_SETS)}, but got “{name}”."
    )


class Distorter:
    """Bends, thickens, blurs and spoils digits at random.

    Parameters
    ----------
    generator : numpy.random.Generator
        Draws the same count of numbers for every digit.
    strengths : Strengths
        How much of each kind; what is 0 costs nothing.
    """

    def __init__(self, generator: np.random.Generator, strengths: Strengths = FULL) -> None:
        self.generator = generator
        self.strengths = strengths
        self._draws = _MAP_DRAWS + _PEN_DRAWS + (_FIELD_DRAWS if strengths.elastic else 0)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Return new pictures; the ones given stay as they are.

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
            pictures = images[part].reshape(-1, SIDE, SIDE)
            self._distort(pictures, draws[part], result[part].reshape(-1, SIDE, SIDE))
        return result

    def _distort(self, pictures: np.ndarray, draws: np.ndarray, out: np.ndarray) -> None:
        strengths = self.strengths
        maps, pen = draws[:, :_MAP_DRAWS], draws[:, _MAP_DRAWS : _MAP_DRAWS + _PEN_DRAWS]
        if strengths.thickness:
            pictures = pictures.copy()
            pixels = np.maximum(_both_ways(pen[:, 0]), -_THINNEST)
            pens.change_thickness(pictures, pixels * np.float32(strengths.thickness))
        if strengths.has(*_MAP_KINDS):
            self._bend(pictures, maps, draws[:, _MAP_DRAWS + _PEN_DRAWS :], out)
        else:
            out[:] = pictures
        if strengths.has(*_PEN_KINDS):
            self._write(out, pen)
        # Rounding may step over either end by the last digit, and noise by more.
        np.clip(out, 0, 1, out=out)

    def _bend(
        self, pictures: np.ndarray, maps: np.ndarray, field: np.ndarray, out: np.ndarray
    ) -> None:
        """Read the pictures through a random affine map and a random elastic field."""
        strengths, ways = self.strengths, _both_ways(maps)
        matrices = mesh.affine_map(
            angle=ways[:, 0] * np.float32(np.deg2rad(strengths.rotation)),
            scale=np.float32(1 + strengths.scale) ** ways[:, 1],
            stretch=np.float32(1 + strengths.stretch) ** ways[:, 2],
            shear=ways[:, 3] * np.float32(strengths.shear),
        )
        columns, rows = mesh.source_places(matrices, ways[:, 4:6] * np.float32(strengths.shift))
        if strengths.elastic:
            knots = _both_ways(field[:, 1:])
            # Some digits are bent much, most of them little.
            knots *= field[:, :1] * np.float32(strengths.elastic)
            moved = mesh.elastic_field(knots.reshape(-1, mesh.KNOTS, mesh.KNOTS))
            columns += moved[0::2]
            rows += moved[1::2]
        resample(pictures, columns, rows, out)

    def _write(self, pictures: np.ndarray, pen: np.ndarray) -> None:
        """Do what pens, scanners and erasers do, to the share of digits that each befalls."""
        strengths = self.strengths
        if strengths.contrast:
            slope = 1 + _often(pen[:, 1], _CONTRAST_SHARE) * np.float32(strengths.contrast)
            pens.change_contrast(pictures, slope, 0.3 + 0.3 * pen[:, 2])
        if strengths.blur:
            pens.blur(pictures, _often(pen[:, 3], _BLUR_SHARE) * np.float32(strengths.blur))
        if strengths.noise:
            deviation = _often(pen[:, 4], _NOISE_SHARE) * np.float32(strengths.noise)
            pens.add_noise(pictures, deviation, pen[:, 5])
        if strengths.patches:
            side = _often(pen[:, 6], _PATCH_SHARE) * np.float32(strengths.patches)
            pens.erase_patch(pictures, side, pen[:, 7:9] * np.float32(SIDE))


_SETS = {"light": LIGHT, "full": FULL}
_MAP_KINDS = ("shift", "rotation", "scale", "stretch", "shear", "elastic")
_PEN_KINDS = ("thickness", "contrast", "blur", "noise", "patches")


def _both_ways(draws: np.ndarray) -> np.ndarray:
    """Spread numbers in [0, 1) over [-1, 1)."""
    return draws * np.float32(2) - np.float32(1)


def _often(draws: np.ndarray, share: float) -> np.ndarray:
    """Return for that share of the draws a number in (0, 1], for the others one below 0."""
    return 1 - draws / np.float32(share)
