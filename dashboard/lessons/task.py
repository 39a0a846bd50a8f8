"""A task: settings that are fixed and a goal, read from TOML; students hand in how they met it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from dashboard.languages.text import gettext
from dashboard.lessons.lesson import (
    PANES,
    LessonError,
    Table,
    checked,
    make_settings,
    read_settings,
    read_toml,
)
from dashboard.lessons.measures import Condition

DIGEST_LENGTH = 12

OF_THE_CURVE = ("best_validation_loss", "best_validation_accuracy", "validation_loss_rise")
"""Measures that depend on when a run was scored, and not on the run alone."""


@dataclass(frozen=True)
class Task:
    """A task.

    Attributes
    ----------
    title, text
        What it is called, and what is to be done.
    pane
        Name of the pane, as of a lesson.
    fixed
        Settings that must be kept, by name.
    start
        Settings to begin with, which may be changed.
    goal
        Conditions that must all be met.
    source
        The file that it was read from.
    """

    title: str
    text: str
    pane: str
    fixed: Mapping[str, Any]
    start: Mapping[str, Any]
    goal: tuple[Condition, ...]
    source: str = field(default="", repr=False)

    @property
    def digest(self) -> str:
        """The beginning of the SHA-256 of the task, which results name."""
        return sha256(self.source.replace("\r\n", "\n").encode()).hexdigest()[:DIGEST_LENGTH]

    def settings(self) -> dict[str, Any]:
        """Return the settings to begin with."""
        return {**self.start, **self.fixed}

    def broken(self, values: Mapping[str, Any], changed: Sequence[str] = ()) -> list[str]:
        """Return the fixed settings that have other values.

        Parameters
        ----------
        values
            Settings by name.
        changed
            Names of settings that were changed during the run.
        """
        return [
            name
            for name, value in self.fixed.items()
            if values.get(name) != value or name in changed
        ]


def is_task(text: str) -> bool:
    """Return whether a file describes a task rather than a lesson."""
    return "goal" in read_toml(text, gettext("The file"))


def read_task(text: str, name: str = "") -> Task:
    """Return the task that a TOML file describes.

    Raises
    ------
    LessonError
        The file is no task.
    """
    name = name or gettext("The task")
    file = Table(read_toml(text, name), "")
    pane = file.choice("pane", list(PANES))
    goal = tuple(checked(file, Condition.read, it) for it in file.texts("goal"))
    if not goal:
        raise LessonError(
            gettext("{name}, goal: expected at least one condition, found none.", name=name)
        )
    for condition in goal:
        if condition.name in OF_THE_CURVE:
            raise LessonError(
                gettext(
                    "{name}, goal: expected a quantity of the network at the end of a run, found "
                    "“{found}”, which depends on when the run was scored.",
                    name=name,
                    found=condition.name,
                )
            )
    task = Task(
        title=file.text("title"),
        text=file.text("text"),
        pane=pane,
        fixed=read_settings(file.raw("fixed", {}), pane, "fixed"),
        start=read_settings(file.raw("start", {}), pane, "start"),
        goal=goal,
        source=text,
    )
    make_settings(pane, task.settings(), gettext("start and fixed"))
    file.end()
    return task
