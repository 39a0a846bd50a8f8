import asyncio
from dataclasses import replace

import numpy as np
import pytest
from training_helpers import (
    Ticks,
    UnorderedSource,
    curve_of,
    few_samples,
    in_event_loop,
    make_run,
    make_trainer,
    train,
)

from dashboard.training.block_run import EVERY_EPOCH
from dashboard.training.run import DivergenceError
from dashboard.training.trainer import IDLE_AFTER_SECONDS, TimeBudget, evaluate
from data_cache import ArraySource, DataError, PrefetchError, PrefetchQueue, to_float
from nn import ClassificationMetrics


class GatedSource(UnorderedSource):
    """Answers only while its gate is open."""

    def __init__(self, samples, block_size):
        super().__init__(samples, block_size, seed=1)
        self.gate = asyncio.Event()

    async def fetch(self, request):
        await self.gate.wait()
        return self._source.fetch_now(request)


class BrokenSource(UnorderedSource):
    """Fails until it is mended."""

    broken = True

    async def fetch(self, request):
        if self.broken:
            raise DataError("the line is dead")
        return self._source.fetch_now(request)


def test_training_ends_after_exactly_the_steps_asked_for():
    run = make_run()
    train(run, steps=23)
    assert run.iteration == 23
    train(run, steps=1)
    assert run.iteration == 24


def test_training_ends_exactly_when_the_epochs_are_complete():
    run = make_run(few_samples(110))
    train(run, epochs=2, clock=Ticks(0.0))
    assert (run.epoch, run.consumed, run.iteration) == (2, 0, 12)
    train(run, epochs=2)
    assert run.iteration == 12


def test_slices_are_longer_while_nobody_interacts():
    iterations = []

    def publish(snapshot):
        iterations.append(snapshot.iteration)
        if 60 < snapshot.iteration < 150:
            trainer.note_interaction()

    clock = Ticks(0.01)
    source = ArraySource(few_samples(5000), block_size=5000)
    trainer = make_trainer(
        make_run(source=source, augment="light", validations=EVERY_EPOCH),
        clock=clock,
        time_budget=TimeBudget(slice_seconds=0.06, idle_slice_seconds=0.18),
        publish=publish,
    )
    asyncio.run(trainer.train(steps=150))
    starts = np.array(iterations[1:-2])
    lengths = np.diff(iterations[1:-1])
    # Every look at the clock takes 0.01 s, and so does each step, for it comes with a look.
    idle, asked = lengths[starts < 60], lengths[(starts > 80) & (starts < 140)]
    assert set(idle) <= {16, 17}
    assert set(asked) <= {4, 5}
    clock.now += IDLE_AFTER_SECONDS
    iterations.clear()
    asyncio.run(trainer.train(steps=60))
    assert max(np.diff(iterations)) in {16, 17}


def test_training_pauses_once_after_every_interaction_so_that_its_answer_goes_first():
    pauses, published = [], []

    async def sleep(seconds):
        pauses.append((trainer.run.iteration, seconds))

    def publish(snapshot):
        published.append(snapshot.iteration)
        if 20 < snapshot.iteration < 60:
            trainer.note_interaction()
            trainer.note_interaction()

    trainer = make_trainer(
        make_run(), publish=publish, sleep=sleep, time_budget=TimeBudget(pause_seconds=0.004)
    )
    asyncio.run(trainer.train(steps=90))
    assert pauses == [(iteration, 0.004) for iteration in published if 20 < iteration < 60]
    assert len(pauses) > 1


@pytest.mark.parametrize(("slice_seconds", "expected"), [(0.024, 2), (0.028, 3), (0.004, 1)])
def test_a_slice_ends_as_near_to_its_time_as_batches_allow_and_publishes_once(
    slice_seconds, expected
):
    now, iterations = [0.0], []
    source = ArraySource(few_samples(2000), block_size=2000)
    run = make_run(source=source, validations=EVERY_EPOCH)

    def rate_after_ten_milliseconds(_iteration):
        now[0] += 0.01
        return 0.001

    train(
        run,
        steps=20,
        learning_rate=rate_after_ten_milliseconds,
        clock=lambda: now[0],
        time_budget=TimeBudget(slice_seconds=slice_seconds),
        publish=lambda shot: iterations.append(shot.iteration),
    )
    # The first slice knows nothing of how long steps take, the last one is cut short.
    assert set(np.diff(iterations)[2:-2]) == {expected}
    assert iterations[-1] == 20


def test_snapshots_may_come_less_often_than_slices_but_the_end_is_always_told():
    def iterations(budget):
        seen = []
        train(
            make_run(),
            steps=60,
            clock=Ticks(0.01),
            time_budget=budget,
            publish=lambda shot: seen.append(shot.iteration),
        )
        assert seen[-1] == 60
        return [iteration for iteration in seen if iteration]

    often = iterations(TimeBudget(slice_seconds=0.02))
    seldom = iterations(TimeBudget(slice_seconds=0.02, snapshot_seconds=0.2))
    assert 2 <= len(seldom) < len(often) / 2
    assert max(np.diff(often)) <= 2 < max(np.diff(seldom))


def test_stopping_ends_the_training_after_the_step_it_is_in():
    run = make_run()
    seen = []

    async def work():
        def publish(snapshot):
            seen.append(snapshot.iteration)
            if snapshot.iteration >= 3:
                trainer.stop()

        trainer = make_trainer(run, publish=publish)
        await trainer.train()
        assert not trainer.is_training

    asyncio.run(work())
    assert seen[-1] == run.iteration
    assert len({iteration for iteration in seen if iteration >= 3}) == 1


def test_stopping_ends_a_wait_for_data_at_once_and_loses_nothing():
    async def work():
        source = GatedSource(few_samples(), 50)
        run = make_run(source=source)
        waiting = asyncio.Event()
        trainer = make_trainer(run, publish=lambda snapshot: snapshot.waiting and waiting.set())
        training = asyncio.ensure_future(trainer.train())
        await waiting.wait()
        trainer.stop()
        await training
        assert run.iteration == 0
        source.gate.set()
        await trainer.train(epochs=1)
        return run

    run = asyncio.run(work())
    plain = make_run()
    train(plain, epochs=1)
    assert curve_of(run) == curve_of(plain)


@in_event_loop
async def test_cancelling_a_training_that_waits_is_passed_on():
    run = make_run(source=GatedSource(few_samples(), 50))
    waiting = asyncio.Event()
    trainer = make_trainer(run, publish=lambda snapshot: snapshot.waiting and waiting.set())
    training = asyncio.ensure_future(trainer.train())
    await waiting.wait()
    training.cancel()
    with pytest.raises(asyncio.CancelledError):
        await training
    assert not trainer.is_training
    await run.close()


def test_a_failed_fetch_reaches_whoever_trains_and_training_goes_on_later():
    async def work():
        source = BrokenSource(few_samples(), 50, seed=1)
        run = make_run(source=source)
        run.feed.queue = PrefetchQueue(
            source, generator=run.generators.feed, retries=0, concurrency=1, cache_size=1
        )
        run.settings.param.update(concurrency=1, cache_size=1)
        trainer = make_trainer(run)
        with pytest.raises(PrefetchError, match="the line is dead"):
            await trainer.train(epochs=1)
        assert not trainer.is_training
        source.broken = False
        await trainer.train(epochs=1)
        return run

    run = asyncio.run(work())
    plain = make_run()
    train(plain, epochs=1)
    assert curve_of(run) == curve_of(plain)


@in_event_loop
async def test_divergence_stops_the_trainer():
    run = make_run(optimizer="sgd", hidden_layers=[30, 30])
    run.settings.learning_rate = 10.0
    snapshots = []
    trainer = make_trainer(run, publish=snapshots.append)
    with pytest.raises(DivergenceError):
        await trainer.train(epochs=1)
    assert not trainer.is_training
    assert snapshots[-1].iteration == run.iteration


@in_event_loop
async def test_a_stream_that_was_closed_ends_the_training():
    run = make_run(source=GatedSource(few_samples(), 50))
    waiting = asyncio.Event()
    trainer = make_trainer(run, publish=lambda snapshot: snapshot.waiting and waiting.set())
    training = asyncio.ensure_future(trainer.train())
    await waiting.wait()
    await run.close()
    await training
    assert run.iteration == 0


def test_validation_is_scored_on_the_first_samples_or_on_all():
    validation = few_samples(1200, 1000)
    for limit, count in ((1000, 1000), (None, 1200), (10, 10)):
        run = make_run(validations=EVERY_EPOCH)
        train(run, epochs=1, validation=validation, validation_limit=limit)
        (score,) = run.history.validation
        assert (score.count, score.iteration) == (count, run.iteration)
        expected = ClassificationMetrics(10)
        expected.evaluate(
            run.network, to_float(validation.images[:count]), validation.labels[:count]
        )
        assert score.accuracy == expected.accuracy
        assert score.loss == pytest.approx(expected.loss, rel=1e-6)


def test_validation_changes_nothing_in_training():
    with_scores, without = make_run(), make_run()
    train(with_scores, epochs=2, validation=few_samples(100, 1000))
    train(without, epochs=2)
    assert len(with_scores.history.validation) == 8
    assert with_scores.history.losses == without.history.losses


def test_a_validation_that_was_due_before_a_stop_comes_first():
    run = make_run(validations=EVERY_EPOCH)
    train(run, steps=3)
    run.validation_due = True
    second = make_run(state=run.state(), validations=EVERY_EPOCH)
    train(second, steps=1, validation=few_samples(50, 1000))
    assert [score.iteration for score in second.history.validation] == [3]


def test_scoring_binarizes_like_training_does():
    samples = few_samples(100)
    run = make_run(binarize=127)
    evaluation = asyncio.run(evaluate(run.network, samples, binarize=127))
    expected = ClassificationMetrics(10)
    expected.evaluate(run.network, (samples.images > 127).astype(np.float32), samples.labels)
    assert evaluation.loss == pytest.approx(expected.loss, rel=1e-6)
    np.testing.assert_array_equal(evaluation.confusion_matrix, expected.confusion_matrix)


def test_a_snapshot_shows_the_run_and_stays_as_it_is():
    run = make_run()
    snapshots = []
    train(run, steps=20, publish=snapshots.append)
    last = snapshots[-1]
    assert last.iteration == 20
    assert last.epoch == pytest.approx(20 * 20 / 300)
    assert last.progress == pytest.approx(100 / 300)
    assert last.loss == run.loss.value
    assert last.network is not run.network
    before = [parameter.copy() for parameter in last.network.parameters()]
    train(run, steps=5)
    for parameter, copy in zip(last.network.parameters(), before, strict=True):
        np.testing.assert_array_equal(parameter, copy)


def test_equal_weights_have_equal_fingerprints():
    one, same, other = (make_trainer(make_run(seed=seed)).snapshot() for seed in (1, 1, 2))
    assert one.fingerprint == same.fingerprint == replace(one, iteration=9).fingerprint
    assert one.fingerprint != other.fingerprint
    assert len(one.fingerprint) == 8
    one.network.layers[-1].bias[0] += 1
    assert replace(one).fingerprint != same.fingerprint


def test_speed_is_samples_per_second_of_the_clock():
    speeds = []
    run = make_run(source=ArraySource(few_samples(), 300))
    train(
        run,
        steps=30,
        clock=Ticks(TimeBudget().slice_seconds),
        publish=lambda snapshot: speeds.append(snapshot.samples_per_second),
    )
    assert max(speeds) == pytest.approx(20 / (3 * TimeBudget().slice_seconds), rel=0.5)


def test_a_schedule_decides_the_rate_of_every_step():
    run = make_run()
    train(run, steps=4, learning_rate=lambda iteration: 0.001 * (iteration + 1))
    np.testing.assert_allclose(run.history.learning_rates, [0.001, 0.002, 0.003, 0.004], rtol=1e-6)


def test_another_run_is_adopted_only_while_training_is_stopped():
    refused = []

    def interfere(_snapshot):
        if trainer.is_training:
            with pytest.raises(RuntimeError, match="stop"):
                trainer.adopt(make_run(), None)
            refused.append(trainer.run_number)

    trainer = make_trainer(make_run(), publish=interfere)
    other = make_run(seed=2)
    trainer.adopt(other, None)
    assert (trainer.run, trainer.run_number) == (other, 2)
    asyncio.run(trainer.train(steps=2))
    assert set(refused) == {2}
