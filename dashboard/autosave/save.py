"""A save: the saved parts of one tab at one moment, as bytes whose damage is detected.

Each part of the page turns itself into bytes and back; see `SavedPart`.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from dashboard.languages.text import gettext, ngettext

MAGIC = b"INKSAVE\n"
FORMATS = (1, 2)
"""Format 1 holds all of its parts; of format 2 some pieces are records of their own."""

PIECE_BYTES = 1 << 20
_CHECKED_FROM = len(MAGIC) + 4


def is_save(content: bytes) -> bool:
    """Return whether bytes begin as a save does."""
    return content.startswith(MAGIC)


class SaveError(ValueError):
    """Bytes that cannot be used as a save; the message is the reason, as part of a sentence."""


@dataclass(frozen=True)
class Piece:
    """`PIECE_BYTES` of a part that are stored apart, with the CRC-32 of their bytes.

    Pieces of one session have different numbers.
    """

    number: int
    checksum: int


Pieces = Mapping[str, Mapping[int, Piece]]
"""The pieces of each part that are stored apart, by their places in it, from 0."""


class SavedPart(Protocol):
    """A part of the page that is saved."""

    name: str

    @property
    def title(self) -> str:
        """Description for the offer to restore it; "" when nothing was done in it."""
        ...

    @property
    def score(self) -> str:
        """The latest score in words, "validation accuracy 94.2 %"; "" when there is none."""
        ...

    @property
    def picture(self) -> str:
        """A picture for the offer: base64 of 28 rows of 28 bytes, ink high; "" for none."""
        ...

    def capture(self) -> bytes | None:
        """Return the part as bytes; None when that is impossible right now."""
        ...

    async def restore(self, content: bytes) -> None:
        """Replace the part by what `capture` returned.

        Raises
        ------
        SaveError
            The bytes cannot be used, now or later.
        data_cache.DataError
            Data that they need are not available right now.
        """
        ...

    def watch(self, note_change: Callable[[bool], None]) -> None:
        """Call a function at every change, with whether it is urgent, unlike those of training."""
        ...


def watch_state(
    state: Any, names: Sequence[str], frequent: Sequence[str], note_change: Callable[[bool], None]
) -> None:
    """Watch the parameters of a part's state; changes of `frequent` are not urgent in training."""

    def changed(*events: Any) -> None:
        is_training = state.running and all(event.name in frequent for event in events)
        note_change(not is_training)

    state.param.watch(changed, [*names, *frequent])


@dataclass(frozen=True)
class Save:
    """The saved parts of one tab at one moment.

    Attributes
    ----------
    title
        Description for the offer to restore it: “iteration 1,240 of a 784-128-10 net”.
    saved_at
        Milliseconds since 1970.
    parts
        The bytes of each part of the page, by name.
    titles, scores
        The title and the score of each part, by name; saves of earlier versions lack them.
    picture
        As `SavedPart.picture`.
    """

    title: str
    saved_at: int
    parts: Mapping[str, bytes]
    titles: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, str] = field(default_factory=dict)
    picture: str = ""

    @property
    def description(self) -> str:
        """The title with the scores."""
        scored = [
            f"{title} ({self.scores[name]})" if self.scores.get(name) else title
            for name, title in self.titles.items()
            if title
        ]
        return join_titles(scored) or self.title

    def to_bytes(self, pieces: Pieces | None = None) -> bytes:
        """Return the save as one record, without the pieces that are stored apart.

        Its layout: `MAGIC`, the CRC-32 of what follows, the length of the header (both 32 bits,
        little-endian), the header in JSON, and the parts one after another.
        """
        pieces = {name: found for name, found in (pieces or {}).items() if found}
        values: dict[str, Any] = {
            "format": FORMATS[bool(pieces)],
            "title": self.title,
            "saved_at": self.saved_at,
            "parts": {name: len(content) for name, content in self.parts.items()},
            "titles": dict(self.titles),
            "scores": dict(self.scores),
            "picture": self.picture,
        }
        if pieces:
            values["pieces"] = {
                name: [[place, it.number, it.checksum] for place, it in found.items()]
                for name, found in pieces.items()
            }
        header = json.dumps(values).encode()
        contents: list[bytes | memoryview] = [len(header).to_bytes(4, "little"), header]
        for name, content in self.parts.items():
            contents += _rest(content, pieces.get(name, {}))
        checksum = 0
        for one in contents:
            checksum = zlib.crc32(one, checksum)
        return b"".join((MAGIC, checksum.to_bytes(4, "little"), *contents))

    @staticmethod
    def piece_numbers(content: bytes) -> list[int]:
        """Return the numbers of the pieces that a record needs; SaveError as `from_bytes`."""
        header, _ = _read_header(content)
        return [it.number for found in _read_pieces(header).values() for it in found.values()]

    @classmethod
    def from_bytes(cls, content: bytes, pieces: Mapping[int, bytes] | None = None) -> Save:
        """Read a record; SaveError when it is damaged, cut short or of another format.

        Parameters
        ----------
        content
            As `to_bytes` returned it.
        pieces
            The pieces that are stored apart, by their numbers.
        """
        header, rest = _read_header(content)
        try:
            return cls._parse(header, rest, pieces or {})
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            if isinstance(error, SaveError):
                raise
            raise SaveError(
                gettext("expected a save, found a contradiction in it: {error}", error=error)
            ) from error

    @classmethod
    def _parse(cls, header: dict[str, Any], rest: memoryview, found: Mapping[int, bytes]) -> Save:
        pieces, end = _read_pieces(header), 0
        parts: dict[str, bytes] = {}
        for name, length in header["parts"].items():
            apart, place, start = pieces.get(name, {}), 0, 0
            contents: list[bytes | memoryview] = []
            while start < length:
                size = min(PIECE_BYTES, length - start)
                if place in apart:
                    contents.append(_checked(apart[place], found))
                else:
                    contents.append(rest[end : end + size])
                    end += size
                place, start = place + 1, start + size
            parts[name] = b"".join(contents)
        if end != len(rest):
            raise SaveError(
                gettext(
                    "expected {end:,} bytes by its header, found {count:,}",
                    end=end,
                    count=len(rest),
                )
            )
        titles, scores = (
            {name: str(text) for name, text in header.get(key, {}).items()}
            for key in ("titles", "scores")
        )
        picture = str(header.get("picture", ""))
        return cls(str(header["title"]), int(header["saved_at"]), parts, titles, scores, picture)


def _read_header(content: bytes) -> tuple[dict[str, Any], memoryview]:
    """Return the header of a record and what follows it."""
    if not is_save(content):
        raise SaveError(
            gettext("expected a save that begins with {magic!r}, found something else", magic=MAGIC)
        )
    checksum = int.from_bytes(content[len(MAGIC) : _CHECKED_FROM], "little")
    checked = memoryview(content)[_CHECKED_FROM:]
    if zlib.crc32(checked) != checksum:
        raise SaveError(
            gettext("expected a whole save, found {count:,} damaged bytes", count=len(content))
        )
    end = 4 + int.from_bytes(checked[:4], "little")
    try:
        header: dict[str, Any] = json.loads(bytes(checked[4:end]))
        number = header["format"]
    except (LookupError, TypeError, ValueError) as error:
        raise SaveError(
            gettext("expected a save, found a contradiction in it: {error}", error=error)
        ) from error
    if number not in FORMATS:
        raise SaveError(
            gettext(
                "expected a save of format {format}, found one of format {found}: "
                "another version of Inkling wrote it",
                format=", ".join(map(str, FORMATS)),
                found=number,
            )
        )
    return header, checked[end:]


def _read_pieces(header: dict[str, Any]) -> dict[str, dict[int, Piece]]:
    try:
        return {
            name: {int(place): Piece(int(number), int(crc)) for place, number, crc in found}
            for name, found in header.get("pieces", {}).items()
        }
    except (AttributeError, TypeError, ValueError) as error:
        raise SaveError(
            gettext("expected a save, found a contradiction in it: {error}", error=error)
        ) from error


def _rest(content: bytes, apart: Mapping[int, Piece]) -> list[memoryview]:
    """Return the parts of a content that are not stored apart."""
    if not apart:
        return [memoryview(content)]
    return [
        memoryview(content)[start : start + PIECE_BYTES]
        for place, start in enumerate(range(0, len(content), PIECE_BYTES))
        if place not in apart
    ]


def _checked(piece: Piece, found: Mapping[int, bytes]) -> bytes:
    """Return a whole piece that is stored apart."""
    content = found.get(piece.number, b"")
    if len(content) != PIECE_BYTES or zlib.crc32(content) != piece.checksum:
        raise SaveError(
            gettext("expected a whole save, found {count:,} damaged bytes", count=len(content))
        )
    return content


@dataclass(frozen=True)
class Division:
    """What of a save is stored apart: all such pieces, and the bytes of those to be written."""

    pieces: Pieces
    new: Mapping[int, bytes]

    @property
    def numbers(self) -> frozenset[int]:
        """The numbers of all pieces that the save needs."""
        return frozenset(it.number for found in self.pieces.values() for it in found.values())


class Divider:
    """Stores apart what saves have in common, so that it is not written with each of them.

    A piece that is the same as in the save before, at the same place, is stored apart then. The
    curves of a long run grow at their end alone; see `dashboard.training.checkpoint`.
    """

    def __init__(self) -> None:
        self._last: Save | None = None
        self._stored: Pieces = {}
        self._next_number = 0

    def divide(self, save: Save) -> Division:
        """Return what of a save is stored apart, compared with the one that was written last."""
        pieces: dict[str, dict[int, Piece]] = {}
        new: dict[int, bytes] = {}
        for name, content in save.parts.items():
            before = b"" if self._last is None else self._last.parts.get(name, b"")
            stored, found = self._stored.get(name, {}), {}
            for place in range(min(len(content), len(before)) // PIECE_BYTES):
                start = place * PIECE_BYTES
                piece = before[start : start + PIECE_BYTES]
                if not content.startswith(piece, start):
                    continue
                if place in stored:
                    found[place] = stored[place]
                else:
                    found[place] = Piece(self._next_number + len(new), zlib.crc32(piece))
                    new[found[place].number] = piece
            pieces[name] = found
        return Division(pieces, new)

    def note_written(self, save: Save, division: Division) -> None:
        """Note that a save was written with its pieces."""
        self._last, self._stored = save, division.pieces
        self._next_number += len(division.new)


def join_titles(titles: Iterable[str]) -> str:
    """Return the titles of parts as one: “your drawing and 3 kept runs”."""
    return gettext(" and ").join(titles)


def describe_age(seconds: float) -> str:
    """Return an age in words, in its largest unit: “just now”, “3 minutes ago”."""
    seconds = max(seconds, 0)
    days, hours, minutes = (int(seconds // size) for size in (86_400, 3_600, 60))
    if days:
        return ngettext("{count:,} day ago", "{count:,} days ago", days, count=days)
    if hours:
        return ngettext("{count} hour ago", "{count} hours ago", hours, count=hours)
    if minutes:
        return ngettext("{count} minute ago", "{count} minutes ago", minutes, count=minutes)
    return gettext("just now")
