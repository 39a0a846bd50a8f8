"""Corrections: what is kept, when the model is fine-tuned, and how it is taken back."""

from dataclasses import replace

import numpy as np
import pytest
from cache_helpers import run
from controller_helpers import Door, all_done, few_digits, ink, make_controller, until, weights_of

from dashboard.digits.datasets import InMemoryDataSet
from dashboard.digits.models import describe_model
from dashboard.digits.state import Origin
from dashboard.sharing.run_links import digits_link
from dashboard.teaching import controller as teaching_module
from dashboard.teaching import fine_tuning
from dashboard.teaching.controller import INTERVENTION, TeachingController
from dashboard.teaching.files import to_idx_archive
from dashboard.teaching.own_digits import digits_of
from dashboard.teaching.state import TeachingState


@pytest.fixture(autouse=True)
def few_steps(monkeypatch):
    """Fine-tuning in three steps, used whatever the hundred validation digits say."""
    monkeypatch.setattr(fine_tuning, "LARGEST_FALL", 0.5)
    recipe = replace(fine_tuning.DENSE_RECIPE, steps=3)
    monkeypatch.setattr(teaching_module, "recipe_for", lambda _network: recipe)


def make_teaching(**options):
    controller = make_controller(**options)
    return TeachingController(TeachingState(), controller), controller


@pytest.mark.parametrize(("share", "count"), [(None, 64), (0.05, 13), (0.95, 243)])
def test_the_chosen_share_of_each_batch_is_own_digits(share, count, monkeypatch):
    batches = []
    join = fine_tuning.concatenate_samples

    def note(parts):
        batches.append([len(part) for part in parts])
        return join(parts)

    async def main():
        teaching, controller = make_teaching()
        controller.drawing.take(ink())
        if share is not None:
            teaching.state.own_share = share
        monkeypatch.setattr(fine_tuning, "concatenate_samples", note)
        teaching.correct(4)
        await all_done()
        assert batches[:3] == [[count, 256 - count]] * 3

    run(main())


def test_a_corrected_drawing_is_kept_and_the_model_is_fine_tuned_on_it():
    async def main():
        teaching, controller = make_teaching()
        controller.drawing.take(ink())
        before = controller.state.prediction.probabilities[4]
        teaching.correct(4)
        assert teaching.state.is_training
        await all_done()
        [digit] = teaching.state.digits
        assert digit.label == 4
        np.testing.assert_array_equal(
            digit.image, np.round(255 * controller.state.prediction.image)
        )
        assert controller.state.prediction.probabilities[4] > before
        assert controller.state.origin == Origin.FINE_TUNED
        assert INTERVENTION in digits_link(controller).missing
        result = teaching.state.result
        assert (result.count, result.validation_count, result.is_kept) == (1, 100, True)
        assert not teaching.state.is_training
        assert f"{100 * result.validation_before:.1f} % before" in teaching.state.message.text

    run(main())


async def begin_correction():
    """Correct a drawing; return the door behind which its fine-tuning waits, and who does it."""
    door = Door()
    teaching, controller = make_teaching(execute=door)
    controller.drawing.take(ink())
    door.shut()
    teaching.correct(4)
    await until(lambda: door.waiting == 1)
    return door, teaching, controller


def test_the_drawing_is_answered_while_the_model_is_fine_tuned():
    async def main():
        door, teaching, controller = await begin_correction()
        controller.drawing.take(np.roll(ink(), 8, axis=1))
        assert controller.state.prediction.probabilities is not None
        door.open()
        await all_done()
        assert teaching.state.result.count == 1

    run(main())


def test_undo_brings_weights_origin_and_digits_of_before_back():
    async def main():
        teaching, controller = make_teaching()
        controller.drawing.take(ink())
        before = weights_of(controller)
        teaching.correct(4)
        await all_done()
        assert weights_of(controller) != before
        assert teaching.state.can_undo
        model = describe_model(controller.state)
        assert model.accuracy == teaching.state.result.validation_after
        assert model.iteration == 0
        teaching.undo()
        assert controller.trainer.run.history.validation == []
        assert weights_of(controller) == before
        assert controller.state.origin == Origin.PRETRAINED
        assert teaching.state.digits == []
        assert not teaching.state.can_undo
        assert INTERVENTION not in digits_link(controller).missing

    run(main())


def test_undo_is_over_once_the_model_was_trained_further():
    async def main():
        teaching, controller = make_teaching()
        controller.drawing.take(ink())
        teaching.correct(4)
        await all_done()
        controller.step()
        await all_done()
        assert not teaching.state.can_undo
        after = weights_of(controller)
        teaching.undo()
        assert weights_of(controller) == after
        assert teaching.state.message.kind == "warning"

    run(main())


def test_corrections_begin_with_the_weights_before_the_first_one():
    async def main():
        one, controller = make_teaching()
        controller.drawing.take(ink())
        one.correct(4)
        await all_done()
        controller.drawing.take(ink().T)
        one.correct(5)
        await all_done()
        two, other = make_teaching()
        two.add(one.state.digits, "own.zip")
        assert two.state.result is None
        two.fine_tune()
        await all_done()
        assert weights_of(controller) == weights_of(other)
        base = two.state.result.validation_before
        assert one.state.result == replace(
            two.state.result, read_before=one.state.result.read_before
        )
        assert one.state.result.validation_before == base

    run(main())


def test_a_second_correction_waits_for_the_first_fine_tuning():
    async def main():
        door, teaching, controller = await begin_correction()
        controller.drawing.take(ink().T)
        teaching.correct(5)
        door.open()
        await all_done()
        assert teaching.state.result.count == 2
        assert len(teaching.state.digits) == 2

    run(main())


def test_a_model_that_changed_meanwhile_is_left_alone():
    async def main():
        door, teaching, controller = await begin_correction()
        controller.reset()
        after = weights_of(controller)
        door.open()
        await all_done()
        assert weights_of(controller) == after
        assert "changed meanwhile" in teaching.state.message.text
        assert len(teaching.state.digits) == 1

    run(main())


def test_weights_that_forget_too_much_are_not_used(monkeypatch):
    async def main():
        async def score(network, *_arguments):
            return (0.99 if network.parameters()[0].tobytes() == before[0] else 0.4), 1.0

        monkeypatch.setattr(fine_tuning, "sample_scores", score)
        teaching, controller = make_teaching()
        controller.drawing.take(ink())
        before = weights_of(controller)
        teaching.correct(4)
        await all_done()
        assert weights_of(controller) == before
        assert controller.state.origin == Origin.PRETRAINED
        assert not teaching.state.result.is_kept
        assert not teaching.state.can_undo
        assert "99.0 % to 40.0 %" in teaching.state.message.text

    run(main())


def test_while_training_runs_a_correction_is_only_kept():
    async def main():
        teaching, controller = make_teaching()
        controller.drawing.take(ink())
        controller.state.running = True
        teaching.correct(4)
        assert len(teaching.state.digits) == 1
        assert not teaching.state.is_training
        assert teaching.state.message.kind == "warning"
        controller.state.running = False
        await all_done()

    run(main())


def test_a_blank_pad_and_other_data_are_not_taught():
    async def main():
        teaching, controller = make_teaching()
        teaching.correct(4)
        assert teaching.state.message.kind == "warning"
        teaching.fine_tune()
        controller.drawing.take(ink())
        controller.state.data_set = "fashion-mnist"
        await all_done()
        teaching.correct(4)
        await all_done()
        assert teaching.state.digits == []
        assert teaching.state.result is None

    run(main())


def test_own_digits_are_removed_one_by_one_and_all_at_once():
    teaching, _ = make_teaching()
    teaching.add(digits_of(few_digits().train[:4]), "own.zip")
    teaching.remove(1)
    assert [digit.label for digit in teaching.state.digits] == [0, 2, 3]
    teaching.remove(7)
    assert len(teaching.state.digits) == 3
    teaching.clear()
    assert teaching.state.digits == []


def test_a_file_of_digits_is_added_and_a_bad_one_is_refused():
    async def main():
        teaching, _ = make_teaching()
        digits = digits_of(few_digits().train[:4])
        await teaching.load(to_idx_archive(digits), "own.zip")
        await teaching.load(to_idx_archive(digits), "own.zip")
        assert len(teaching.state.digits) == 4
        assert "4 were there already" in teaching.state.message.text
        assert teaching.export("idx") == to_idx_archive(digits)
        teaching.open_file(b"PK nothing", "own.zip")
        await all_done()
        assert teaching.state.message.kind == "error"
        assert len(teaching.state.digits) == 4

    run(main())


def test_training_digits_are_mixed_in_from_the_whole_data_set():
    async def main():
        data = InMemoryDataSet(few_digits())
        teaching, controller = make_teaching(data=data)
        controller.state.training_samples = "100"
        await all_done()
        controller.drawing.take(ink())
        teaching.correct(1)
        await all_done()
        assert teaching.state.result.count == 1

    run(main())
