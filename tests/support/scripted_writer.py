"""A scripted writer: digits in styles of handwriting that the pretrained models have not learnt."""

from __future__ import annotations

import numpy as np

from data_cache import Samples, frame_digit
from data_cache.samples import PIXELS
from data_cache.synthesis import CANVAS
from data_cache.synthesis.rendering import curve, draw_lines
from data_cache.synthesis.stroke_templates import Stroke

UNSEEN_STYLES = {
    1: "0,36 24,4 84,0! 66,100! / 30,96 100,100",
    4: "90,0 10,24! 100,40! 0,100",
    7: "0,30 10,0! 96,6! 40,56! 96,56! 40,100",
    9: "20,0 90,0! 80,50! 10,44! 20,0! / 50,50 60,100 100,90",
}
"""A one with a long, bent flag and a foot, a four in one open stroke with its bar close to the top,
a seven whose bar is a zigzag of the stem, and a nine with a square ring over the middle of its
stem; points in hundredths of the box, corners marked by `!`."""


def write_style(
    text: str, count: int, generator: np.random.Generator, *, noise: float = 0.025
) -> np.ndarray:
    """Return (count, 784) uint8 images of a style, as one hand writes it on the drawing pad.

    Every digit is deformed, slanted, rotated, scaled and placed a little differently, and its
    strokes are a little thinner or wider.
    """
    strokes = [_read(part.split()) for part in text.split("/")]
    images = np.empty((count, PIXELS), np.uint8)
    for image in images:
        lines = [
            curve(Stroke(points + noise * generator.standard_normal(points.shape), corners))
            for points, corners in strokes
        ]
        framed = frame_digit(_draw(lines, generator))
        assert framed is not None
        image[:] = np.round(255 * framed)
    return images


def unseen_digits(label: int, count: int, generator: np.random.Generator) -> Samples:
    """Return digits of `label` in its unseen style."""
    images = write_style(UNSEEN_STYLES[label], count, generator)
    return Samples(images, np.full(count, label, np.uint8))


def _draw(lines: list[np.ndarray], generator: np.random.Generator) -> np.ndarray:
    width = 0.62 * np.exp(0.12 * generator.standard_normal())
    slant = 0.08 + 0.08 * generator.standard_normal()
    angle = np.deg2rad(4) * generator.standard_normal()
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    matrix = np.array([[width, 0], [-slant, 1]]) @ rotation
    size = generator.uniform(0.5, 0.85) * CANVAS
    radius = generator.uniform(2.5, 3.8)
    middle = CANVAS / 2 + generator.uniform(-6, 6, 2)
    drawn = [(line - 0.5) @ matrix * (size - 2 * radius) + middle for line in lines]
    segments = np.concatenate([np.concatenate([it[:-1], it[1:]], axis=1) for it in drawn])
    return draw_lines(segments, radius, CANVAS)


def _read(words: list[str]) -> tuple[np.ndarray, np.ndarray]:
    points = [[float(number) / 100 for number in word.rstrip("!").split(",")] for word in words]
    return np.array(points), np.array([word.endswith("!") for word in words])
