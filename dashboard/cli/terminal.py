"""Standard output and error as they may be: closed, full, or unable to show some characters."""

from __future__ import annotations

import codecs
import os
import sys
from typing import TextIO

_REPLACEMENTS = {
    "“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "−": "-", "…": "...",
    "×": "x", "·": "|", "→": "->", "█": "#", "σ": "sigma", "±": "+-", "²": "2",
}  # fmt: skip
_HANDLER = "inkling.readable"


def prepare_streams() -> None:
    """Make writing to standard output and error always possible.

    A closed stream is replaced by one that is not shown; characters that an encoding lacks are
    written as similar ones of ASCII.
    """
    codecs.register_error(_HANDLER, _replace)
    for name in ("stdout", "stderr"):
        stream: TextIO | None = getattr(sys, name)
        if stream is None or stream.closed:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure") and stream.errors in ("strict", "backslashreplace"):
            stream.reconfigure(errors=_HANDLER)


def flush_streams() -> None:
    """Write what is buffered; raise an OSError while it can still be reported."""
    sys.stdout.flush()
    sys.stderr.flush()


def discard_output() -> None:
    """Write nothing more to standard output, not even at the end of the process."""
    try:
        place = sys.stdout.fileno()
    except (OSError, ValueError):
        return
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, place)
    os.close(devnull)


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(_REPLACEMENTS.get(character, "?") for character in text), error.end
