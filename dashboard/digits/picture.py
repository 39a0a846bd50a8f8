"""A picture that is dropped, pasted or chosen on the page becomes a drawing on the pad.

The browser decodes it to grey values, so it works in both runtimes without Pillow.
"""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import NDArray

from data_cache.preprocessing import PictureDigits
from data_cache.readers.file_kinds import PICTURES, UNKNOWN, identify

LARGEST_SIDE = 1024
EXPECTED = "a picture that the browser can decode"


def decode_grey(width: int, height: int, content: str) -> NDArray[np.float64]:
    """Return the grey values that the page sent, (height, width) in 0…255.

    Raises
    ------
    ValueError
        If the content is not base64 of width × height bytes, or a side is over 1,024.
    """
    if not (1 <= width <= LARGEST_SIDE and 1 <= height <= LARGEST_SIDE):
        raise ValueError(f"a picture has sides from 1 to {LARGEST_SIDE}; found {width} × {height}")
    levels = base64.b64decode(content, validate=True)
    if len(levels) != width * height:
        raise ValueError(f"a picture has {width * height} bytes; found {len(levels)}")
    return np.frombuffer(levels, np.uint8).reshape(height, width).astype(np.float64)


def explain_undecodable(name: str, content: str) -> str:
    """Return what a file is that the browser could not decode, from base64 of its first bytes."""
    kind = identify(base64.b64decode(content, validate=True))
    if kind is UNKNOWN:
        return f"{name}: expected {EXPECTED}, found something else; save it as PNG or JPEG."
    if kind.name in PICTURES:
        return f"{name}: expected {EXPECTED}, found a damaged one; save it as PNG or JPEG."
    return kind.refusal(name, EXPECTED)


def drawing_of(found: PictureDigits, name: str) -> tuple[NDArray[np.float32] | None, str]:
    """Return the canvas, (168, 168), of the digit in a picture, and a sentence; "" if all is well.

    The canvas is None where there is not exactly one digit.
    """
    if not found.digits:
        return None, f"{name}: no digit is in it; it is blank, or has only paper, light and lines."
    if len(found.digits) > 1:
        return None, f"{name}: {len(found.digits)} digits are in it; crop it to one."
    (digit,) = found.digits
    if digit.is_cut:
        return digit.canvas, f"{name}: the edge of the picture cuts the digit."
    if digit.is_wide:
        return digit.canvas, f"{name}: it is wide for one digit; there may be two that touch."
    return digit.canvas, ""
