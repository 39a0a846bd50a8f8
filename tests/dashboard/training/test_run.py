"""The numbers of a run depend on seed, data and settings alone; a diverging run falls back."""

import asyncio
import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_helpers import (
    Ticks,
    UnorderedSource,
    curve_of,
    few_samples,
    in_event_loop,
    make_run,
    train,
    weights_of,
)

from dashboard.training.block_run import EVERY_EPOCH, WHILE_WATCHED, ValidationSchedule
from dashboard.training.run import (
    EXPLOSION_FACTOR,
    FALLBACK_EVERY,
    DivergenceDetector,
    DivergenceError,
    Run,
)
from dashboard.training.run_state import SMOOTHING, MovingAverage
from data_cache import LIGHT

BUSY = {
    "augment": "full",
    "dropout": 0.2,
    "hidden_layers": [16, 12],
    "l1": 1e-5,
    "l2": 1e-4,
    "batch_size": 17,
}


def run_slices(run: Run, learning_rate, steps: int, at_once: int = 1) -> None:
    """Take steps from a run whose source is in memory, up to `at_once` in a piece."""
    batch_size = run.settings.batch_size
    while steps:
        run.feed.take_ready(at_once * batch_size)
        done, _ = run.train_slice(lambda: at_once * batch_size, learning_rate, steps)
        run.record_slice()
        run.validation_due = False
        steps -= done


# Reproducibility


def test_the_order_in_which_blocks_arrive_changes_nothing():
    orders, results = [], []
    for seed in (1, 2, 3):
        source = UnorderedSource(few_samples(), 23, seed)
        run = make_run(source=source, **BUSY)
        train(run, epochs=3)
        orders.append(source.answered)
        results.append((curve_of(run), weights_of(run)))
    assert any(order != sorted(order) for order in orders)
    assert orders[0] != orders[1]
    assert results[0] == results[1] == results[2]


def test_neither_the_cache_nor_the_length_of_slices_changes_anything():
    curves = set()
    for cache_size, concurrency, tick in ((0, 1, 1.0), (1, 5, 0.001), (64, 16, 0.01)):
        run = make_run(
            source=UnorderedSource(few_samples(), 23, 5),
            cache_size=cache_size,
            concurrency=concurrency,
            **BUSY,
        )
        train(run, epochs=2, clock=Ticks(tick))
        curves.add(curve_of(run))
    assert len(curves) == 1


def test_another_seed_gives_another_curve():
    first, second = make_run(seed=1), make_run(seed=2)
    train(first, epochs=1)
    train(second, epochs=1)
    assert curve_of(first) != curve_of(second)


@pytest.mark.parametrize("settings", [{}, {"dropout": 0.2}, BUSY, {"weight_average": 0.9}])
def test_steps_taken_at_once_have_the_numbers_of_single_ones(settings):
    runs = [make_run(optimizer="adam", **settings) for _ in range(2)]
    for run, at_once in zip(runs, (1, 5), strict=True):
        run_slices(run, lambda iteration: 0.001 * (1 + iteration % 3), 2 * FALLBACK_EVERY, at_once)
    one, other = runs
    assert curve_of(one) == curve_of(other)
    assert weights_of(one) == weights_of(other)
    assert one.feed.position == other.feed.position
    means = (run.evaluated_network.layers[0].weights.tobytes() for run in runs)
    assert len(set(means)) == 1


# Progress and settings


def test_an_epoch_has_every_sample_once_and_ends_with_a_smaller_batch():
    run = make_run(few_samples(110), batch_size=50)
    train(run, epochs=1)
    assert (run.iteration, run.epoch, run.consumed, run.epochs_done) == (3, 1, 0, 1.0)
    train(run, steps=1)
    assert run.epochs_done == pytest.approx(1 + 50 / 110)


def test_a_network_learns_its_training_digits():
    run = make_run()
    train(run, epochs=30)
    assert run.loss.value < 0.2
    assert run.accuracy.value > 0.95


def test_every_setting_takes_effect_at_the_next_slice():
    run = make_run()
    train(run, steps=2)
    run.settings.param.update(
        optimizer="sgd", batch_size=7, l1=0.1, l2=0.2, dropout=0.3, cache_size=2, concurrency=3
    )
    run.settings.param.update(learning_rate=0.25, augment="light")
    train(run, steps=1)
    assert run.optimizer_name == "sgd"
    assert run.step.optimizer.state().keys() == {"steps"}
    assert (run.step.l1, run.step.l2, run.step.dropout) == (0.1, 0.2, 0.3)
    assert (run.queue.cache_size, run.queue.concurrency) == (2, 3)
    assert run.batcher.augment.strengths == LIGHT
    assert run.consumed == 2 * 20 + 7
    assert run.history.learning_rates[-1] == 0.25


def test_a_slice_is_in_the_history_once_it_is_recorded():
    run = make_run(batch_size=50)
    run.feed.take_ready(100)
    run.train_slice(lambda: 1, lambda _: 0.01, 2)
    assert (run.iteration, len(run.history)) == (2, 0)
    for _ in range(2):
        run.record_slice()
        assert len(run.history) == 2


@in_event_loop
async def test_closing_a_run_ends_its_fetches():
    run = make_run(source=UnorderedSource(few_samples(), 23, 1))
    run.queue.start()
    assert run.queue.data_futures_len
    await run.close()
    assert run.queue.data_futures_len == 0
    assert len(asyncio.all_tasks()) == 1


def test_a_moving_average_has_no_bias_at_its_start():
    average = MovingAverage()
    assert average.value is None
    average.add(5.0)
    assert average.value == pytest.approx(5.0)
    average.add(7.0)
    assert average.value == pytest.approx((SMOOTHING * 5 + 7) / (SMOOTHING + 1))


# Divergence


def test_an_explosion_restores_the_last_good_weights():
    run, same = make_run(optimizer="sgd"), make_run(optimizer="sgd")
    run.settings.learning_rate = same.settings.learning_rate = 0.05
    train(run, steps=FALLBACK_EVERY + 1)
    train(same, steps=FALLBACK_EVERY)
    run.settings.learning_rate = 10.0
    with pytest.raises(DivergenceError) as caught:
        train(run, steps=FALLBACK_EVERY - 2)
    assert run.iteration == len(run.history) == FALLBACK_EVERY
    assert weights_of(run) == weights_of(same)
    assert math.isfinite(run.loss.value)
    assert f"iteration {FALLBACK_EVERY} are back" in str(caught.value)
    assert "learning rate than 10." in str(caught.value)


def test_an_explosion_before_the_first_good_weights_restores_the_first_ones():
    run = make_run(optimizer="sgd", hidden_layers=[30, 30])
    start = weights_of(run)
    run.settings.learning_rate = 10.0
    with pytest.raises(DivergenceError, match="iteration 0 are back"):
        train(run, steps=40)
    assert weights_of(run) == start


def test_weights_that_became_nan_are_reported():
    run = make_run(optimizer="sgd")
    run.step.network.layers[0].weights[:] = np.nan
    with pytest.raises(DivergenceError, match="infinite or not a number"):
        train(run, steps=1)


def test_a_diverging_step_among_others_leaves_the_samples_behind_it_for_later():
    runs = [make_run(optimizer="sgd") for _ in range(2)]
    for run, at_once in zip(runs, (1, 5), strict=True):
        with pytest.raises(DivergenceError, match=f"at iteration {FALLBACK_EVERY + 3} "):
            run_slices(
                run,
                lambda iteration: 1e30 if iteration == FALLBACK_EVERY + 1 else 0.01,
                2 * FALLBACK_EVERY,
                at_once,
            )
        run.record_slice()
        run_slices(run, lambda _: 0.01, 7, at_once)
    one, other = runs
    assert curve_of(one) == curve_of(other)
    assert weights_of(one) == weights_of(other)
    assert one.feed.position == other.feed.position


def test_weights_are_a_fallback_only_once_a_batch_was_scored_with_them():
    run = make_run(optimizer="sgd")
    last = 2 * FALLBACK_EVERY - 1
    with pytest.raises(DivergenceError, match=f"at iteration {last + 2} "):
        run_slices(run, lambda iteration: 1e30 if iteration == last else 0.01, 3 * FALLBACK_EVERY)
    assert run.iteration == FALLBACK_EVERY
    assert all(np.isfinite(parameter).all() for parameter in run.network.parameters())
    run_slices(run, lambda _: 0.01, 5)
    assert run.iteration == FALLBACK_EVERY + 5


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_a_fault(loss):
    assert DivergenceDetector().find_fault(loss, loss, 10)


def test_the_starting_loss_is_at_least_that_of_guessing():
    low, high = DivergenceDetector(), DivergenceDetector()
    assert low.find_fault(0.1, 0.1, 10) is None
    assert high.find_fault(50.0, 50.0, 10) is None
    assert low.starting == pytest.approx(math.log(10))
    assert high.starting == 50.0


def test_the_average_loss_and_not_that_of_one_hard_sample_is_a_fault():
    detector = DivergenceDetector(starting=2.0)
    assert detector.find_fault(1e6, EXPLOSION_FACTOR * 2.0, 10) is None
    assert "1,234" in detector.find_fault(1234.0, EXPLOSION_FACTOR * 2.0 + 0.1, 10)


def test_weights_are_good_when_their_loss_is_near_the_best():
    detector = DivergenceDetector()
    losses = [(1.0, 1.0), (0.4, 0.4), (0.7, 0.7), (0.71, 0.71), (5.0, 0.5)]
    good = [detector.is_good(loss, average) for loss, average in losses]
    assert good == [True, True, True, False, False]
    assert detector.best == 0.4


# States


def test_a_state_taken_within_an_epoch_continues_with_the_same_numbers():
    whole = make_run(**BUSY)
    train(whole, epochs=3)
    first = make_run(**BUSY)
    train(first, steps=25)
    assert first.consumed
    second = make_run(state=first.state(), **BUSY)
    train(second, epochs=3)
    assert curve_of(second) == curve_of(whole)
    assert weights_of(second) == weights_of(whole)
    assert second.loss == whole.loss


def test_later_steps_do_not_change_a_state():
    run, same = make_run(), make_run()
    train(run, steps=3)
    train(same, steps=3)
    state = run.state()
    train(run, steps=5)
    assert (state.iteration, len(state.history)) == (3, 3)
    assert [array.tobytes() for array in state.network.parameters()] == weights_of(same)


# Validations


def test_validations_divide_the_first_epochs_and_then_follow_each():
    run = make_run(few_samples(100), batch_size=10, validations=ValidationSchedule(2, 0))
    due = []
    while run.epoch < 4:
        run.feed.take_ready(10)
        run.train_slice(lambda: 1, lambda _: 0.01)
        if run.validation_due:
            due.append(run.epochs_done)
            run.validation_due = False
    assert due == [0.5, 1.0, 1.5, 2.0, 3.0, 4.0]


def test_a_slice_ends_where_a_validation_is_due():
    run = make_run(few_samples(100), batch_size=10, validations=ValidationSchedule(2, 0))
    run.feed.take_ready(100)
    steps, _ = run.train_slice(lambda: 100, lambda _: 0.01)
    assert (steps, run.validation_due) == (5, True)


schedules = st.builds(ValidationSchedule, st.integers(1, 5), st.integers(0, 90))
EARLY = [1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000]


def due_until(schedule: ValidationSchedule, epoch: int, last: int) -> list[int]:
    """Return after how many samples validations are due."""
    found = [schedule.next_after(0, epoch)]
    while found[-1] < last:
        found.append(schedule.next_after(found[-1], epoch))
    return found


@pytest.mark.parametrize(
    ("schedule", "epoch", "expected"),
    [
        (EVERY_EPOCH, 7, [7, 14, 21, 28, 35]),
        (
            WHILE_WATCHED,
            4_000,
            [*EARLY, 12_000, 20_000, 32_000, 48_000, 72_000, 104_000, 136_000],
        ),
        (
            WHILE_WATCHED,
            55_000,
            [13_750, 27_500, 41_250, 55_000, 68_750, 82_500, 96_250, 110_000, 165_000],
        ),
    ],
)
def test_a_schedule_gives_these_validations(schedule, epoch, expected):
    assert due_until(schedule, epoch, expected[-1]) == expected


@given(schedule=schedules, epoch=st.integers(5, 40), samples=st.integers(0, 400))
def test_the_next_validation_is_the_same_from_everywhere_before_it(schedule, epoch, samples):
    expected = next(number for number in due_until(schedule, epoch, 600) if number > samples)
    assert schedule.next_after(samples, epoch) == expected


@given(schedule=schedules, epoch=st.integers(5, 40))
def test_later_validations_are_at_ends_of_epochs_and_their_gaps_stop_growing(schedule, epoch):
    later = [number for number in due_until(schedule, epoch, 900) if number >= 2 * epoch]
    assert all(number % epoch == 0 for number in later)
    gaps = [after - before for before, after in itertools.pairwise(later)]
    assert gaps == sorted(gaps)
    assert gaps[-1] < max(schedule.largest_gap, 1) + epoch
