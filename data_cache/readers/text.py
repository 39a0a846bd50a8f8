"""Decodes text files, finds how their cells are separated, and quotes them in messages.

The readers of samples and of points share it, so that both accept the same dialects of CSV.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from data_cache.errors import DataError
from data_cache.texts import gettext, gettext_noop

QUOTED_LENGTH = 40
"""As many characters of a file are shown at most in a message, several times at most."""

NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_DIGIT_WORDS = (
    *("zero", "one", "two", "three", "four"),
    *("five", "six", "seven", "eight", "nine"),
)
_ONE_DIGIT = re.compile(r"[^0-9]*([0-9])[^0-9]*")
_LONGEST_LABEL = 40
HOLES = frozenset(("", "?", "na", "n/a", "nan", "null", "none", "-", "#n/a", "."))
"""What programs write into a cell without a value, in lower case."""

_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8", gettext_noop("UTF-8 with a byte order mark")),
    (b"\xff\xfe\0\0", "utf-32-le", "UTF-32"),
    (b"\0\0\xfe\xff", "utf-32-be", "UTF-32"),
    (b"\xff\xfe", "utf-16-le", "UTF-16"),
    (b"\xfe\xff", "utf-16-be", "UTF-16"),
)


@dataclass(frozen=True)
class Text:
    """The content of a text file as UTF-8 bytes (or an ASCII superset) with line ends of LF.

    `encoding` is its name for messages, "" for plain UTF-8 without a byte order mark.
    """

    content: bytes
    encoding: str


def decode_text(content: bytes, name: str) -> Text:
    """Return the text in UTF-8 (with or without byte order mark), UTF-16, UTF-32 or Latin-1.

    Raises
    ------
    DataError
        If the byte order mark promises an encoding that the rest does not keep.
    """
    codec, title = _find_encoding(content)
    for mark, *_ in _BYTE_ORDER_MARKS:
        if title and content.startswith(mark):
            content = content.removeprefix(mark)
            break
    if codec not in ("ascii", "utf-8"):
        try:
            content = content.decode(codec).encode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(
                gettext(
                    "{name}: expected text in {title}, found damage at byte {start}; save "
                    "the file again, as UTF-8.",
                    name=name,
                    title=title,
                    start=error.start,
                )
            ) from error
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return Text(content, title)


def _find_encoding(content: bytes) -> tuple[str, str]:
    """Return the codec of a text, and its name where it is unusual."""
    for mark, codec, title in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return codec, title
    if b"\0" in content[:200]:
        return ("utf-16-be" if content[:1] == b"\0" else "utf-16-le"), "UTF-16"
    if content.isascii():
        return "ascii", ""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1", "Latin-1"
    return "utf-8", ""


def excerpt(text: str | bytes, limit: int = QUOTED_LENGTH) -> str:
    """Return at most `limit` characters of a text in quotation marks, all of them printable."""
    if isinstance(text, bytes):
        text = text[: 4 * limit].decode("utf-8", "replace")
    shown = "".join(
        character if character.isprintable() else "·" for character in text[: limit + 1]
    )
    return f"“{shown if len(shown) <= limit else shown[: limit - 1] + '…'}”"


def digit_of_text(text: str) -> int | None:
    """Return the digit that a text names, "seven", "digit_7" or "tensor(7)"; None if none."""
    text = unquote(text).lower()
    if text in _DIGIT_WORDS:
        return _DIGIT_WORDS.index(text)
    match = _ONE_DIGIT.fullmatch(text) if len(text) <= _LONGEST_LABEL else None
    is_number = NUMBER.fullmatch(text) is not None or "-" in text or not text.isascii()
    return int(match[1]) if match and (text.isdigit() or not is_number) else None


def unquote(cell: str) -> str:
    """Return a cell without the blanks and quotation marks around it."""
    cell = cell.strip()
    if len(cell) >= 2 and cell[0] == cell[-1] and cell[0] in "\"'":
        cell = cell[1:-1].strip()
    return cell
