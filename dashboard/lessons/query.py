"""What an address says about lessons and tasks: which one, at which step.

A task, and a lesson of one's own, travel in the address as a whole, compressed, so that
they need no server.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from dashboard.languages.text import gettext
from dashboard.lessons.lesson import LARGEST_FILE, Lesson, LessonError, read_lesson
from dashboard.lessons.library import LESSONS, load_lesson
from dashboard.lessons.task import Task, read_task
from dashboard.training.settings import shorten

LESSON, STEP, TEXT, TASK = "lesson", "step", "lesson-text", "task-text"
DONE, ANSWER = "done", "answer"
"""Keys of the address."""

LONGEST = 30_000
"""Characters of a packed file in an address, at most."""


@dataclass(frozen=True)
class LessonPlace:
    """A lesson and a step of it, from 1; the step after the last one is the question. Or a task.

    `done` are the steps that were seen through earlier, `answer` the first answer to the question.
    """

    lesson: Lesson | None = None
    step: int = 1
    task: Task | None = None
    done: tuple[int, ...] = ()
    answer: int = 0


def read_query(query: str) -> LessonPlace:
    """Return the lesson or task that an address names; without one there is none.

    Raises
    ------
    LessonError
        There is no such lesson, or its text was damaged on the way.
    """
    values = {key: texts[-1] for key, texts in parse_qs(query).items()}
    name, text = values.get(LESSON, ""), values.get(TEXT, "")
    if values.get(TASK):
        return LessonPlace(task=read_task(unpack(values[TASK])))
    if text:
        lesson = read_lesson(unpack(text))
    elif not name:
        return LessonPlace()
    elif name in LESSONS:
        lesson = load_lesson(name)
    else:
        raise LessonError(
            gettext(
                "There is no lesson “{name}”; there are {names}.",
                name=shorten(name, 40),
                names=", ".join(LESSONS),
            )
        )
    step = values.get(STEP, "1")
    done = {_whole(number, 0) for number in values.get(DONE, "").split("-")}
    return LessonPlace(
        lesson,
        min(max(_whole(step, 1), 1), pages_of(lesson)),
        done=tuple(sorted(done & set(range(1, len(lesson.steps) + 1)))),
        answer=_whole(values.get(ANSWER, ""), 0),
    )


def _whole(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else default


def write_query(lesson: Lesson | None, step: int, done: Sequence[int] = (), answer: int = 0) -> str:
    """Return the part of an address that names a lesson, a step, and what was done of it."""
    if lesson is None:
        return ""
    if lesson.name in LESSONS:
        named = {LESSON: lesson.name}
    else:
        named = {TEXT: pack(lesson.text)}
        if len(named[TEXT]) > LONGEST:
            return ""  # a longer address would be cut on its way
    values: dict[str, object] = {**named, STEP: step}
    if done:
        values[DONE] = "-".join(map(str, done))
    if answer:
        values[ANSWER] = answer
    return urlencode(values)


def write_task_query(task: Task) -> str:
    """Return the part of an address that holds a task; empty if it is too long for one."""
    packed = pack(task.source)
    return urlencode({TASK: packed}) if len(packed) <= LONGEST else ""


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
            gettext(
                "The lesson or task in this link was cut or changed on its way. Copy the whole "
                "link once more."
            )
        ) from error
