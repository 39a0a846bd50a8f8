"""What an address says about lessons: which one, at which step.

A lesson of one's own travels in the address as a whole, compressed, so that it needs no server.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from dashboard.lessons.lesson import LARGEST_FILE, Lesson, LessonError, read_lesson
from dashboard.lessons.library import LESSONS, load_lesson
from dashboard.training.settings import shorten

LESSON, STEP, TEXT = "lesson", "step", "lesson-text"
"""Keys of the address."""

LONGEST = 30_000
"""Characters of a packed file in an address, at most."""


@dataclass(frozen=True)
class LessonPlace:
    """A lesson and a step of it, from 1; the step after the last one is the question."""

    lesson: Lesson | None = None
    step: int = 1


def read_query(query: str) -> LessonPlace:
    """Return the lesson that an address names; without one there is none.

    Raises
    ------
    LessonError
        There is no such lesson, or its text was damaged on the way.
    """
    values = {key: texts[-1] for key, texts in parse_qs(query).items()}
    name, text = values.get(LESSON, ""), values.get(TEXT, "")
    if text:
        lesson = read_lesson(unpack(text))
    elif not name:
        return LessonPlace()
    elif name in LESSONS:
        lesson = load_lesson(name)
    else:
        raise LessonError(
            f"There is no lesson “{shorten(name, 40)}”; there are {', '.join(LESSONS)}."
        )
    step = values.get(STEP, "1")
    number = int(step) if step.isascii() and step.isdecimal() and len(step) < 4 else 1
    return LessonPlace(lesson, min(max(number, 1), pages_of(lesson)))


def write_query(lesson: Lesson | None, step: int) -> str:
    """Return the part of an address that names a lesson and a step."""
    if lesson is None:
        return ""
    if lesson.name in LESSONS:
        return urlencode({LESSON: lesson.name, STEP: step})
    packed = pack(lesson.text)
    # A longer address would be cut on its way.
    return urlencode({TEXT: packed, STEP: step}) if len(packed) <= LONGEST else ""


def pages_of(lesson: Lesson) -> int:
    """Return the number of steps, and one more if there is a question."""
    return len(lesson.steps) + (lesson.question is not None)


def pack(text: str) -> str:
    """Return a text compressed, in letters and digits that an address may contain."""
    content = zlib.compress(text.encode(), 9)
    return base64.urlsafe_b64encode(content).decode("ascii").rstrip("=")


def unpack(packed: str) -> str:
    """Return the text that `pack` was given.

    Raises
    ------
    LessonError
        It was cut or changed.
    """
    try:
        content = base64.urlsafe_b64decode(packed[:LONGEST] + "=" * (-len(packed) % 4))
        expand = zlib.decompressobj()
        text = expand.decompress(content, LARGEST_FILE + 1)
        if not expand.eof:
            raise ValueError("it is incomplete")
        return text.decode()
    except (ValueError, binascii.Error, zlib.error) as error:
        raise LessonError(
            "The lesson in this link was cut or changed on its way. Copy the whole link once more."
        ) from error
