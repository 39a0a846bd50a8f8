"""The lessons of the package, each a file in `files`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from dashboard.languages.language import ENGLISH
from dashboard.languages.text import current_language, gettext
from dashboard.lessons.lesson import Lesson, change_texts, read_lesson

LESSONS = (
    "overfitting",
    "learning-rate",
    "initialisation",
    "shift",
    "vanishing-gradients",
    "dying-relu",
    "batch-size",
    "validation-and-test",
    "adversarial-digits",
    "linear-limit",
)
"""Their names, in the order in which they are best taken."""


def lesson_text(name: str) -> str:
    """Return the file of a lesson of the package."""
    return (files("dashboard.lessons") / "files" / f"{name}.toml").read_text("utf-8")


@cache
def load_lesson(name: str) -> Lesson:
    """Return a lesson of the package."""
    return read_lesson(lesson_text(name), name)


def translated(lesson: Lesson) -> Lesson:
    """Return a lesson of the package in the current language; another one as it is."""
    if current_language() is ENGLISH or lesson.name not in LESSONS:
        return lesson
    return change_texts(lesson, gettext)
