"""What the lessons say is true: every claim, with several seeds, on the bundled digits.

INKLING_LESSON_SEEDS=10 tests ten seeds, as the lessons say.
"""

import asyncio
import os
import time

import pytest

from dashboard.lessons.headless import ClaimValues, is_kept
from dashboard.lessons.library import LESSONS, load_lesson
from data_cache import load_digits

SEEDS = range(1, 1 + int(os.environ.get("INKLING_LESSON_SEEDS", "2")))


@pytest.mark.parametrize("name", LESSONS)
def test_the_claims_of_a_lesson_hold(name):
    lesson = load_lesson(name)

    async def main():
        return [ClaimValues(lesson, seed, load_digits(), time.perf_counter) for seed in SEEDS]

    async def values_of(claim):
        return [await values.of(claim) for values in trained]

    trained = asyncio.run(main())
    found = {claim: asyncio.run(values_of(claim)) for claim in lesson.claims}
    broken = {claim.says: values for claim, values in found.items() if not is_kept(claim, values)}
    assert not broken


@pytest.mark.parametrize("name", LESSONS)
def test_what_the_steps_of_a_lesson_wait_for_happens(name):
    lesson = load_lesson(name)
    values = ClaimValues(lesson, 1, load_digits(), time.perf_counter)
    waiting = [
        number
        for number, step in enumerate(lesson.steps, 1)
        if step.run is not None and step.run.pause_when
    ]
    for number in waiting:
        assert asyncio.run(values.reached(number)), number
