"""Data sets, samples, fine-tuning and the test score, as commands of the controller."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from cache_helpers import run, settle, tasks_left
from controller_helpers import (
    Door,
    OpenedData,
    Opener,
    all_done,
    few_digits,
    ink,
    make_controller,
    slow_controller,
    until,
    weights_of,
)

from dashboard.digits import drawing
from dashboard.digits.datasets import InMemoryDataSet, read_index
from dashboard.digits.fine_tuning import FINE_TUNING_RATE
from dashboard.digits.state import Origin
from data_cache import DATA_SETS, DataError, PrefetchError, load_digits, to_float
from nn import pretrained_card

# Data sets


def test_fashion_brings_its_class_names_and_a_fresh_net():
    async def main():
        controller = make_controller()
        controller.state.data_set = "fashion-mnist"
        await all_done()
        state = controller.state
        assert state.class_names == DATA_SETS["fashion-mnist"].class_names
        assert (state.origin, controller.network.sizes) == (Origin.FRESH, (784, 12, 10))
        assert state.notice.text == (
            "Fashion-MNIST: 300 samples to train on. A fresh net for these classes: press Train."
        )
        assert state.busy == ""
        assert controller.trainer.validation is few_digits("fashion-mnist").validation
        controller.use_pretrained()
        await all_done()
        assert (state.data_set, controller.data.name) == ("digits", "digits")
        assert state.origin == Origin.PRETRAINED
        assert state.class_names == tuple("0123456789")

    run(main())


@pytest.mark.parametrize("command", ["train", "step"])
def test_a_data_set_that_arrives_late_never_ends_the_training_begun_meanwhile(command):
    async def main():
        opener = Opener()
        controller = make_controller(open_data_set=opener)
        state = controller.state
        state.data_set = "fashion-mnist"
        await settle()
        if command == "train":
            state.running = True
        else:
            controller.step()
        await until(lambda: state.snapshot.iteration > 0)
        number = controller.trainer.run_number
        opener.answer("fashion-mnist")
        await until(lambda: state.data_set == "digits")
        assert "choose Fashion-MNIST again" in state.notice.text
        assert (controller.trainer.run_number, controller.data.name) == (number, "digits")
        assert state.running == (command == "train")
        assert state.snapshot.iteration > 0
        # It is open already, so that the second choice takes effect at once.
        opener.pending.clear()
        state.data_set = "fashion-mnist"
        await until(lambda: controller.data.name == "fashion-mnist")
        assert opener.pending == {}
        await controller.close()

    run(main())


def test_clothes_are_seen_as_they_stand_and_digits_in_their_frame():
    async def main():
        controller = make_controller()
        controller.drawing.take(ink())
        assert controller.state.prediction.image.reshape(28, 28)[:4].max() == 0
        controller.state.data_set = "fashion-mnist"
        await all_done()
        controller.drawing.take(ink())
        small = ink().reshape(28, 3, 28, 3).mean(axis=(1, 3))
        image = controller.state.prediction.image.reshape(28, 28)
        np.testing.assert_allclose(image, small, atol=1e-6)

    run(main())


def test_blocks_that_come_in_without_training_are_counted():
    async def main():
        controller, source = slow_controller(cache_size=2)
        controller.start()
        await until(lambda: len(source.pending) == 2)
        controller.count_blocks()
        snapshot = controller.state.snapshot
        assert (snapshot.cached, snapshot.in_flight) == (0, 2)
        source.answer_all()
        await until(lambda: controller.trainer.run.queue.data_len == 2)
        controller.count_blocks()
        snapshot = controller.state.snapshot
        assert (snapshot.cached, snapshot.in_flight) == (2, 0)
        controller.count_blocks()
        assert controller.state.snapshot is snapshot
        await controller.close()

    run(main())


def test_more_digits_leave_the_net_as_it_is():
    async def main():
        controller = make_controller()
        controller.reset()
        controller.step()
        await all_done()
        before = weights_of(controller)
        controller.state.data_set = "mnist"
        await all_done()
        assert controller.state.origin == Origin.FRESH
        assert weights_of(controller) == before
        assert controller.state.notice.text == "MNIST 60,000: 300 samples to train on."

    run(main())


def test_a_data_set_change_pauses_training_and_says_how_far_it_has_come():
    async def main():
        opener = Opener()
        controller = make_controller(open_data_set=opener)
        state = controller.state
        state.running = True
        await until(lambda: state.snapshot.iteration > 0)
        state.data_set = "mnist"
        assert state.running is False
        await until(lambda: "mnist" in opener.pending)
        assert state.busy == "Loading MNIST 60,000 …"
        opener.reports["mnist"]("Fetching MNIST 60,000: 40 %")
        assert state.busy == "Fetching MNIST 60,000: 40 %"
        opener.answer("mnist")
        await all_done()
        assert (state.busy, controller.data.name, state.running) == ("", "mnist", False)
        assert state.snapshot.iteration == len(state.history) == 0

    run(main())


def test_a_data_set_that_cannot_be_opened_leaves_the_old_one_in_use():
    async def main():
        opener = Opener()
        controller = make_controller(open_data_set=opener)
        controller.reset()
        before, state = weights_of(controller), controller.state
        state.data_set = "mnist"
        await until(lambda: "mnist" in opener.pending)
        opener.fail("mnist", DataError("There is no mnist; `inkling data fetch mnist` gets it."))
        await all_done()
        assert (state.data_set, controller.data.name, state.busy) == ("digits", "digits", "")
        assert state.notice.text == "There is no mnist; `inkling data fetch mnist` gets it."
        assert state.notice.kind == "error"
        assert weights_of(controller) == before

    run(main())


def test_an_unforeseen_error_in_opening_is_told_and_leaves_nothing_half_done():
    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        opener = Opener()
        controller = make_controller(open_data_set=opener)
        state = controller.state
        state.data_set = "mnist"
        await until(lambda: "mnist" in opener.pending)
        opener.fail("mnist", OSError("no space left"))
        await all_done()
        assert (state.data_set, controller.data.name, state.busy) == ("digits", "digits", "")
        assert "no space left" in state.notice.text
        assert state.notice.kind == "error"

    run(main())


def test_of_two_data_sets_the_one_chosen_last_stays_whichever_arrives_last():
    async def main():
        opener = Opener()
        controller = make_controller(open_data_set=opener)
        state = controller.state
        state.data_set = "mnist"
        await until(lambda: "mnist" in opener.pending)
        state.data_set = "fashion-mnist"
        await until(lambda: "fashion-mnist" in opener.pending)
        opener.answer("fashion-mnist")
        await settle()
        opener.reports["mnist"]("Fetching MNIST 60,000: 90 %")
        if not opener.pending["mnist"].done():
            opener.answer("mnist")
        await all_done()
        assert (state.data_set, controller.data.name) == ("fashion-mnist", "fashion-mnist")
        assert state.class_names == DATA_SETS["fashion-mnist"].class_names
        assert state.busy == ""

    run(main())


def test_choosing_the_present_data_set_again_gives_up_the_other_one():
    async def main():
        opener = Opener()
        controller = make_controller(open_data_set=opener)
        state = controller.state
        before = weights_of(controller)
        state.data_set = "mnist"
        await until(lambda: "mnist" in opener.pending)
        state.data_set = "digits"
        assert state.busy == ""
        opener.reports["mnist"]("Fetching MNIST 60,000: 41 %")
        assert state.busy == ""
        await settle()
        if not opener.pending["mnist"].done():
            opener.answer("mnist")
        await all_done()
        assert (state.data_set, controller.data.name) == ("digits", "digits")
        assert weights_of(controller) == before

    run(main())


def test_steps_that_are_still_wanted_do_not_reach_the_new_data():
    async def main():
        door = Door()
        controller = make_controller(execute=door)
        door.shut()
        controller.step()
        controller.step()
        await until(lambda: door.waiting == 1)
        controller.state.data_set = "mnist"
        await until(lambda: controller.data.name == "mnist")
        door.open()
        await all_done()
        assert controller.state.snapshot.iteration == controller.trainer.run.iteration == 0

    run(main())


def test_closing_gives_up_a_data_set_that_is_awaited():
    async def main():
        controller = make_controller(open_data_set=Opener())
        controller.state.data_set = "mnist"
        await settle()
        await controller.close()
        assert not tasks_left()

    run(main())


# Samples


def shown_on(controller):
    shown = []

    def show(canvas):
        shown.append(canvas)
        controller.drawing.take(canvas)

    controller.drawing.show_on_pad = show
    return shown


@pytest.mark.parametrize(("part", "text", "index"), [("test", "0", 0), ("train", " 299 ", 299)])
def test_a_sample_is_loaded_by_its_index_and_predicted(part, text, index):
    async def main():
        controller = make_controller()
        shown = shown_on(controller)
        await controller.load_sample(part, text, None)
        samples = few_digits().part(part)
        expected = to_float(samples.images[index : index + 1])[0].reshape(28, 28)
        np.testing.assert_array_equal(shown[0], expected)
        assert controller.state.notice.text == (
            f"Sample {index} of {part}, labelled “{samples.labels[index]}”."
        )
        assert int(np.argmax(controller.state.prediction.probabilities)) == samples.labels[index]

    run(main())


def test_a_random_sample_of_a_class_has_that_class():
    async def main():
        controller = make_controller()
        numbers = set()
        for _ in range(8):
            await controller.load_sample("train", "", 7)
            text = controller.state.notice.text
            assert text.endswith("of train, labelled “7”.")
            numbers.add(text)
        assert len(numbers) > 1

    run(main())


def test_random_samples_differ_and_follow_the_seed():
    async def load(seed):
        controller = make_controller(seed=seed)
        texts = []
        for _ in range(6):
            await controller.load_sample("test", "", None)
            texts.append(controller.state.notice.text)
        return texts

    first = run(load(3))
    assert first == run(load(3)) != run(load(4))
    assert len(set(first)) > 1


@pytest.mark.parametrize(
    "text", ["-1", "100", "1.5", "seven", "1e1", "٣", "²", "1_0", "9" * 5000, "0" * 12 + "100"]
)
def test_an_index_that_does_not_exist_is_refused_with_a_sentence(text):
    async def main():
        controller = make_controller()
        shown = shown_on(controller)
        await controller.load_sample("test", text, None)
        assert controller.state.notice.text == (
            "Index takes a whole number from 0 to 99, or nothing for any sample; "
            f"found “{text[:24]}”."
        )
        assert controller.state.notice.kind == "warning"
        assert not shown

    run(main())


def test_leading_zeros_and_spaces_do_not_change_an_index():
    assert read_index("0" * 30 + "7", 10) == 7
    assert read_index("000", 10) == 0
    assert read_index("  ", 10) is None


def test_a_sample_of_fashion_is_named_by_its_garment():
    async def main():
        controller = make_controller()
        controller.state.data_set = "fashion-mnist"
        await all_done()
        await controller.load_sample("test", "5", None)
        label = few_digits().test.labels[5]
        name = DATA_SETS["fashion-mnist"].class_names[label]
        assert controller.state.notice.text == f"Sample 5 of test, labelled “{name}”."

    run(main())


@pytest.mark.parametrize("error", [DataError("torn."), PrefetchError("torn.")])
def test_a_sample_that_cannot_be_fetched_is_told(error):
    async def main():
        controller = make_controller(
            OpenedData(make_controller().data.source, errors={"sample": error})
        )
        await controller.load_sample("test", "", None)
        assert controller.state.notice.text == "torn."

    run(main())


# Drawing and fine-tuning


def test_a_drawing_is_predicted_and_a_blank_pad_never():
    controller = make_controller()
    controller.drawing.take(ink())
    answer = controller.state.prediction
    assert int(np.argmax(answer.probabilities)) == 1
    assert answer.image.shape == (784,)
    assert answer.probabilities.sum() == pytest.approx(1, abs=1e-5)
    controller.drawing.take(np.zeros((84, 84), np.float32))
    assert controller.state.prediction.image is None
    assert controller.state.prediction.probabilities is None


def test_a_drawing_is_framed_again_for_the_classes_of_another_data_set():
    async def main():
        controller = make_controller()
        controller.drawing.take(ink())
        controller.state.data_set = "fashion-mnist"
        await all_done()
        small = ink().reshape(28, 3, 28, 3).mean(axis=(1, 3))
        image = controller.state.prediction.image.reshape(28, 28)
        np.testing.assert_allclose(image, small, atol=1e-6)

    run(main())


def test_another_network_predicts_the_same_drawing():
    async def main():
        controller = make_controller()
        controller.drawing.take(ink())
        ready = controller.state.prediction.probabilities
        controller.reset()
        fresh = controller.state.prediction.probabilities
        expected = controller.network.predict_proba(controller.state.prediction.image[np.newaxis])[
            0
        ]
        np.testing.assert_array_equal(fresh, expected)
        assert not np.array_equal(fresh, ready)
        await all_done()

    run(main())


def test_fine_tuning_reports_the_loss_before_and_after_and_changes_the_prediction():
    controller = make_controller()
    controller.drawing.take(ink())
    framed = controller.state.prediction.image[np.newaxis]
    before = -float(controller.network.predict_log_proba(framed)[0, 7])
    untuned = controller.network
    controller.fine_tune(7)
    after = -float(controller.network.predict_log_proba(framed)[0, 7])
    assert after < before
    assert f"{before:.3f} → {after:.3f}" in controller.state.notice.text
    assert controller.state.prediction.probabilities[7] == pytest.approx(np.exp(-after), rel=1e-5)
    assert controller.network is not untuned
    # One step of plain gradient descent moves the output bias by rate × (onehot − probabilities).
    moved = controller.network.layers[-1].bias - untuned.layers[-1].bias
    target = np.eye(10)[7] - untuned.predict_proba(framed)[0]
    np.testing.assert_allclose(moved, FINE_TUNING_RATE * target, atol=1e-6)


def test_training_continues_from_fine_tuned_weights():
    async def main():
        controller = make_controller(learning_rate=1e-9, optimizer="sgd")
        controller.drawing.take(ink())
        controller.fine_tune(3)
        tuned = controller.network.layers[-1].bias
        controller.step()
        await all_done()
        assert controller.state.origin == Origin.FINE_TUNED
        np.testing.assert_allclose(controller.network.layers[-1].bias, tuned, atol=1e-6)

    run(main())


def test_a_blank_pad_is_not_fine_tuned_on():
    controller = make_controller()
    before = weights_of(controller)
    controller.fine_tune(3)
    assert controller.state.notice.kind == "warning"
    assert weights_of(controller) == before


def test_nothing_is_fine_tuned_while_training_or_during_a_step():
    async def main():
        door = Door()
        controller = make_controller(execute=door)
        controller.drawing.take(ink())
        controller.state.running = True
        controller.fine_tune(3)
        assert controller.state.notice.text.startswith("Pause training first")
        await until(lambda: controller.state.snapshot.iteration > 0)
        door.shut()
        await until(lambda: door.waiting == 1)
        controller.state.running = False
        controller.fine_tune(3)
        assert controller.state.notice.kind == "warning"
        assert "still being computed" in controller.state.notice.text
        door.open()
        await all_done()
        controller.fine_tune(3)
        assert controller.state.notice.text.startswith("One step on the label “3”")

    run(main())


def test_a_step_of_fine_tuning_that_diverges_is_undone():
    controller = make_controller()
    controller.drawing.take(ink())
    for values in controller.trainer.run.network.parameters():
        np.multiply(values, np.float32(1e20), out=values)
    before = [values.tobytes() for values in controller.trainer.run.network.parameters()]
    controller.fine_tune(3)
    after = [values.tobytes() for values in controller.trainer.run.network.parameters()]
    assert after == before
    assert controller.state.notice.kind == "error"
    assert "undone" in controller.state.notice.text


# The test score


def test_the_test_score_counts_all_test_digits_and_is_drawn_in_the_chart():
    async def main():
        controller = make_controller()
        controller.reset()
        drawn = []
        controller.state.param.watch(drawn.append, "history")
        await controller.test()
        test = few_digits().test
        probabilities = controller.network.predict_proba(to_float(test.images))
        right = int((probabilities.argmax(axis=1) == test.labels).sum())
        score = controller.state.history.test[0]
        assert (score.iteration, score.accuracy, score.count) == (0, right / 100, 100)
        text = controller.state.notice.text
        assert text.startswith(f"Test: {right:.2f} % of 100 right (95 % interval ")
        assert f"loss {score.loss:.4f}." in text
        assert "not an independent test" not in text
        assert drawn
        assert controller.state.busy == ""

    run(main())


def test_a_score_of_the_pretrained_model_says_that_it_was_trained_on_these_digits():
    async def main():
        controller = make_controller()
        await controller.test()
        assert "not an independent test" in controller.state.notice.text

    run(main())


def test_a_test_while_training_scores_one_moment_and_training_goes_on():
    async def main():
        digits = replace(few_digits(), test=load_digits().test[:500])
        controller = make_controller(InMemoryDataSet(digits))
        state = controller.state
        state.running = True
        await until(lambda: state.snapshot.iteration > 0)
        tested = state.snapshot.iteration
        await controller.test()
        assert state.history.test[0].iteration == tested < state.snapshot.iteration
        await controller.close()

    run(main())


def test_the_score_of_a_net_that_was_replaced_meanwhile_is_not_drawn():
    async def main():
        door = Door()
        controller = make_controller(execute=door)
        door.shut()
        controller.spawn(controller.test())
        await until(lambda: door.waiting == 1)
        controller.reset()
        door.open()
        await all_done()
        assert controller.state.history.test == []

    run(main())


class LateValidation(OpenedData):
    """Data whose held-out part comes when the test says."""

    async def part(self, name):
        if name == "validation":
            await self.arrival.wait()
        return await super().part(name)


def late_controller():
    data = LateValidation(make_controller().data.source)
    data.arrival = asyncio.Event()
    controller = make_controller(data)
    controller.start()
    return controller, data.arrival


def test_the_curve_does_not_depend_on_when_the_held_out_digits_come():
    async def main():
        curves = []
        for late in (False, True):
            controller, arrival = late_controller()
            state = controller.state
            if not late:
                arrival.set()
            state.running = True
            if late:
                await until(lambda s=state: s.snapshot.waiting)
                for _ in range(50):
                    await asyncio.sleep(0)
                assert state.snapshot.iteration == 4  # a quarter of an epoch
                arrival.set()
            await until(lambda s=state: s.snapshot.iteration >= 40)
            await controller.close()
            curves.append(list(state.history.csv_lines())[:40])
        assert curves[0] == curves[1]
        assert sum(line.count(",,,") == 0 for line in curves[0]) > 1

    run(main())


def test_a_pause_ends_the_wait_for_held_out_digits_and_loses_no_score():
    async def main():
        controller, arrival = late_controller()
        state = controller.state
        state.running = True
        await until(lambda: state.snapshot.waiting)
        state.running = False
        await until(lambda: controller.training_loop.is_idle)
        assert not state.snapshot.waiting
        assert state.history.validation == []
        arrival.set()
        controller.step()
        await until(lambda: state.snapshot.iteration == 5)
        assert [score.iteration for score in state.history.validation] == [4]
        await controller.close()

    run(main())


@pytest.mark.parametrize(
    ("least", "origin", "expected"),
    [(0.0, Origin.PRETRAINED, True), (1.1, Origin.PRETRAINED, False), (1.1, Origin.FRESH, True)],
)
def test_only_pretrained_models_have_a_threshold_of_confidence(
    monkeypatch, least, origin, expected
):
    card = replace(pretrained_card(), confidence_threshold=least)
    monkeypatch.setattr(drawing, "pretrained_card", lambda _name: card)
    controller = make_controller()
    controller.state.origin = origin
    controller.drawing.take(ink())
    assert controller.state.prediction.is_confident is expected
