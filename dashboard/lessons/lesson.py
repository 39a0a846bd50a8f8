"""A lesson and its parts, and their reading from TOML with sentences on what is wrong.

Whoever writes a lesson sees where the fault is and what was expected there.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dashboard.digits.training_subset import ALL, TRAINING_SAMPLES
from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext, gettext_noop
from dashboard.lessons.measures import Condition, MeasureError, measure_name
from dashboard.plane.settings import PlaneSettings
from dashboard.training.settings import (
    LearningSettings,
    SettingError,
    TrainingSettings,
    setting_names,
    shorten,
)

LARGEST_FILE = 100_000
"""Bytes of a lesson or task, at most."""

MOST_STEPS = 30

STEP, CLAIM = gettext_noop("step {number}"), gettext_noop("claim {number}")
"""Places in a file, in messages."""

DIGITS, PLANE = "digits", "spiral"
PANES: Mapping[str, type[LearningSettings]] = {DIGITS: TrainingSettings, PLANE: PlaneSettings}
"""The settings of the panes that lessons are about, by the name of the pane."""


class LessonError(ValueError):
    """A file that is no lesson or task; the message says where, what was expected and found."""


@dataclass(frozen=True)
class LessonRun:
    """The training that belongs to a step.

    Attributes
    ----------
    settings
        Those of the lesson with those of the step, by name; others have their defaults.
    pause_when
        Conditions that must all be met for the training to pause.
    epochs
        After which it pauses in any case.
    """

    settings: Mapping[str, Any]
    pause_when: tuple[Condition, ...]
    epochs: int


@dataclass(frozen=True)
class Step:
    """One step: predict, do, see, explain.

    Attributes
    ----------
    title
        Of the step.
    predict
        A question on what will happen.
    answers
        Predictions to choose from; empty: the question is only thought about.
    do
        What the reader does.
    see
        What there is to see then.
    explain
        Why that is so.
    shown
        Names of the measures that are shown when the training has paused.
    run
        The training; None: the run of the step before stays.
    """

    title: str
    predict: str
    answers: tuple[str, ...]
    do: str
    see: str
    explain: str
    shown: tuple[str, ...]
    run: LessonRun | None


@dataclass(frozen=True)
class Question:
    """The question at the end.

    Attributes
    ----------
    text
        The question.
    answers
        To choose from.
    right
        The number of the right one, from 1.
    explanation
        Why it is right.
    """

    text: str
    answers: tuple[str, ...]
    right: int
    explanation: str


@dataclass(frozen=True)
class Claim:
    """A statement of the lesson that is tested with several seeds.

    Attributes
    ----------
    says
        The statement in words.
    measure
        Name of the measure.
    step
        Number of the step, from 1, whose run is measured when it has paused.
    minus_step
        Number of the step whose value is subtracted, for the same seed; None: none.
    minus
        Name of a measure of the same step that is subtracted; empty: none.
    at_least, at_most
        Bounds of the value; None: none.
    in_every_seed
        Whether every seed must keep the bounds, or their mean.
    """

    says: str
    measure: str
    step: int
    minus_step: int | None
    minus: str
    at_least: float | None
    at_most: float | None
    in_every_seed: bool


@dataclass(frozen=True)
class Lesson:
    """A lesson.

    Attributes
    ----------
    name
        In addresses; of a lesson of one's own “own”.
    title, summary
        What it is called, and what it shows, in a sentence.
    pane
        Name of the pane that it is about, one of `PANES`.
    minutes
        That it takes, about.
    steps
        At least one.
    question
        At the end; None: none.
    notes
        For the teacher: paragraphs, separated by empty lines.
    claims
        Statements that are tested.
    text
        The file that it was read from.
    """

    name: str
    title: str
    summary: str
    pane: str
    minutes: int
    steps: tuple[Step, ...]
    question: Question | None
    notes: str
    claims: tuple[Claim, ...] = ()
    text: str = field(default="", repr=False)


def change_texts(lesson: Lesson, change: Callable[[str], str]) -> Lesson:
    """Return a lesson with all its texts changed; of the notes every paragraph is one text."""

    def change_all(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(change, texts))

    steps = [
        replace(
            step,
            title=change(step.title),
            predict=change(step.predict),
            answers=change_all(step.answers),
            do=change(step.do),
            see=change(step.see),
            explain=change(step.explain),
        )
        for step in lesson.steps
    ]
    question = lesson.question
    if question is not None:
        question = replace(
            question,
            text=change(question.text),
            answers=change_all(question.answers),
            explanation=change(question.explanation),
        )
    return replace(
        lesson,
        title=change(lesson.title),
        summary=change(lesson.summary),
        steps=tuple(steps),
        question=question,
        notes="\n\n".join(change(text) for text in lesson.notes.split("\n\n") if text),
        claims=tuple(replace(claim, says=change(claim.says)) for claim in lesson.claims),
    )


class Table:
    """A table of a TOML file that is read key by key; what was not read is a fault.

    Parameters
    ----------
    values
        The table.
    place
        Where it is, in words, for messages.
    """

    def __init__(self, values: Any, place: str) -> None:
        self.place = place
        if not isinstance(values, dict):
            raise self.fault("", gettext("a table"), values)
        self._left = dict(values)

    def fault(self, key: str, expected: str, found: Any) -> LessonError:
        """Return the error that at `key` something else was expected."""
        where = key or self.place
        if key and self.place:
            where = gettext("{place}, {key}", place=self.place, key=key)
        shown = gettext("nothing") if found is None else f"“{shorten(str(found), 60)}”"
        return LessonError(
            gettext(
                "{place}: expected {expected}, found {found}.",
                place=where,
                expected=expected,
                found=shown,
            )
        )

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; one that is missing has the default, and without one it is a fault."""
        value = self._left.pop(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self.fault(key, gettext("a text in quotes"), value)
        return value.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; one that is missing is empty."""
        value = self._left.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(it, str) and it for it in value):
            raise self.fault(key, gettext("a list of texts in quotes"), value)
        return tuple(value)

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number from `low` to `high`."""
        value = self._left.pop(key, default)
        if type(value) is not int or not low <= value <= high:
            expected = gettext(
                "a whole number from {low} to {high}",
                low=format_number(low),
                high=format_number(high),
            )
            raise self.fault(key, expected, value)
        return value

    def number(self, key: str) -> float | None:
        """Return a number, or None if it is missing."""
        value = self._left.pop(key, None)
        if value is not None and type(value) not in (int, float):
            raise self.fault(key, gettext("a number"), value)
        return None if value is None else float(value)

    def choice(self, key: str, choices: Sequence[str], default: str | None = None) -> str:
        """Return one of some words."""
        value = self._left.pop(key, default)
        if value not in choices:
            raise self.fault(key, gettext("one of {choices}", choices=", ".join(choices)), value)
        return str(value)

    def raw(self, key: str, default: Any = None) -> Any:
        """Return any value."""
        return self._left.pop(key, default)

    def tables(self, key: str, title: str) -> list[Table]:
        """Return a list of tables; one that is missing is empty; `title` has a `{number}`."""
        value = self._left.pop(key, [])
        if not isinstance(value, list):
            raise self.fault(
                key, gettext("tables that begin with {head}", head=f"[[{key}]]"), value
            )
        return [Table(it, gettext(title, number=number)) for number, it in enumerate(value, 1)]

    def end(self) -> None:
        """Raise `LessonError` if something was not read."""
        for key, value in self._left.items():
            raise LessonError(
                gettext(
                    "{place}: there is no key “{key}” here; found it with “{value}”. Remove it, or "
                    "look for a spelling mistake.",
                    place=self.place or gettext("the file"),
                    key=shorten(key, 40),
                    value=shorten(str(value), 40),
                )
            )


def read_toml(text: str, name: str) -> dict[str, Any]:
    """Return the tables of a file.

    Raises
    ------
    LessonError
        The text is too long, or no TOML.
    """
    if len(text.encode()) > LARGEST_FILE:
        raise LessonError(
            gettext(
                "{name}: expected at most {count} bytes.",
                name=name,
                count=format_number(LARGEST_FILE),
            )
        )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LessonError(
            gettext("{name} is not a TOML file: {error}.", name=name, error=error)
        ) from error


def read_lesson(text: str, name: str = "own") -> Lesson:
    """Return the lesson that a TOML file describes.

    Parameters
    ----------
    text
        Of the file.
    name
        Of the lesson in addresses.

    Raises
    ------
    LessonError
        The file is no lesson.
    """
    file = Table(read_toml(text, name), "")
    pane = file.choice("pane", list(PANES))
    common = file.raw("settings", {})
    steps = [
        _read_step(table, pane, common, number == 1)
        for number, table in enumerate(file.tables("steps", STEP), 1)
    ]
    if not 1 <= len(steps) <= MOST_STEPS:
        raise LessonError(
            gettext(
                "{name}: expected 1 to {most} steps, each beginning with [[steps]]; found {count}.",
                name=name,
                most=MOST_STEPS,
                count=len(steps),
            )
        )
    question = file.raw("question")
    lesson = Lesson(
        name=name,
        title=file.text("title"),
        summary=file.text("summary"),
        pane=pane,
        minutes=file.whole("minutes", 1, 300, 10),
        steps=tuple(steps),
        question=None if question is None else _read_question(Table(question, gettext("question"))),
        notes=file.text("notes", ""),
        claims=tuple(_read_claim(it, steps) for it in file.tables("claims", CLAIM)),
        text=text,
    )
    file.end()
    return lesson


def _read_step(table: Table, pane: str, common: Any, is_first: bool) -> Step:
    run = table.raw("run")
    if run is None and is_first:
        raise LessonError(
            gettext(
                "{place}: expected [steps.run], since there is no run before it.", place=table.place
            )
        )
    step = Step(
        title=table.text("title"),
        predict=table.text("predict"),
        answers=table.texts("answers"),
        do=table.text("do"),
        see=table.text("see"),
        explain=table.text("explain"),
        shown=tuple(checked(table, measure_name, it) for it in table.texts("show")),
        run=None
        if run is None
        else _read_run(Table(run, gettext("{place}, run", place=table.place)), pane, common),
    )
    table.end()
    return step


def _read_run(table: Table, pane: str, common: Any) -> LessonRun:
    run = LessonRun(
        settings={
            **read_settings(common, pane, gettext("settings")),
            **read_settings(
                table.raw("settings", {}), pane, gettext("{place}, settings", place=table.place)
            ),
        },
        pause_when=tuple(checked(table, Condition.read, it) for it in table.texts("pause_when")),
        epochs=table.whole("epochs", 1, 100_000),
    )
    make_settings(pane, run.settings, table.place)
    table.end()
    return run


def _read_question(table: Table) -> Question:
    answers = table.texts("answers")
    if len(answers) < 2:
        raise table.fault("answers", gettext("at least two answers"), ", ".join(answers) or None)
    question = Question(
        text=table.text("text"),
        answers=answers,
        right=table.whole("right", 1, len(answers)),
        explanation=table.text("explanation"),
    )
    table.end()
    return question


def _read_claim(table: Table, steps: Sequence[Step]) -> Claim:
    minus_step = table.raw("minus_step")
    claim = Claim(
        says=table.text("says"),
        measure=checked(table, measure_name, table.text("measure")),
        step=table.whole("step", 1, len(steps)),
        minus_step=minus_step,
        minus=table.text("minus", ""),
        at_least=table.number("at_least"),
        at_most=table.number("at_most"),
        in_every_seed=table.choice("in", ("every seed", "the mean"), "every seed") == "every seed",
    )
    if claim.minus:
        checked(table, measure_name, claim.minus)
    if minus_step is not None and minus_step not in range(1, len(steps) + 1):
        raise table.fault("minus_step", gettext("the number of a step"), minus_step)
    if claim.at_least is None and claim.at_most is None:
        raise table.fault("at_least", gettext("at_least or at_most, a number"), None)
    table.end()
    return claim


def checked(table: Table, read: Callable[[str], Any], text: str) -> Any:
    """Return what a text stands for, with the place in the message of an error."""
    try:
        return read(text)
    except MeasureError as error:
        raise LessonError(gettext("{place}: {error}.", place=table.place, error=error)) from error


def read_settings(values: Any, pane: str, place: str) -> dict[str, Any]:
    """Return settings by name after looking at each of them.

    Raises
    ------
    LessonError
        There is no such setting, or it does not take such a value.
    """
    if not isinstance(values, dict):
        raise LessonError(
            gettext(
                "{place}: expected a table of settings, found “{found}”.",
                place=place,
                found=shorten(str(values), 60),
            )
        )
    settings = PANES[pane]
    names = setting_names(settings)
    for name, value in values.items():
        if name == "training_samples" and pane == DIGITS:
            if value not in TRAINING_SAMPLES:
                raise LessonError(
                    gettext(
                        "{place}, {name}: expected one of {choices}, found “{found}”.",
                        place=place,
                        name=name,
                        choices=", ".join(map(repr, TRAINING_SAMPLES)),
                        found=shorten(str(value), 60),
                    )
                )
        elif name not in names:
            known = [*names, *(["training_samples"] if pane == DIGITS else [])]
            raise LessonError(
                gettext(
                    "{place}: there is no setting “{name}”; there are {names}.",
                    place=place,
                    name=shorten(name, 40),
                    names=", ".join(known),
                )
            )
        else:
            make_settings(pane, {name: value}, gettext("{place}, {key}", place=place, key=name))
    return dict(values)


def make_settings(pane: str, values: Mapping[str, Any], place: str) -> LearningSettings:
    """Return the settings of a run of the pane.

    Raises
    ------
    LessonError
        A setting does not take such a value.
    """
    kept = {name: it for name, it in values.items() if name != "training_samples"}
    try:
        return PANES[pane](**kept)
    except (SettingError, ValueError, TypeError) as error:
        raise LessonError(gettext("{place}: {error}", place=place, error=error)) from error


def training_samples_of(settings: Mapping[str, Any]) -> str:
    """Return the name of the part of the digits that is trained on."""
    return str(settings.get("training_samples", ALL))
