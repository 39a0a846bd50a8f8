"""Every number in the text of a lesson is a setting, is tested as a claim, or is computed here."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import pytest

from dashboard.lessons.headless import STEPS_BETWEEN_CHECKS
from dashboard.lessons.lesson import DIGITS, Claim, Lesson, LessonRun, training_samples_of
from dashboard.lessons.library import LESSONS, load_lesson
from dashboard.lessons.measures import EPSILON, PROBED, RECENT_STEPS, SHIFT_PIXELS
from dashboard.training.settings import TrainingSettings
from data_cache import load_digits

PIXELS = 784
VALIDATION = len(load_digits().validation)

COMPUTED = {
    "overfitting": [
        ("on about a third of others", 1 / 3, 1 - 0.67),
        ("101,770 weights", 101_770, PIXELS * 128 + 128 + 128 * 10 + 10),
        ("500 others", 500, VALIDATION),
    ],
    "learning-rate": [
        ("ln 10 = 2.303", 2.303, math.log(10)),
        ("ln 10 = 2.30", 2.30, math.log(10)),
        ("close to 2.3,", 2.3, math.log(10)),
        ("two hundred times as large", 200, 0.1 / 0.0005),
        ("Fourteen times more", 14, 1.4 / 0.1),
    ],
    "initialisation": [("ln 10 = 2.30", 2.30, math.log(10))],
    "vanishing-gradients": [
        ("ln 3 = 1.10", 1.10, math.log(3)),
        ("at most 1/4", 1 / 4, 0.5 * (1 - 0.5)),
        ("at most a quarter", 1 / 4, 0.5 * (1 - 0.5)),
        ("(1/4)⁶ is about 1/4,000", 1 / 4_000, 0.25**6),
    ],
    "dying-relu": [("A tenth of the learning rate", 1 / 10, 0.5 / 5)],
    "batch-size": [
        ("eight times as many", 8, 64 / 8),
        ("eight times as large", 8, 0.4 / 0.05),
        ("500 at once, half of all", 0.5, 500 / 1000),
        # Above half of the loss in step 1, below a quarter of it in step 2.
        ("less than half of that before", 0.5, 0.25 / 0.5),
    ],
    "validation-and-test": [
        ("about 12.5 % on them", 0.125, 0.1 + 1.87 * math.sqrt(0.1 * 0.9 / VALIDATION)),
        ("each is worth 10 %", 0.1, 1 / 10),
        ("is 1.3 points", 0.013, math.sqrt(0.1 * 0.9 / VALIDATION)),
        # The mean of the largest of 20 (Harter, 1961).
        ("about 1.9 standard deviations", 1.9, 1.867),
        ("±3 points at 88 %", 0.03, 1.96 * math.sqrt(0.88 * 0.12 / VALIDATION)),
        ("on 500 samples", 500, VALIDATION),
        ("by at least a quarter", 0.25, 1.25 - 1),
        ("rises by a quarter", 0.25, 1.25 - 1),
        ("500 samples give", 500, VALIDATION),
    ],
    "adversarial-digits": [("a factor of 28", 28, math.sqrt(PIXELS))],
    "linear-limit": [("ln 2 = 0.69", 0.69, math.log(2))],
}
"""Phrases with the number that they state, and the same number from a formula."""

EXAMPLES = {
    "overfitting": ["given with 99 %", "given with 60 %", "move by two or three points"],
    "initialisation": ["Sun, 2015", "from −1 to 1", "between −1 and 1", "2 / inputs", "2 divided"],
    "learning-rate": ["in the third"],
    "shift": ["a net with 98 %"],
    "vanishing-gradients": [
        "derivative at 0 is 1 instead of 1/4",
        "derivative is 1,",
        "factor of 2",
    ],
    "batch-size": ["others, 2017"],
    "validation-and-test": ["of 20 networks", "largest of 20", "a 95 % interval"],
    "adversarial-digits": ["Szegedy, 2015"],
    "linear-limit": ["Papert, 1969", "a third input", "three corners out of four"],
}
"""Phrases whose numbers state nothing about the runs: years, definitions and examples."""

WORDS = {
    "half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5, "tenth": 1 / 10,
    "thirtieth": 1 / 30, "thousandth": 1 / 1000, "two points": 0.02, "three points": 0.03,
    "five points": 0.05, "ten points": 0.1, "twenty points": 0.2,
}  # fmt: skip
NUMBER = re.compile(
    rf"\b(?P<word>{'|'.join(WORDS)})\b|"
    r"(?<![\w/.⁶])(?P<digits>\d[\d,]*(?:\.\d+)?)(?P<unit> %| points)?"
)
STEPS = re.compile(r"\bsteps? \d(?: (?:and|to) \d)?\b", re.IGNORECASE)
NEAR = 0.01
"""Of a number whose digits are rounded, or whose fraction is written as a decimal."""


def numbers_in(text: str) -> Iterator[float]:
    """Return the numbers in a text, per cent and points as shares."""
    text = re.sub(r"(\d+) and (\d+) %", r"\1 % and \2 %", STEPS.sub("", text))
    for found in NUMBER.finditer(text):
        if found["word"]:
            yield WORDS[found["word"]]
        else:
            value = float(found["digits"].rstrip(",").replace(",", ""))
            yield value / 100 if found["unit"] else value


def without_phrases(name: str, text: str) -> str:
    """Return the text without the phrases whose numbers are computed or are examples."""
    for phrase in [*(entry[0] for entry in COMPUTED.get(name, [])), *EXAMPLES.get(name, [])]:
        text = text.replace(phrase, "")
    return text


def set_numbers(lesson: Lesson) -> Iterator[float]:
    """Return the numbers that the lesson sets, and those that the measures are made with."""
    yield from (0, PIXELS, PROBED, RECENT_STEPS, EPSILON, SHIFT_PIXELS, STEPS_BETWEEN_CHECKS)
    for step in lesson.steps:
        if step.run is not None:
            yield step.run.epochs
            yield steps_of(lesson, step.run)
            for value in step.run.settings.values():
                yield from numbers_of(value)
            yield from (condition.number for condition in step.run.pause_when)


def numbers_of(value: Any) -> list[float]:
    if isinstance(value, list):
        return [number for item in value for number in numbers_of(item)]
    if isinstance(value, str):
        return [float(value)] if value.isdigit() else []
    return [value]


def steps_of(lesson: Lesson, run: LessonRun) -> int:
    """Return the training steps of a run; those on points take all of them at once."""
    if lesson.pane != DIGITS:
        return run.epochs
    named = training_samples_of(run.settings)
    samples = int(named) if named.isdigit() else len(load_digits().train)
    size = run.settings.get("batch_size", TrainingSettings.param["batch_size"].default)
    return run.epochs * -(-samples // size)


def is_tested(number: float, claims: list[Claim]) -> bool:
    """Return whether a number is a bound of a claim, or lies between both bounds of one."""
    for claim in claims:
        low, high = claim.at_least, claim.at_most
        if low is not None and high is not None and low <= number <= high:
            return True
        if any(it is not None and abs(abs(it) - number) < NEAR * number for it in (low, high)):
            return True
    return False


@pytest.mark.parametrize("name", LESSONS)
def test_every_number_in_a_lesson_is_set_or_tested(name: str) -> None:
    lesson = load_lesson(name)
    known = set(set_numbers(lesson))
    untested = []

    def check(place: str, text: str, claims: list[Claim]) -> None:
        for number in numbers_in(without_phrases(name, text)):
            if number not in known and not is_tested(number, claims):
                untested.append((place, number))

    every = list(lesson.claims)
    check("summary", lesson.summary, every)
    check("notes", lesson.notes, every)
    for at, step in enumerate(lesson.steps, 1):
        of_step = [claim for claim in every if claim.step <= at]
        check(f"{at}, see", step.see, of_step)
        for part in ("predict", "do", "explain"):
            check(f"{at}, {part}", getattr(step, part), every)
    assert lesson.question is not None
    check("question", lesson.question.explanation, every)
    for claim in every:
        check(claim.says, claim.says, [claim])
    assert untested == []


@pytest.mark.parametrize("name", LESSONS)
def test_computed_numbers_are_right_and_no_phrase_is_left_over(name: str) -> None:
    text = load_lesson(name).text
    for phrase, stated, computed in COMPUTED.get(name, []):
        assert phrase in text
        assert stated == pytest.approx(computed, rel=0.06)
    assert [phrase for phrase in EXAMPLES.get(name, []) if phrase not in text] == []
