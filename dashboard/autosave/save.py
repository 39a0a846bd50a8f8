"""A save: everything that is kept of one tab at one moment, as bytes that tell when they are torn.

What the parts of it hold is the affair of those who made them; here they are bytes with names.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAGIC = b"INKSAVE\n"
FORMAT = 1
_CHECKED_FROM = len(MAGIC) + 4


class SaveError(ValueError):
    """Bytes that are no save, or none that can be used; the message says why."""


@dataclass(frozen=True)
class Save:
    """One moment of one tab.

    Attributes
    ----------
    title
        What it is, for the person who is to choose: “iteration 1,240 of a 784-128-10 net”.
    saved_at
        Milliseconds since 1970.
    parts
        The bytes of each part of the page, by name.
    titles
        What each part is, by name; "" where nothing was done. Older saves lack them.
    """

    title: str
    saved_at: int
    parts: Mapping[str, bytes]
    titles: Mapping[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Return the save as one record.

        The layout: the magic text, the CRC-32 of all that follows, the length of the header
        (both little-endian, 32 bits), the header in JSON, and the parts one after another.
        """
        header = json.dumps(
            {
                "format": FORMAT,
                "title": self.title,
                "saved_at": self.saved_at,
                "parts": {name: len(content) for name, content in self.parts.items()},
                "titles": dict(self.titles),
            }
        ).encode()
        pieces = [len(header).to_bytes(4, "little"), header, *self.parts.values()]
        checksum = 0
        for piece in pieces:
            checksum = zlib.crc32(piece, checksum)
        return b"".join((MAGIC, checksum.to_bytes(4, "little"), *pieces))

    @classmethod
    def from_bytes(cls, content: bytes) -> Save:
        """Read what `to_bytes` gave.

        Raises
        ------
        SaveError
            When the bytes are damaged, cut short, or of another format.
        """
        if not content.startswith(MAGIC):
            raise SaveError(f"expected a save that begins with {MAGIC!r}, found another thing")
        checksum = int.from_bytes(content[len(MAGIC) : _CHECKED_FROM], "little")
        if zlib.crc32(content[_CHECKED_FROM:]) != checksum:
            raise SaveError(f"expected a whole save, found {len(content):,} damaged bytes")
        try:
            return cls._take_apart(memoryview(content)[_CHECKED_FROM:])
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            if isinstance(error, SaveError):
                raise
            raise SaveError(
                f"expected a save, found one that contradicts itself: {error}"
            ) from error

    @classmethod
    def _take_apart(cls, content: memoryview) -> Save:
        end = 4 + int.from_bytes(content[:4], "little")
        header: dict[str, Any] = json.loads(bytes(content[4:end]))
        if header["format"] != FORMAT:
            raise SaveError(
                f"expected a save of format {FORMAT}, found one of format {header['format']}: "
                "another version of Inkling wrote it"
            )
        parts: dict[str, bytes] = {}
        for name, length in header["parts"].items():
            parts[name] = bytes(content[end : end + length])
            end += length
        if end != len(content):
            raise SaveError(f"expected {end:,} bytes by its header, found {len(content):,}")
        titles = {name: str(title) for name, title in header.get("titles", {}).items()}
        return cls(str(header["title"]), int(header["saved_at"]), parts, titles)


def describe_age(seconds: float) -> str:
    """Say how long ago something was: “just now”, “3 minutes ago”."""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = int(max(seconds, 0) // size)
        if count:
            return f"{count:,} {unit}{'' if count == 1 else 's'} ago"
    return "just now"
