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
FORMAT = 1
_CHECKED_FROM = len(MAGIC) + 4


def is_save(content: bytes) -> bool:
    """Return whether bytes begin as a save does."""
    return content.startswith(MAGIC)


class SaveError(ValueError):
    """Bytes that cannot be used as a save; the message is the reason, as part of a sentence."""


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

    def to_bytes(self) -> bytes:
        """Return the save as one record.

        Its layout: `MAGIC`, the CRC-32 of what follows, the length of the header (both 32 bits,
        little-endian), the header in JSON, and the parts one after another.
        """
        header = json.dumps(
            {
                "format": FORMAT,
                "title": self.title,
                "saved_at": self.saved_at,
                "parts": {name: len(content) for name, content in self.parts.items()},
                "titles": dict(self.titles),
                "scores": dict(self.scores),
                "picture": self.picture,
            }
        ).encode()
        pieces = [len(header).to_bytes(4, "little"), header, *self.parts.values()]
        checksum = 0
        for piece in pieces:
            checksum = zlib.crc32(piece, checksum)
        return b"".join((MAGIC, checksum.to_bytes(4, "little"), *pieces))

    @classmethod
    def from_bytes(cls, content: bytes) -> Save:
        """Read a record; SaveError when it is damaged, cut short or of another format."""
        if not is_save(content):
            raise SaveError(
                gettext(
                    "expected a save that begins with {magic!r}, found something else", magic=MAGIC
                )
            )
        checksum = int.from_bytes(content[len(MAGIC) : _CHECKED_FROM], "little")
        if zlib.crc32(content[_CHECKED_FROM:]) != checksum:
            raise SaveError(
                gettext("expected a whole save, found {count:,} damaged bytes", count=len(content))
            )
        try:
            return cls._parse(memoryview(content)[_CHECKED_FROM:])
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            if isinstance(error, SaveError):
                raise
            raise SaveError(
                gettext("expected a save, found a contradiction in it: {error}", error=error)
            ) from error

    @classmethod
    def _parse(cls, content: memoryview) -> Save:
        end = 4 + int.from_bytes(content[:4], "little")
        header: dict[str, Any] = json.loads(bytes(content[4:end]))
        if header["format"] != FORMAT:
            raise SaveError(
                gettext(
                    "expected a save of format {format}, found one of format {found}: "
                    "another version of Inkling wrote it",
                    format=FORMAT,
                    found=header["format"],
                )
            )
        parts: dict[str, bytes] = {}
        for name, length in header["parts"].items():
            parts[name] = bytes(content[end : end + length])
            end += length
        if end != len(content):
            raise SaveError(
                gettext(
                    "expected {end:,} bytes by its header, found {count:,}",
                    end=end,
                    count=len(content),
                )
            )
        titles, scores = (
            {name: str(text) for name, text in header.get(key, {}).items()}
            for key in ("titles", "scores")
        )
        picture = str(header.get("picture", ""))
        return cls(str(header["title"]), int(header["saved_at"]), parts, titles, scores, picture)


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
