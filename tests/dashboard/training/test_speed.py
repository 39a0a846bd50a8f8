"""A run of limited speed: its steps come at equal intervals and have the numbers of any other."""

import asyncio

import numpy as np
import pytest
from training_helpers import (
    curve_of,
    few_samples,
    in_event_loop,
    make_run,
    make_trainer,
    train,
    weights_of,
)

from dashboard.training.run_options import SPEEDS, RunOptions
from dashboard.training.trainer import TimeBudget


class Time:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.now += seconds


def steps_at(speed, seconds, **options):
    """The times of the steps, and the iterations of the snapshots, in so many seconds."""
    time, times, shown = Time(), [], []

    def note_time(_iteration):
        times.append(time.now)
        return 0.01

    def publish(snapshot):
        shown.append(snapshot.iteration)
        if time.now >= seconds:
            trainer.stop()

    trainer = make_trainer(
        make_run(),
        clock=time,
        sleep=time.sleep,
        learning_rate=note_time,
        publish=publish,
        steps_per_second=lambda: speed,
        **options,
    )
    asyncio.run(trainer.train())
    return times[1:], shown  # the first look at the rate is for the snapshot of the wait for data


@pytest.mark.parametrize("speed", [speed for speed in SPEEDS.values() if speed])
def test_steps_come_at_equal_intervals_and_each_is_shown(speed):
    times, shown = steps_at(speed, 3.0, time_budget=TimeBudget(snapshot_seconds=10))
    steps = sorted(set(times))
    np.testing.assert_allclose(np.diff(steps), 1 / speed, rtol=1e-6)
    assert len(steps) == pytest.approx(3 * speed + 1, abs=1)
    assert set(range(1, len(steps))) <= set(shown)


def test_the_numbers_of_a_run_do_not_depend_on_its_speed():
    full, mixed = make_run(), make_run()
    train(full, steps=41)
    speeds, time = [5.0, None, 50.0], Time()

    def publish(snapshot):
        if snapshot.iteration >= 20:
            speeds[:] = [2.0]
        if snapshot.iteration >= 40:
            trainer.stop()
        speeds.append(speeds.pop(0))

    trainer = make_trainer(
        mixed,
        publish=publish,
        steps_per_second=lambda: speeds[0],
        clock=time,
        sleep=time.sleep,
    )
    asyncio.run(trainer.train())
    mixed_steps = mixed.iteration
    train(mixed, steps=41 - mixed_steps)
    assert mixed_steps >= 40
    assert curve_of(mixed) == curve_of(full)
    assert weights_of(mixed) == weights_of(full)


async def until_asleep(sleeping):
    while not sleeping:
        await asyncio.sleep(0)


@pytest.mark.parametrize("how", ["full speed", "stop"])
@in_event_loop
async def test_a_pause_before_a_slow_step_ends_at_once(how):
    sleeping, speed = [], [1.0]

    async def sleep(seconds):
        sleeping.append(seconds)
        await asyncio.get_running_loop().create_future()

    run = make_run()
    trainer = make_trainer(run, clock=lambda: 0.0, sleep=sleep, steps_per_second=lambda: speed[0])
    training = asyncio.ensure_future(trainer.train())
    await until_asleep(sleeping)
    assert (run.iteration, sleeping) == (1, [1.0])
    if how == "stop":
        trainer.stop()
    else:
        speed[0] = None
        trainer.change_pace()
        while run.iteration < 20:
            await asyncio.sleep(0)
        assert trainer.is_training
        trainer.stop()
    await training
    assert (run.iteration == 1) == (how == "stop")
    await run.close()


@in_event_loop
async def test_a_slow_speed_takes_effect_after_the_slice_under_way():
    sleeping, speed = [], [None]

    async def sleep(seconds):
        sleeping.append(seconds)
        await asyncio.get_running_loop().create_future()

    run = make_run(few_samples(300))
    trainer = make_trainer(run, sleep=sleep, steps_per_second=lambda: speed[0])
    training = asyncio.ensure_future(trainer.train())
    while run.iteration < 30:
        await asyncio.sleep(0)
    before, speed[0] = run.iteration, 1.0
    await until_asleep(sleeping)
    assert run.iteration <= before + 2  # the slice under way, and the first slow step
    trainer.stop()
    await training


def test_single_steps_wait_for_no_speed():
    async def sleep(_seconds):
        raise AssertionError("a step that was asked for waits")

    run = make_run()
    train(run, steps=3, steps_per_second=lambda: 1.0, sleep=sleep)
    assert run.iteration == 3


def test_only_slow_speeds_are_watched():
    watched = {name for name in SPEEDS if RunOptions(speed=name).is_watched}
    assert watched == {"1", "2", "5", "10"}
    assert RunOptions().steps_per_second is None
