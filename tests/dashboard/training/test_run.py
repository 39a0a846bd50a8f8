import asyncio
import math

import numpy as np
import pytest
from training_helpers import (
    Ticks,
    UnorderedSource,
    curve_of,
    few_samples,
    make_run,
    train,
    weights_of,
)

from dashboard.training.run import GOOD_EVERY, DivergenceError, Run
from dashboard.training.run_state import SMOOTHING, Smoothed
from dashboard.training.validation_schedule import ValidationSchedule
from data_cache import LIGHT

BUSY = {
    "augment": "full",
    "dropout": 0.2,
    "hidden_layers": [16, 12],
    "l1": 1e-5,
    "l2": 1e-4,
    "batch_size": 17,
}


def run_slices(run: Run, learning_rate, steps: int, in_turn: int = 1) -> None:
    """Take steps from a run whose source is in memory."""
    batch_size = run.settings.batch_size
    while steps:
        run.feed.take_ready(in_turn * batch_size)
        done, _ = run.train_slice(lambda: in_turn * batch_size, learning_rate, steps)
        run.note_slice()
        run.validation_due = False
        steps -= done


def test_the_order_in_which_answers_arrive_changes_nothing():
    orders, curves, weights = [], [], []
    for seed in (1, 2, 3):
        source = UnorderedSource(few_samples(), 23, seed)
        run = make_run(source=source, **BUSY)
        train(run, epochs=3)
        orders.append(source.answered)
        curves.append(curve_of(run))
        weights.append(weights_of(run))
    assert any(order != sorted(order) for order in orders)
    assert orders[0] != orders[1]
    assert curves[0] == curves[1] == curves[2]
    assert weights[0] == weights[1] == weights[2]


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


def test_an_epoch_has_every_sample_once_and_ends_with_a_smaller_batch():
    run = make_run(few_samples(110), batch_size=50)
    train(run, epochs=1)
    assert run.iteration == 3
    assert (run.epoch, run.consumed, run.epochs_done) == (1, 0, 1.0)
    train(run, steps=1)
    assert run.epochs_done == pytest.approx(1 + 50 / 110)


def test_a_net_learns_the_digits_that_it_is_shown():
    run = make_run()
    train(run, epochs=30)
    assert run.loss.value < 0.2
    assert run.accuracy.value > 0.95


def test_validation_is_due_so_often_in_the_first_epochs_and_then_once_in_each():
    run = make_run(few_samples(100), batch_size=10, validations=ValidationSchedule(2, 0))
    due = []
    while run.epoch < 4:
        run.feed.take_ready(10)
        run.train_slice(lambda: 1, lambda _: 0.01)
        if run.validation_due:
            due.append(run.epochs_done)
            run.validation_due = False
    assert due == [0.5, 1.0, 1.5, 2.0, 3.0, 4.0]


def test_every_knob_takes_effect_at_the_next_slice():
    run = make_run()
    train(run, steps=2)
    settings = run.settings
    settings.param.update(
        optimizer="sgd", batch_size=7, l1=0.1, l2=0.2, dropout=0.3, cache_size=2, concurrency=3
    )
    settings.learning_rate = 0.25
    settings.augment = "light"
    train(run, steps=1)
    assert run.optimizer_name == "sgd"
    assert run.step.optimizer.state().keys() == {"steps"}
    assert (run.step.l1, run.step.l2, run.step.dropout) == (0.1, 0.2, 0.3)
    assert (run.queue.cache_size, run.queue.concurrency) == (2, 3)
    assert run.batcher.augment.strengths == LIGHT
    assert run.consumed == 2 * 20 + 7
    assert run.history.learning_rates[-1] == 0.25


def test_an_explosion_brings_the_last_good_weights_back():
    run = make_run(optimizer="sgd")
    run.settings.learning_rate = 0.05
    train(run, steps=GOOD_EVERY + 1)
    good = run._good
    assert good.iteration == GOOD_EVERY
    run.settings.learning_rate = 10.0
    with pytest.raises(DivergenceError) as caught:
        train(run, steps=GOOD_EVERY - 2)
    assert run.iteration == len(run.history) == GOOD_EVERY
    assert weights_of(run) == [parameter.tobytes() for parameter in good.network.parameters()]
    assert math.isfinite(run.loss.value)
    message = str(caught.value)
    assert "Training paused itself: at iteration" in message
    assert f"The weights of iteration {GOOD_EVERY} are back." in message
    assert message.endswith("Try a smaller learning rate than 10.")


def test_weights_that_became_infinite_say_so():
    run = make_run(optimizer="sgd")
    run.step.network.layers[0].weights[:] = np.nan
    with pytest.raises(DivergenceError, match="became infinite or not a number"):
        train(run, steps=1)


@pytest.mark.parametrize("settings", [{}, {"dropout": 0.2}, BUSY, {"weight_average": 0.9}])
def test_steps_taken_in_turn_have_the_numbers_of_single_ones(settings):
    runs = [make_run(optimizer="adam", **settings) for _ in range(2)]
    for run, in_turn in zip(runs, (1, 5), strict=True):
        run_slices(run, lambda iteration: 0.001 * (1 + iteration % 3), 2 * GOOD_EVERY, in_turn)
    one, other = runs
    assert curve_of(one) == curve_of(other)
    assert weights_of(one) == weights_of(other)
    assert one.feed.position == other.feed.position
    assert one.judged.layers[0].weights.tobytes() == other.judged.layers[0].weights.tobytes()


def test_a_step_that_goes_wrong_among_others_leaves_the_samples_behind_it_for_later():
    runs = [make_run(optimizer="sgd") for _ in range(2)]
    for run, in_turn in zip(runs, (1, 5), strict=True):
        with pytest.raises(DivergenceError, match=f"at iteration {GOOD_EVERY + 3} "):
            run_slices(
                run,
                lambda iteration: 1e30 if iteration == GOOD_EVERY + 1 else 0.01,
                2 * GOOD_EVERY,
                in_turn,
            )
        run.note_slice()
        run_slices(run, lambda _: 0.01, 7, in_turn)
    one, other = runs
    assert curve_of(one) == curve_of(other)
    assert weights_of(one) == weights_of(other)
    assert one.feed.position == other.feed.position


def test_steps_in_turn_end_where_a_score_is_due():
    run = make_run(few_samples(100), batch_size=10, validations=ValidationSchedule(2, 0))
    run.feed.take_ready(100)
    steps, _ = run.train_slice(lambda: 100, lambda _: 0.01)
    assert (steps, run.validation_due) == (5, True)


def test_weights_that_no_batch_was_scored_with_are_never_called_good():
    run = make_run(optimizer="sgd")
    wrecking_step = 2 * GOOD_EVERY - 1
    with pytest.raises(DivergenceError, match=f"at iteration {wrecking_step + 2} "):
        run_slices(
            run,
            lambda iteration: 1e30 if iteration == wrecking_step else 0.01,
            3 * GOOD_EVERY,
        )
    assert run.iteration == GOOD_EVERY
    assert all(np.isfinite(parameter).all() for parameter in run.network.parameters())
    run_slices(run, lambda _: 0.01, 5)
    assert run.iteration == GOOD_EVERY + 5


def test_one_hard_sample_is_no_explosion():
    run = make_run(optimizer="sgd", batch_size=1)
    run.settings.learning_rate = 1e-6
    train(run, steps=60)
    run._guard.starting = 2.3
    network = run.network
    network.layers[-1].bias[:] = 0
    wrong = (int(run.batcher._blocks[0].labels[run.batcher._offset]) + 1) % 10
    network.layers[-1].bias[wrong] = 60
    train(run, steps=1)
    assert run.history.losses[-1] > 23
    assert run.iteration == 61


def test_an_explosion_before_the_first_good_weights_goes_back_to_the_start():
    run = make_run(optimizer="sgd", hidden_layers=[30, 30])
    start = weights_of(run)
    run.settings.learning_rate = 10.0
    with pytest.raises(DivergenceError, match="The weights of iteration 0 are back"):
        train(run, steps=40)
    assert weights_of(run) == start


def test_a_state_taken_in_the_middle_goes_on_with_the_same_numbers():
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


def test_a_state_is_a_copy_that_later_steps_leave_alone():
    run = make_run()
    train(run, steps=3)
    state = run.state()
    before = [parameter.copy() for parameter in state.network.parameters()]
    train(run, steps=5)
    assert (state.iteration, len(state.history)) == (3, 3)
    for parameter, copy in zip(state.network.parameters(), before, strict=True):
        np.testing.assert_array_equal(parameter, copy)


def test_closing_a_run_ends_its_fetches():
    async def work():
        run = make_run(source=UnorderedSource(few_samples(), 23, 1))
        run.queue.start()
        assert run.queue.data_futures_len
        await run.close()
        assert run.queue.data_futures_len == 0
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(work())


def test_smoothing_has_no_bias_at_its_start():
    smoothed = Smoothed()
    assert smoothed.value is None
    smoothed.add(5.0)
    assert smoothed.value == pytest.approx(5.0)
    smoothed.add(7.0)
    assert smoothed.value == pytest.approx((SMOOTHING * 5 + 7) / (SMOOTHING + 1))
    copy = smoothed.copy()
    copy.add(100.0)
    assert smoothed.value < 7


def test_a_slice_shows_in_the_history_only_when_it_is_noted():
    run = make_run(batch_size=50)
    run.feed.take_ready(100)
    run.train_slice(lambda: 1, lambda _: 0.01, 2)
    assert (run.iteration, len(run.history)) == (2, 0)
    run.note_slice()
    assert len(run.history) == 2
    run.note_slice()
    assert len(run.history) == 2
