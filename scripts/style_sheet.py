"""Draws the picture of docs/handwriting.md: digits of random writers in every style of the table.

`python scripts/style_sheet.py docs/handwriting.png` writes it again after a change of the styles.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from data_cache.synthesis import CANVAS, HANDWRITING_STYLES, HandwritingStyle, write_style

COLUMNS, DIGITS, LABEL, GAP = 2, 10, 176, 4
CELL = CANVAS // 2
SHADES = 8
SEED = 3


def main(path: Path) -> None:
    """Write the picture."""
    rows = -(-len(HANDWRITING_STYLES) // COLUMNS)
    width, height = LABEL + DIGITS * (CELL + GAP), rows * (CELL + GAP)
    sheet = Image.new("L", (COLUMNS * width, height), 255)
    pen = ImageDraw.Draw(sheet)
    for index, style in enumerate(HANDWRITING_STYLES):
        column, row = divmod(index, rows)
        left, top = column * width, row * (CELL + GAP)
        pen.text((left + 4, top + CELL // 2 - 5), f"{style.digit} {style.name}", fill=0)
        for place, picture in enumerate(pictures_of(style, index)):
            sheet.paste(picture, (left + LABEL + place * (CELL + GAP), top))
    sheet.quantize(SHADES).save(path, optimize=True)


def pictures_of(style: HandwritingStyle, index: int) -> list[Image.Image]:
    """Return digits in a style, dark on white; the same at every call."""
    generator = np.random.default_rng([SEED, index])
    canvases = [write_style(style, generator) for _ in range(DIGITS)]
    return [
        Image.fromarray(np.round(255 * (1 - canvas)).astype(np.uint8)).resize(
            (CELL, CELL), Image.Resampling.BOX
        )
        for canvas in canvases
    ]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
