"""A style of handwriting: how a digit is written where it is taught so, and what of it varies.

Styles differ in form, as a seven with or without a bar; writers of one style differ in amounts, as
the length of that bar.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from data_cache.synthesis.stroke_templates import Stroke

SCHOOLS = {
    "north-american": "Palmer, Zaner-Bloser and D'Nealian models",
    "british": "British print and joined hands",
    "french": "French cursive model",
    "german": "Lateinische, Vereinfachte and Schulausgangsschrift",
    "italian": "Italian school hand",
    "turkish": "Turkish school hand",
    "eastern-european": "Russian, Polish and neighbouring copybooks",
    "indian": "Indian school hands",
    "east-asian": "Chinese, Japanese and Korean hands",
}
"""Names of the schools of handwriting, with what each stands for."""


@dataclass(frozen=True)
class Part:
    """How a part of a style varies between writers; every amount is drawn uniformly.

    Attributes
    ----------
    x, y : (float, float)
        Smallest and largest shift to the right and down, in hundredths of the digit's box.
    size : (float, float)
        Smallest and largest factor of the part's size about its middle.
    """

    x: tuple[float, float] = (0.0, 0.0)
    y: tuple[float, float] = (0.0, 0.0)
    size: tuple[float, float] = (1.0, 1.0)


@dataclass(frozen=True, eq=False)
class HandwritingStyle:
    """A style of writing one digit.

    Attributes
    ----------
    digit : int
        From 0 to 9.
    name : str
        A short description, different from those of the digit's other styles.
    schools : tuple of str
        Where it is taught or usual: names in `SCHOOLS`.
    text : str
        Strokes in the notation of `stroke_templates`; a point `x,y@part` belongs to a part.
    parts : mapping of str to Part
        What varies, by the names of parts in the text.
    narrow : float
        The usual ratio of width to height.
    """

    digit: int
    name: str
    schools: tuple[str, ...]
    text: str
    parts: Mapping[str, Part] = field(default_factory=dict)
    narrow: float = 0.68

    @functools.cached_property
    def strokes(self) -> tuple[Stroke, ...]:
        """The strokes in their middle form, with points in [0, 1] or close to it."""
        return tuple(Stroke(points / 100, corners) for points, corners, _ in self._read)

    def vary(self, generator: np.random.Generator) -> tuple[Stroke, ...]:
        """Return the strokes of a random writer: every part is shifted and scaled as it may be."""
        strokes = [points.copy() for points, _, _ in self._read]
        for name, part in self.parts.items():
            masks = [np.array([label == name for label in labels]) for _, _, labels in self._read]
            chosen = [points[mask] for points, mask in zip(strokes, masks, strict=True)]
            middle = np.concatenate(chosen).mean(axis=0)
            shift = np.array([generator.uniform(*part.x), generator.uniform(*part.y)])
            factor = generator.uniform(*part.size)
            for points, mask in zip(strokes, masks, strict=True):
                points[mask] = (points[mask] - middle) * factor + middle + shift
        return tuple(
            Stroke(points / 100, corners)
            for points, (_, corners, _) in zip(strokes, self._read, strict=True)
        )

    @functools.cached_property
    def _read(self) -> tuple[tuple[np.ndarray, np.ndarray, tuple[str, ...]], ...]:
        """Points in hundredths, corners and names of parts, for every stroke."""
        return tuple(_read_stroke(part.split()) for part in self.text.split("/"))


def _read_stroke(words: list[str]) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    corners = np.array([word.endswith("!") for word in words])
    pairs = [word.rstrip("!").partition("@") for word in words]
    points = np.array([[float(number) for number in pair.split(",")] for pair, _, _ in pairs])
    return points, corners, tuple(label for _, _, label in pairs)
