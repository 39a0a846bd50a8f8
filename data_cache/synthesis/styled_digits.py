"""Digits written in the styles of the table, as training samples and for evaluation by style."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data_cache.preprocessing import frame_digits
from data_cache.samples import PIXELS, Samples
from data_cache.synthesis.handwriting import CANVAS
from data_cache.synthesis.handwriting_style import HandwritingStyle
from data_cache.synthesis.instruments import draw_with_instrument
from data_cache.synthesis.style_table import HANDWRITING_STYLES
from data_cache.synthesis.writer import write_lines

_CHUNK = 64


def write_style(style: HandwritingStyle, generator: np.random.Generator) -> np.ndarray:
    """Write one digit in a style, somewhere on a canvas, (84, 84) float32 in [0, 1]."""
    return draw_with_instrument(write_lines(style, generator), generator)


def draw_styled_digits(
    styles: Sequence[HandwritingStyle], generator: np.random.Generator
) -> Samples:
    """Write a digit in each of the given styles, in MNIST's frame.

    Parameters
    ----------
    styles : sequence of n HandwritingStyle
        Repeated styles give different digits.
    generator : numpy.random.Generator

    Returns
    -------
    Samples
        n images with the styles' digits as labels.
    """
    images = np.zeros((len(styles), PIXELS), np.uint8)
    for start in range(0, len(styles), _CHUNK):
        part = styles[start : start + _CHUNK]
        canvases = np.empty((len(part), CANVAS, CANVAS), np.float32)
        for canvas, style in zip(canvases, part, strict=True):
            canvas[:] = write_style(style, generator)
        images[start : start + _CHUNK] = np.round(255 * frame_digits(canvases)[0])
    return Samples(images, np.array([style.digit for style in styles], np.uint8))


def choose_styles(
    count: int,
    generator: np.random.Generator,
    styles: Sequence[HandwritingStyle] = HANDWRITING_STYLES,
) -> list[HandwritingStyle]:
    """Choose styles at random, every digit that has one equally often, then its styles.

    Parameters
    ----------
    count : int
    generator : numpy.random.Generator
    styles : sequence of HandwritingStyle
        To choose from.
    """
    by_digit: dict[int, list[HandwritingStyle]] = {}
    for style in styles:
        by_digit.setdefault(style.digit, []).append(style)
    groups = [by_digit[digit] for digit in sorted(by_digit)]
    chosen = [groups[index] for index in generator.integers(len(groups), size=count)]
    return [group[generator.integers(len(group))] for group in chosen]
