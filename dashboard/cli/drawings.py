"""Reads a drawing for `inkling predict`: a picture of digits, or a square array of numbers.

The format is recognised by the content of the file; a warning about a digit is printed with it.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.cli.errors import CommandError
from dashboard.languages.text import gettext, gettext_noop
from data_cache import DataError, frame_digit
from data_cache.preprocessing import find_picture_digits
from data_cache.readers.archives import unpack
from data_cache.readers.file_kinds import (
    EMPTY,
    JSON,
    NPY,
    PICTURES,
    SAFETENSORS,
    START_BYTES,
    TEXT,
    FileKind,
    identify,
)
from data_cache.readers.pictures import decode_picture
from data_cache.readers.text import NUMBER, decode_text, excerpt

EXPECTED = gettext_noop("a picture, samples, or a square array of numbers, as .npy or as text")
ARRAY = gettext_noop("expected a square array of numbers, as .npy or as text with a row per line")


@dataclass(frozen=True, eq=False)
class DrawnDigit:
    """A digit as the model's input, (784,) float32 in [0, 1], with a warning about it or ""."""

    image: NDArray[np.float32]
    warning: str = ""


@dataclass(frozen=True, eq=False)
class Drawing:
    """The digits in a file line by line, each from left to right; at least one."""

    digits: tuple[DrawnDigit, ...]
    is_picture: bool


def read_file(path: Path) -> bytes:
    """Return the content of a file, decompressed; raise a DataError if it cannot be read."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(gettext("{path}: expected a file, found none.", path=path)) from error
    except OSError as error:
        raise DataError(
            gettext(
                "{path}: expected a file, found none ({strerror}).",
                path=path,
                strerror=error.strerror,
            )
        ) from error
    return unpack(content, str(path)) if content else content


def find_pictures(folder: Path) -> list[Path]:
    """Return the pictures that lie in a folder itself, recognised by their first bytes."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            with path.open("rb") as file:
                if identify(file.read(START_BYTES)).name in PICTURES:
                    found.append(path)
    return found


def read_drawing(content: bytes, name: str, binarize: int | None = None) -> Drawing:
    """Return the preprocessed digits in a file.

    Parameters
    ----------
    content
        A picture in any common format, a `.npy` file, or text.
    name
        The file, for error messages.
    binarize
        A threshold from 0 to 255: brighter pixels become 1, all others 0.

    Raises
    ------
    DataError
        If the file is no drawing.
    CommandError
        If there is no digit in it.
    """
    kind = identify(content)
    if kind.name in PICTURES:
        digits = _picture_digits(content, name)
    else:
        digits = (_array_digit(content, kind, name),)
    if binarize is not None:
        digits = tuple(
            replace(one, image=(one.image * 255 > binarize).astype(np.float32)) for one in digits
        )
    return Drawing(digits, kind.name in PICTURES)


def _picture_digits(content: bytes, name: str) -> tuple[DrawnDigit, ...]:
    found = find_picture_digits(decode_picture(content, name))
    digits = []
    for one in found.digits:
        image = frame_digit(one.canvas)
        if image is not None:
            warning = gettext("it is wide, as two digits that touch") if one.is_wide else ""
            if one.is_cut:
                warning = gettext("it is cut by the edge of the picture")
            digits.append(DrawnDigit(image, warning))
    if not digits:
        raise CommandError(
            gettext(
                "{name}: expected a digit, found no digit: the picture is blank, or has "
                "only paper, light and lines.",
                name=name,
            )
        )
    return tuple(digits)


def _array_digit(content: bytes, kind: FileKind, name: str) -> DrawnDigit:
    canvas = _read_array(content, kind, name)
    if canvas.dtype == np.uint8:
        canvas = canvas / 255
    try:
        framed = frame_digit(canvas)
    except ValueError as error:
        raise DataError(f"{name}: {error}") from error
    if framed is None:
        raise CommandError(gettext("{name}: expected a drawing, found a blank image.", name=name))
    return DrawnDigit(framed)


def _read_array(content: bytes, kind: FileKind, name: str) -> NDArray[Any]:
    if kind is EMPTY:
        raise DataError(
            gettext(
                "{name}: {array}, found an empty file (0 bytes).", name=name, array=gettext(ARRAY)
            )
        )
    if kind is NPY:
        try:
            return np.asarray(np.load(io.BytesIO(content), allow_pickle=False))
        except (ValueError, EOFError) as error:
            raise DataError(
                gettext(
                    "{name}: {array}, found a damaged .npy file.", name=name, array=gettext(ARRAY)
                )
            ) from error
    if kind is not TEXT:
        refusal = kind.refusal(name, gettext(EXPECTED))
        if kind in (JSON, SAFETENSORS):
            refusal = gettext("{refusal} Weights are named with --weight-path.", refusal=refusal)
        raise DataError(refusal)
    text = decode_text(content, name).content.decode("utf-8", "replace")
    rows = [re.split(r"[\s,;]+", line.strip(" \t,;")) for line in text.split("\n") if line.strip()]
    for number, row in enumerate(rows, 1):
        for word in row:
            if not NUMBER.fullmatch(word):
                raise DataError(
                    gettext(
                        "{name}: {array}, found {word} in row {number}.",
                        name=name,
                        array=gettext(ARRAY),
                        word=excerpt(word),
                        number=number,
                    )
                )
    if len({len(row) for row in rows}) > 1:
        raise DataError(
            gettext(
                "{name}: {array}, found rows of different lengths.", name=name, array=gettext(ARRAY)
            )
        )
    return np.array([[float(word) for word in row] for row in rows], np.float64)
