"""Computations on request: which are made, which results are delivered, and how often."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from controller_helpers import until

from dashboard.inspection.latest_computation import LatestComputation
from dashboard.shell.redraw_scheduler import RedrawRate


@dataclass
class Subject:
    """A state, the computation of it in two steps that a test lets through, and the results."""

    name: str = "net"
    value: int = 0
    delivered: list = field(default_factory=list)
    begun: list = field(default_factory=list)
    pauses: list = field(default_factory=list)
    passes: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    may_train: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    now: float = 0.0

    async def steps(self):
        name, value = self.name, self.value
        self.begun.append(value)
        for step in ("first", "second"):
            await self.passes.acquire()
            self.now += 1
            yield name, value, step

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await self.may_train.acquire()

    def computation(self, **rate) -> LatestComputation:
        return LatestComputation(
            self.steps,
            subject=lambda: self.name,
            deliver=self.delivered.append,
            rate=RedrawRate(sleep=self.sleep, **rate),
            clock=lambda: self.now,
        )


@pytest.fixture
def subject():
    return Subject()


def run(computation, test):
    async def main():
        task = asyncio.ensure_future(computation.run())
        try:
            await asyncio.wait_for(test(), 10)
        finally:
            task.cancel()

    asyncio.run(main())


def test_every_step_of_a_computation_is_delivered(subject):
    async def test():
        computation.request()
        subject.passes.release()
        subject.passes.release()
        await until(lambda: len(subject.delivered) == 2)
        assert subject.delivered == [("net", 0, "first"), ("net", 0, "second")]

    computation = subject.computation()
    run(computation, test)


def test_many_requests_during_a_computation_are_answered_by_one_from_the_newest_state(subject):
    async def test():
        computation.request()
        await until(lambda: subject.begun == [0])
        for value in range(1, 9):
            subject.value = value
            computation.request()
        for _ in range(3):
            subject.passes.release()
        await until(lambda: len(subject.delivered) == 3)
        assert subject.begun == [0, 8]
        # The first step of the old computation was shown, its second one left out.
        assert subject.delivered == [
            ("net", 0, "first"),
            ("net", 8, "first"),
            ("net", 8, "second"),
        ]

    computation = subject.computation()
    run(computation, test)


def test_results_about_another_subject_are_dropped(subject):
    async def test():
        computation.request()
        await until(lambda: subject.begun == [0])
        subject.name, subject.value = "other net", 1
        computation.request()
        for _ in range(3):
            subject.passes.release()
        await until(lambda: len(subject.delivered) == 2)
        assert {name for name, *_ in subject.delivered} == {"other net"}

    computation = subject.computation()
    run(computation, test)


def test_requests_of_training_wait_until_computing_takes_its_share_of_the_time(subject):
    async def test():
        subject.passes.release()
        subject.passes.release()
        computation.request_in_training()
        await until(lambda: len(subject.pauses) == 1)
        assert subject.pauses == [38]  # 2 of 40 seconds are 5 %
        subject.value = 1
        computation.request_in_training()
        computation.request_in_training()
        await asyncio.sleep(0)
        assert subject.begun == [0]
        subject.may_train.release()
        await until(lambda: subject.begun == [0, 1])

    computation = subject.computation(max_share=0.05)
    run(computation, test)


def test_a_person_does_not_wait_for_the_pause_after_training(subject):
    async def test():
        subject.passes.release()
        subject.passes.release()
        computation.request_in_training()
        await until(lambda: len(subject.pauses) == 1)
        subject.value = 5
        computation.request()
        await until(lambda: subject.begun == [0, 5])

    computation = subject.computation(max_share=0.05)
    run(computation, test)
