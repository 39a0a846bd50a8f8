"""A picture that is dropped, pasted or chosen on the page becomes a drawing on the pad.

The browser decodes it to grey values, so it works in both runtimes without Pillow.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.languages.text import gettext, gettext_noop
from dashboard.shell.notices import size_refusal
from data_cache.preprocessing import PictureDigits
from data_cache.readers.file_kinds import PICTURES, UNKNOWN, identify

LARGEST_SIDE = 1024
LARGEST_FILE = 100_000_000
"""Bytes of a file that the page decodes; see picture_input.js."""
EXPECTED = gettext_noop("a picture that the browser can decode")


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


def explain_undecodable(name: str, content: str, size: int = 0) -> str:
    """Return what a file is that the browser could not decode, from base64 of its first bytes.

    `size`, in bytes, is not 0 if the file is too large to be decoded.
    """
    if size:
        return gettext(
            "{refusal} Shrink it first.",
            refusal=size_refusal(name, size, LARGEST_FILE, gettext("a picture")),
        )
    kind = identify(base64.b64decode(content, validate=True))
    if kind is UNKNOWN:
        return gettext(
            "{name}: expected {expected}, found something else; save it as PNG or JPEG.",
            name=name,
            expected=gettext(EXPECTED),
        )
    if kind.name in PICTURES:
        return gettext(
            "{name}: expected {expected}, found a damaged one; save it as PNG or JPEG.",
            name=name,
            expected=gettext(EXPECTED),
        )
    return kind.refusal(name, EXPECTED)


@dataclass(frozen=True, eq=False)
class PictureDrawing:
    """What a picture becomes on the pad.

    Attributes
    ----------
    canvas
        The digit, (168, 168) float32 in [0, 1]; None where there is not exactly one.
    sentence
        What is wrong with the picture; "" if all is well.
    """

    canvas: NDArray[np.float32] | None
    sentence: str = ""

    @property
    def has_warning(self) -> bool:
        """Whether something is wrong with it, so that no answer to the digit is sure."""
        return bool(self.sentence)


def drawing_of(found: PictureDigits, name: str) -> PictureDrawing:
    """Return the drawing of the digits in a picture."""
    if not found.digits:
        return PictureDrawing(
            None,
            gettext(
                "{name}: no digit is in it; it is blank, or has only paper, light and lines.",
                name=name,
            ),
        )
    if len(found.digits) > 1:
        return PictureDrawing(
            None,
            gettext(
                "{name}: {count} digits are in it; crop it to one.",
                name=name,
                count=len(found.digits),
            ),
        )
    (digit,) = found.digits
    sentence = ""
    if digit.is_cut:
        sentence = gettext("{name}: the edge of the picture cuts the digit.", name=name)
    elif digit.is_wide:
        sentence = gettext(
            "{name}: it is wide for one digit; there may be two that touch.", name=name
        )
    return PictureDrawing(digit.canvas, sentence)
