"""Training, pausing, stepping and starting over; weights, teaching and samples have their own."""

import asyncio
import math
from functools import partial

import numpy as np
import pytest
from cache_helpers import ObedientSource, run, settle, tasks_left
from controller_helpers import (
    Door,
    OpenedData,
    all_done,
    ink,
    make_controller,
    slow_controller,
    until,
    weights_of,
)

from dashboard.digits.state import Origin
from dashboard.runtime import execute_in_thread
from dashboard.training import training_loop
from data_cache import (
    DataError,
    PrefetchError,
    PrefetchQueue,
    Source,
    TransientError,
    feeds,
)
from nn import load_pretrained


def test_a_new_controller_shows_the_ready_trained_net_before_any_training():
    controller = make_controller()
    ready = [parameter.tobytes() for parameter in load_pretrained().parameters()]
    assert weights_of(controller) == ready
    assert controller.state.origin == Origin.PRETRAINED
    assert controller.state.snapshot.iteration == 0


def test_train_starts_with_fresh_weights_and_goes_on_until_pause():
    async def main():
        controller = make_controller()
        state = controller.state
        controller.start()
        state.running = True
        assert state.origin == Origin.FRESH
        assert controller.network.sizes == (784, 12, 10)
        assert "random weights" in state.notice.text
        await until(lambda: state.snapshot.iteration >= 60)
        state.running = False
        await all_done()
        paused = state.snapshot.iteration
        await settle()
        assert state.snapshot.iteration == paused == len(state.history)
        assert state.snapshot.loss < math.log(10)
        assert state.snapshot.samples_per_second == 0
        state.running = True
        await until(lambda: state.snapshot.iteration > paused)
        assert state.origin == Origin.FRESH
        await controller.close()

    run(main())


def test_train_goes_on_from_the_ready_trained_net_when_that_is_wished():
    async def main():
        controller = make_controller(fine_tune=True, learning_rate=1e-6)
        before = controller.network
        controller.state.running = True
        await until(lambda: controller.state.snapshot.iteration > 0)
        controller.state.running = False
        await all_done()
        assert controller.network.sizes == before.sizes
        difference = np.abs(controller.network.parameters()[0] - before.parameters()[0]).max()
        assert 0 < difference < 1e-3
        learnt = weights_of(controller)
        controller.state.fine_tune = False
        controller.step()
        await all_done()
        assert controller.state.origin == Origin.FINE_TUNED
        assert controller.state.snapshot.iteration > 1
        assert weights_of(controller) != learnt

    run(main())


def test_step_trains_exactly_one_batch_and_keeps_paused():
    async def main():
        controller = make_controller()
        controller.step()
        await all_done()
        assert controller.state.snapshot.iteration == 1
        assert controller.state.running is False
        controller.step()
        controller.step()
        await all_done()
        assert controller.state.snapshot.iteration == 3

    run(main())


def test_step_while_training_pauses_after_one_more_batch():
    async def main():
        door = Door()
        # With augmentation steps are taken one by one.
        controller = make_controller(execute=door, augment="light")
        state = controller.state
        await door.hold(controller)
        before = controller.trainer.run.iteration
        controller.step()
        assert state.running is False
        door.open()
        await all_done()
        # The slice under way ends after the step it is in; then comes the one that was wished for.
        assert state.snapshot.iteration == before + 2

    run(main())


def test_pause_and_train_in_quick_succession_leave_one_training_that_runs():
    async def main():
        door = Door()
        controller = make_controller(execute=door)
        state = controller.state
        state.running = True
        await until(lambda: state.snapshot.iteration > 0)
        for _ in range(5):
            state.running = False
            state.running = True
        door.shut()
        await until(lambda: door.waiting > 0)
        for _ in range(5):
            state.running = False
            state.running = True
            await settle()
        assert door.waiting == 1
        door.open()
        before = state.snapshot.iteration
        await until(lambda: state.snapshot.iteration > before + 20)
        state.running = False
        await all_done()
        assert state.snapshot.iteration == len(state.history)

    run(main())


def test_train_and_pause_before_the_first_slice_train_nothing():
    async def main():
        controller = make_controller()
        controller.state.running = True
        controller.state.running = False
        await all_done()
        assert controller.state.snapshot.iteration == 0

    run(main())


def test_reset_gives_the_same_fresh_net_of_the_chosen_form_every_time():
    async def main():
        controller = make_controller(hidden_layers=[7, 5], activation="tanh")
        controller.reset()
        first = weights_of(controller)
        assert controller.network.sizes == (784, 7, 5, 10)
        assert controller.network.activation == "tanh"
        assert controller.state.origin == Origin.FRESH
        assert "784-7-5-10" in controller.state.notice.text
        controller.step()
        await all_done()
        assert weights_of(controller) != first
        controller.reset()
        await all_done()
        assert weights_of(controller) == first
        assert controller.state.snapshot.iteration == len(controller.state.history) == 0

    run(main())


def test_reset_while_a_slice_is_computed_leaves_the_fresh_net_untouched():
    async def main():
        door = Door()
        controller = make_controller(execute=door)
        state = controller.state
        await door.hold(controller)
        controller.reset()
        fresh = weights_of(controller)
        door.open()
        await all_done()
        assert weights_of(controller) == fresh
        assert (state.running, state.snapshot.iteration, len(state.history)) == (False, 0, 0)

    run(main())


def test_reset_forgets_steps_that_were_still_wanted():
    async def main():
        door = Door()
        controller = make_controller(execute=door)
        door.shut()
        controller.step()
        controller.step()
        await until(lambda: door.waiting == 1)
        controller.reset()
        door.open()
        await all_done()
        assert controller.state.snapshot.iteration == 0
        assert controller.trainer.run.iteration == 0

    run(main())


def test_a_net_without_hidden_layers_can_be_trained():
    async def main():
        controller = make_controller(hidden_layers=[], dropout=0.5)
        controller.step()
        await all_done()
        assert controller.network.sizes == (784, 10)
        assert controller.state.snapshot.iteration == 1

    run(main())


def test_a_batch_larger_than_the_data_is_a_whole_epoch():
    async def main():
        controller = make_controller(batch_size=4096)
        controller.step()
        await all_done()
        snapshot = controller.state.snapshot
        assert (snapshot.iteration, snapshot.epoch, snapshot.batch_size) == (1, 1.0, 4096)
        controller.step()
        await all_done()
        assert controller.state.snapshot.epoch == 2.0

    run(main())


def test_a_run_scores_itself_on_validation_digits_four_times_an_epoch():
    async def main():
        controller = make_controller()
        controller.start()
        controller.state.running = True
        await until(lambda: controller.state.snapshot.epoch >= 1)
        controller.state.running = False
        await all_done()
        scores = controller.state.history.validation
        assert [score.iteration for score in scores[:4]] == [4, 8, 12, 15]
        assert scores[0].count == 100

    run(main())


def test_missing_validation_digits_are_told_and_training_goes_on_without():
    async def main():
        data = OpenedData(
            make_controller().data.source, errors={"validation": DataError("the file is torn.")}
        )
        controller = make_controller(data)
        controller.start()
        await settle()
        assert controller.state.notice.text == "Validation is left out: the file is torn."
        assert controller.state.notice.kind == "warning"
        controller.state.running = True
        await until(lambda: controller.state.snapshot.epoch >= 1)
        assert not controller.state.history.validation
        await controller.close()

    run(main())


# Knobs


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("learning_rate", 0.005, "learning rate 0.005"),
        ("batch_size", 7, "batch 7"),
        ("optimizer", "sgd", "sgd"),
        ("cache_size", 8, "cached 8"),
    ],
)
@pytest.mark.parametrize("running", [False, True])
def test_the_status_line_shows_a_knob_at_once(name, value, shown, running):
    async def main():
        controller = make_controller()
        controller.start()
        controller.state.running = running
        await settle()
        setattr(controller.state, name, value)
        if name != "cache_size" or not running:
            assert shown in controller.state.snapshot.status_line()
        else:
            await until(lambda: shown in controller.state.snapshot.status_line())
        await controller.close()

    run(main())


def test_batch_size_and_learning_rate_change_with_the_next_slice_while_training():
    async def main():
        controller = make_controller(batch_size=10)
        sizes = []
        controller.reset()
        step = controller.trainer.run.step
        train = step.take_steps

        def watch(images, labels, rates, is_labelled):
            sizes.extend((len(labels) // len(rates), rate) for rate in rates)
            if len(sizes) >= 3:
                controller.state.param.update(batch_size=4, learning_rate=0.5)
            return train(images, labels, rates, is_labelled)

        step.take_steps = watch  # type: ignore[method-assign]
        controller.state.running = True
        await until(lambda: sizes.count((4, 0.5)) >= 3)
        await controller.close()
        before = sizes.index((4, 0.5))
        assert before >= 3
        assert sizes == [(10, 0.002)] * before + [(4, 0.5)] * (len(sizes) - before)

    run(main())


def test_another_optimiser_takes_over_while_training():
    async def main():
        controller = make_controller()
        controller.state.running = True
        await until(lambda: controller.state.snapshot.iteration > 0)
        before = controller.trainer.run.step.optimizer
        controller.state.param.update(optimizer="momentum", l2=0.25, dropout=0.5)
        seen = controller.state.snapshot.iteration
        await until(lambda: controller.state.snapshot.iteration > seen)
        step = controller.trainer.run.step
        assert type(step.optimizer) is not type(before)
        assert (step.l2, step.dropout) == (0.25, 0.5)
        await controller.close()

    run(main())


def test_a_knob_turned_during_the_last_step_before_a_pause_waits_for_its_end():
    async def main():
        door = Door()
        controller = make_controller(execute=door)
        state = controller.state
        await door.hold(controller)
        state.running = False
        before, shown = controller.trainer.run.step.optimizer, controller.network
        state.optimizer = "sgd"
        # The step may be using the optimiser, and be writing to the weights, in another thread.
        assert controller.trainer.run.step.optimizer is before
        assert controller.network is shown
        assert "sgd" in state.snapshot.status_line()
        door.open()
        await all_done()
        assert controller.trainer.run.step.optimizer is not before
        assert "sgd" in state.snapshot.status_line()

    run(main())


def test_the_knobs_of_the_queue_help_a_training_that_waits_for_data():
    async def main():
        controller, source = slow_controller(blocks=8, cache_size=0, concurrency=1)
        controller.state.running = True
        await until(lambda: controller.state.snapshot.waiting)
        await settle()
        assert len(source.pending) == 1
        controller.state.param.update(cache_size=4, concurrency=4)
        await settle()
        assert len(source.pending) == 4
        assert "in flight 4" in controller.state.snapshot.status_line()
        await controller.close()

    run(main())


def test_a_simulated_latency_delays_the_blocks_and_changes_no_number():
    async def main():
        found = []
        for latency in (0, 1):
            controller = make_controller()
            controller.start()
            controller.state.latency = latency
            assert controller.trainer.run.queue.data_len == 5
            controller.reset()  # what was ready is gone
            assert (controller.trainer.run.queue.data_len == 5) == (latency == 0)
            controller.step()
            await until(lambda it=controller: it.state.snapshot.iteration == 1)
            found.append(weights_of(controller))
            await controller.close()
        assert found[0] == found[1]

    run(main())


def test_a_new_network_is_pending_until_it_is_initialised():
    async def main():
        controller = make_controller()
        controller.reset()
        assert not controller.state.network_pending
        changes = {"hidden_layers": [9], "activation": "tanh", "biases": False}
        for name, value in (changes | {"initialization": "zeros", "seed": 5}).items():
            setattr(controller.state, name, value)
            assert controller.state.network_pending
            assert controller.network.sizes == (784, 12, 10) or name != "hidden_layers"
            controller.reset()
            assert not controller.state.network_pending
        assert controller.network.sizes == (784, 9, 10)
        assert not controller.network.has_biases
        await all_done()

    run(main())


# Speed, goals, and the curve before


def test_another_speed_takes_effect_during_a_slow_step():
    async def main():
        controller = make_controller(speed="1")
        state = controller.state
        controller.reset()
        state.running = True
        await until(lambda: state.snapshot.iteration == 1)
        state.speed = "full"
        await until(lambda: state.snapshot.iteration > 30)
        await controller.close()

    run(main())


def test_training_pauses_at_the_epoch_with_a_notice_and_goes_on_to_the_next_goal():
    async def main():
        controller = make_controller(stop_epoch=2)
        state = controller.state
        controller.reset()
        for goal in (2, 3):
            state.stop_epoch = goal
            state.running = True
            await until(lambda: not state.running)
            await all_done()
            assert state.snapshot.epoch == goal
            assert "Stop at epoch" in state.notice.text
        state.running = True
        await until(lambda: not state.running)
        assert state.snapshot.epoch == 3
        controller.step()
        await all_done()
        assert state.snapshot.iteration == 46
        state.stop_epoch = None
        state.running = True
        await until(lambda: state.snapshot.epoch > 4)
        await controller.close()

    run(main())


def test_training_pauses_at_the_validation_accuracy_with_a_notice():
    async def main():
        controller = make_controller(stop_accuracy=50.0)
        state = controller.state
        controller.start()
        controller.reset()
        state.running = True
        await until(lambda: not state.running)
        await all_done()
        *others, last = state.history.validation
        assert last.accuracy >= 0.5 > max((score.accuracy for score in others), default=0)
        assert "Stop at accuracy" in state.notice.text
        await controller.close()

    run(main())


def test_reset_leaves_the_curve_of_the_run_before_until_the_next_reset():
    async def main():
        controller = make_controller()
        state = controller.state
        controller.reset()
        assert state.earlier == []
        for steps in (5, 3):
            for _ in range(steps):
                controller.step()
            await all_done()
            before = state.history
            controller.reset()
            assert state.earlier == [before]
            assert (len(before), len(state.history)) == (steps, 0)
        controller.reset()
        assert state.earlier == [before]
        await controller.close()

    run(main())


# What goes wrong


def test_divergence_pauses_brings_good_weights_back_and_says_what_to_try():
    async def main():
        controller = make_controller(optimizer="sgd", learning_rate=0.05)
        state = controller.state
        state.running = True
        await until(lambda: state.snapshot.iteration >= 110)
        state.param.update(learning_rate=10, l2=1)  # together they make all weights grow
        await until(lambda: not state.running)
        await all_done()
        assert state.notice.kind == "warning"
        assert state.notice.text.startswith("Training paused itself: at iteration ")
        assert f"The weights of iteration {state.snapshot.iteration} are back." in state.notice.text
        assert "Try a smaller learning rate than 10." in state.notice.text
        assert 0 < state.snapshot.iteration == len(state.history)
        assert all(np.isfinite(values).all() for values in controller.network.parameters())
        state.param.update(learning_rate=0.05, l2=0)
        good = state.snapshot.iteration
        state.running = True
        await until(lambda: state.snapshot.iteration > good + 10)
        assert state.snapshot.loss < math.log(10)
        await controller.close()

    run(main())


def test_the_divergence_of_a_net_that_was_reset_meanwhile_disturbs_nobody():
    async def main():
        door = Door()
        controller = make_controller(execute=door, optimizer="sgd", learning_rate=0.05)
        state = controller.state
        controller.step()
        await all_done()
        door.shut()
        state.running = True
        await until(lambda: door.waiting == 1)
        controller.trainer.run.network.parameters()[0][...] = np.nan
        controller.reset()
        state.running = True
        door.open()
        await until(lambda: state.snapshot.iteration > 3)
        assert state.running
        assert "paused" not in state.notice.text
        await controller.close()

    run(main())


class FailingSource(ObedientSource):
    """A source that cannot be reached until it is mended."""

    broken = True
    error: type[DataError] = TransientError

    async def fetch(self, request):
        if self.broken:
            raise self.error("the server could not be reached.")
        return await super().fetch(request)


@pytest.fixture
def unreachable_controller(monkeypatch):
    """Makes a controller whose data do not come, with the long waits between its tries."""
    naps: list[tuple[float, asyncio.Future[None]]] = []

    async def nap(seconds):
        naps.append((seconds, asyncio.get_running_loop().create_future()))
        await naps[-1][1]

    # The pauses of the queue take seconds; here they take no time.
    queue = partial(PrefetchQueue, sleep=lambda _seconds: asyncio.sleep(0))
    monkeypatch.setattr(feeds, "PrefetchQueue", queue)
    monkeypatch.setattr(training_loop, "DataStall", partial(training_loop.DataStall, sleep=nap))

    def make():
        source = FailingSource(4, block_size=20)
        controller = make_controller(OpenedData(source), cache_size=1)
        controller.reset()
        return controller, source, naps

    return make


def test_blocks_that_cannot_be_fetched_are_tried_again_until_training_continues(
    unreachable_controller,
):
    async def main():
        controller, source, naps = unreachable_controller()
        state = controller.state
        state.running = True
        for count in (1, 2, 3):
            await until(lambda count=count: len(naps) == count)
            assert state.running
            assert state.snapshot.waiting
            assert "waiting for data" in state.snapshot.status_line()
            assert state.notice.kind == "warning"
            assert state.notice.text.startswith(
                "Waiting for data: the server could not be reached. Training continues by itself"
            )
            if count < 3:
                naps[-1][1].set_result(None)
        assert [seconds for seconds, _ in naps] == [0.5, 1, 2]
        source.broken = False
        naps[-1][1].set_result(None)
        await until(lambda: bool(source.pending))
        source.answer_all()
        await until(lambda: state.snapshot.iteration == 1)
        assert state.running
        assert state.notice.text == "Data arrive again; training continues."
        await controller.close()
        assert not tasks_left()

    run(main())


@pytest.mark.parametrize("how", ["the network is back", "Pause and Train"])
def test_a_person_or_the_browser_can_end_a_wait_for_data(unreachable_controller, how):
    async def main():
        controller, source, naps = unreachable_controller()
        state = controller.state
        state.running = True
        await until(lambda: len(naps) == 1)
        source.broken = False
        if how == "the network is back":
            controller.data_may_be_back()
        else:
            state.running = False
            await until(lambda: controller.training_loop.is_idle)
            assert not state.snapshot.waiting
            state.running = True
        await until(lambda: bool(source.pending))
        await controller.close()
        assert not tasks_left()

    run(main())


def test_a_permanent_error_pauses_training_and_says_so(unreachable_controller):
    async def main():
        controller, source, naps = unreachable_controller()
        source.error = DataError
        state = controller.state
        state.running = True
        await until(lambda: not state.running)
        await until(lambda: controller.training_loop.is_idle)
        assert naps == []
        assert state.notice.kind == "error"
        assert "the server could not be reached." in state.notice.text
        assert not state.snapshot.waiting
        source.broken = False
        state.running = True
        await until(lambda: bool(source.pending))
        source.answer_all()
        await until(lambda: state.snapshot.iteration == 1)
        assert state.running
        await controller.close()
        assert not tasks_left()

    run(main())


def test_a_step_without_data_says_so_and_does_not_wait(unreachable_controller):
    async def main():
        controller, _source, naps = unreachable_controller()
        controller.step()
        await until(lambda: controller.state.notice.kind == "error")
        assert "the server could not be reached." in controller.state.notice.text
        assert controller.state.notice.text.endswith("Press Step again.")
        assert naps == []
        await controller.close()

    run(main())


def test_an_unforeseen_error_in_training_is_told_and_training_counts_as_paused():
    async def broken(_function, *_arguments):
        raise RuntimeError("the processor is on fire")

    async def main():
        unhandled = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _loop, context: unhandled.append(context["exception"])
        )
        controller = make_controller(execute=broken)
        controller.state.running = True
        await all_done()
        assert controller.state.running is False
        assert controller.state.notice.kind == "error"
        assert "the processor is on fire" in controller.state.notice.text
        assert [type(error) for error in unhandled] == [RuntimeError]

    run(main())


# Threads, several visitors, and the end


def test_training_in_threads_gives_the_same_curve_as_training_in_line():
    async def train(**options):
        controller = make_controller(batch_size=50, **options)
        controller.reset()
        controller.state.running = True
        await until(lambda: controller.state.snapshot.iteration >= 40)
        controller.state.running = False
        await all_done()
        return controller.state.history.losses[:40].tolist()

    in_line, in_threads = run(train()), run(train(execute=execute_in_thread))
    assert in_line == in_threads


def test_knobs_and_commands_may_come_at_any_time_while_threads_compute():
    async def main():
        controller = make_controller(execute=execute_in_thread)
        state = controller.state
        controller.start()
        for turn in range(12):
            state.running = True
            before = state.snapshot.iteration
            await until(lambda before=before: state.snapshot.iteration > before)
            state.param.update(
                batch_size=1 + 13 * turn,
                optimizer=["sgd", "adam", "momentum"][turn % 3],
                cache_size=turn % 3,
                dropout=0.1 * (turn % 2),
            )
            if turn % 3 == 0:
                controller.reset()
            elif turn % 3 == 1:
                controller.step()
            else:
                state.running = False
        await controller.close()
        assert state.notice.kind == "info"
        assert all(np.isfinite(values).all() for values in controller.network.parameters())

    run(main())


def test_two_controllers_share_nothing():
    async def main():
        one, other = make_controller(), make_controller()
        untouched = weights_of(other)
        one.drawing.take(ink())
        one.fine_tune(7)
        one.state.learning_rate = 0.009
        one.state.running = True
        await until(lambda: one.state.snapshot.iteration > 5)
        assert weights_of(other) == untouched
        assert weights_of(make_controller()) == untouched
        assert (other.state.running, other.state.snapshot.iteration) == (False, 0)
        assert other.state.learning_rate == 0.002
        assert other.state.prediction.image is None
        assert len(other.state.history) == 0
        await one.close()
        await other.close()

    run(main())


def test_closing_ends_a_running_training():
    async def main():
        controller = make_controller()
        controller.start()
        controller.state.running = True
        await until(lambda: controller.state.snapshot.iteration > 3)
        await controller.close()
        assert not tasks_left()

    run(main())


class SilentSource(Source):
    """A source that never answers, and counts who still waits for an answer."""

    sample_count = 100

    def __init__(self):
        self.waiting = 0

    def plan_epoch(self, generator):
        return list(range(5))

    async def fetch(self, _request):
        self.waiting += 1
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.waiting -= 1


def test_closing_ends_a_training_that_waits_for_data():
    async def main():
        source = SilentSource()
        controller = make_controller(OpenedData(source))
        controller.start()
        controller.state.running = True
        await until(lambda: controller.state.snapshot.waiting and source.waiting == 5)
        await controller.close()
        assert not tasks_left()
        assert source.waiting == 0

    run(main())


def test_closing_ends_a_training_whose_data_arrive_at_that_moment():
    async def main():
        controller, source = slow_controller(cache_size=0)
        controller.state.running = True
        await until(lambda: controller.state.snapshot.waiting and bool(source.pending))
        source.answer_all()
        # Nothing is in flight now, so the queue closes without letting anybody else run.
        await until(lambda: not controller.trainer.run.queue.data_futures_len)
        await controller.close()
        assert not tasks_left()

    run(main())


def test_closing_right_after_a_reset_ends_the_fetches_of_both_runs():
    async def main():
        source = SilentSource()
        controller = make_controller(OpenedData(source))
        controller.start()
        await until(lambda: source.waiting == 5)
        controller.reset()
        await controller.close()
        assert not tasks_left()
        assert source.waiting == 0

    run(main())


def test_closing_while_a_step_is_computed_in_a_thread_ends_it():
    async def main():
        controller = make_controller(execute=execute_in_thread)
        controller.start()
        controller.state.running = True
        await until(lambda: controller.state.snapshot.iteration > 0)
        last = controller.state.snapshot
        await controller.close()
        assert not tasks_left()
        # The page is gone: nothing is published to it any more.
        assert controller.state.snapshot is last

    run(main())


def test_closing_twice_is_no_error():
    async def main():
        controller, _source = slow_controller()
        controller.start()
        await controller.close()
        await controller.close()
        assert not tasks_left()

    run(main())


def test_closing_gives_up_a_test_and_samples_that_are_awaited():
    async def main():
        never = asyncio.get_running_loop().create_future()

        class Waiting(OpenedData):
            async def part(self, name):
                return await never

        controller = make_controller(Waiting(make_controller().data.source))
        controller.start()
        controller.spawn(controller.test())
        await settle()
        assert controller.state.busy == "Testing …"
        await controller.close()
        assert not tasks_left()

    run(main())


def test_a_prefetch_error_names_its_cause_in_the_notice_of_a_test():
    async def main():
        error = PrefetchError("block 3 could not be fetched.")
        controller = make_controller(
            OpenedData(make_controller().data.source, errors={"test": error})
        )
        await controller.test()
        assert controller.state.notice.text == "block 3 could not be fetched."
        assert controller.state.notice.kind == "error"
        assert controller.state.busy == ""

    run(main())


def test_pages_share_the_pretrained_network_until_they_train_it():
    async def main():
        trained, other = make_controller(), make_controller()
        shared = other.state.network
        before = [parameter.copy() for parameter in shared.parameters()]
        assert trained.state.network is shared
        own = trained.trainer.run.network
        pairs = zip(shared.parameters(), own.parameters(), strict=True)
        assert not any(np.shares_memory(*pair) for pair in pairs)
        trained.step()
        await all_done()
        assert not trained.state.network.equals(shared)
        assert all(map(np.array_equal, shared.parameters(), before))
        await trained.close()
        await other.close()

    run(main())
