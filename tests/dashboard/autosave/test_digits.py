"""A page that is restored continues as if it had never been closed."""

import numpy as np
import pytest
from autosave_helpers import Tab
from cache_helpers import run
from controller_helpers import Opener, ink, make_controller, until, weights_of
from training_helpers import in_event_loop

from dashboard.autosave.digits import (
    SavedDigits,
    SavedStoredModel,
    decode_drawing,
    encode_drawing,
    shrink,
)
from dashboard.autosave.save import SaveError
from dashboard.digits.state import DigitsState, Origin
from dashboard.training.budget import Budget
from dashboard.training.checkpoint import Checkpoint, settings_values
from data_cache import DataError
from nn import load_pretrained


@pytest.mark.parametrize("steps", [1, 14, 15, 16, 37])
@in_event_loop
async def test_an_interrupted_run_continues_with_the_same_numbers_to_the_bit(steps):
    settings = {"dropout": 0.2, "optimizer": "adam", "seed": 5}

    whole, records = Tab({}, **settings), {}
    await whole.train(60)
    first = Tab(records, **settings)
    await first.train(steps)
    await first.close()
    second = Tab(records, resume=True)
    await until(lambda: second.state.snapshot.iteration == steps)
    await second.train(60 - steps)
    assert second.curve() == whole.curve()
    assert weights_of(second.controller) == weights_of(whole.controller)
    assert settings_values(second.state) == settings_values(whole.state)
    assert second.state.history.validation
    await whole.close()
    await second.close()


@in_event_loop
async def test_interrupted_training_continues_by_itself():
    records = {}
    first = Tab(records)
    first.state.running = True
    await until(lambda: records and first.digits().state.iteration > 20)
    await first.close()
    saved = first.digits().state.iteration
    second = Tab(records, resume=True)
    await until(lambda: second.state.snapshot.iteration > saved + 20)
    assert second.state.running
    assert second.curve().startswith(first.curve()[: len(first.curve()) // 3])
    await second.close()


@pytest.mark.parametrize("wanted", [True, False])
@in_event_loop
async def test_earlier_work_is_restored_only_on_request(wanted):
    records = {}
    first = Tab(records)
    await first.train(3)
    await first.close()
    second = Tab(records)
    assert "iteration 3 of a 784-12-10 net, just now" in await second.offered()
    assert second.state.snapshot.iteration == 0
    await second.answer(wanted)
    if wanted:
        await until(lambda: second.state.snapshot.iteration == 3)
        assert second.state.origin == Origin.FRESH
        assert second.state.notice.text.startswith("Restored at iteration 3,")
    await second.train(2)
    await second.close()
    third = Tab(records)
    assert f"iteration {5 if wanted else 2} " in await third.offered()
    await third.close()


@in_event_loop
async def test_drawing_settings_data_set_and_origin_are_restored():
    records = {}
    first = Tab(records)
    first.state.data_set = "fashion-mnist"
    await until(lambda: first.controller.data.name == "fashion-mnist")
    await first.train(2)
    first.controller.drawing.take(ink())
    first.state.param.update(learning_rate=0.5, smoothing=0.5, fine_tune=True, cache_size=3)
    await until(lambda: first.digits().task["drawing"] is not None)
    await until(lambda: first.digits().settings["learning_rate"] == 0.5)
    await first.close()
    second = Tab(records, resume=True)
    await until(lambda: second.state.prediction.image is not None)
    state, other = second.state, first.state
    np.testing.assert_array_equal(second.state.drawing, ink())
    np.testing.assert_array_equal(state.prediction.image, other.prediction.image)
    np.testing.assert_array_equal(state.prediction.probabilities, other.prediction.probabilities)
    assert (state.data_set, state.class_names) == ("fashion-mnist", other.class_names)
    assert (state.learning_rate, state.smoothing, state.fine_tune) == (0.5, 0.5, True)
    assert second.controller.trainer.run.queue.cache_size == 3
    assert state.snapshot.learning_rate == 0.5
    assert (state.origin, state.running) == (Origin.FRESH, False)
    await second.close()


@in_event_loop
async def test_a_subset_goals_and_marks_are_restored_and_no_mark_is_added():
    records = {}
    first = Tab(records)
    first.state.param.update(training_samples="100", stop_epoch=7, learning_rate=0.01)
    await until(lambda: first.controller.data.source.sample_count == 100)
    await first.train(12)
    first.state.learning_rate = 0.02
    await first.train(2)
    await first.close()
    second = Tab(records, resume=True)
    await until(lambda: second.state.snapshot.iteration == 14)
    state = second.state
    assert (state.training_samples, state.stop_epoch, state.stop_accuracy) == ("100", 7, None)
    assert second.controller.data.source.sample_count == 100
    assert state.snapshot.epoch == pytest.approx(14 / 5)
    assert state.history.changes == first.state.history.changes
    assert [it.iteration for it in state.history.changes] == [12]
    await second.close()


@in_event_loop
async def test_drawings_fine_tuning_loaded_weights_and_settings_are_saved():
    tab = Tab({})
    tab.controller.drawing.take(ink())
    await tab.saved("your drawing")
    tab.controller.fine_tune(1)
    await until(lambda: tab.digits().task["origin"] == Origin.FINE_TUNED)
    tuned = [array.tobytes() for array in tab.digits().state.network.parameters()]
    assert tuned == weights_of(tab.controller)
    content = tab.controller.save_weights(".npz", "s4")
    await tab.controller.load_weights(content, "mine.npz")
    await until(lambda: tab.digits().task["origin"] == Origin.LOADED)
    tab.state.batch_size = 7
    await until(lambda: tab.digits().settings["batch_size"] == 7)
    await tab.close()


@in_event_loop
async def test_changed_settings_alone_are_saved():
    tab = Tab({}, hidden_layers=[128], batch_size=32)
    tab.state.l2 = 0.01
    await tab.saved("your settings")
    await tab.close()


@in_event_loop
async def test_the_data_set_of_a_save_may_be_unavailable_for_a_while():
    records = {}
    first = Tab(records)
    first.state.data_set = "fashion-mnist"
    await until(lambda: first.controller.data.name == "fashion-mnist")
    await first.train(2)
    await first.close()
    opener = Opener()
    second = Tab(records, open_data_set=opener, execute=None)
    await second.answer(True)
    await until(lambda: "fashion-mnist" in opener.pending)
    opener.fail("fashion-mnist", DataError("No network."))
    await second.offered()
    assert "No network." in second.state.notice.text
    assert second.state.snapshot.network.sizes == (784, 128, 10)
    del opener.pending["fashion-mnist"]
    await second.answer(True)
    await until(lambda: "fashion-mnist" in opener.pending)
    opener.answer("fashion-mnist")
    await until(lambda: second.state.snapshot.iteration == 2)
    await second.close()


@pytest.fixture(scope="module")
def checkpoint():
    async def main():
        controller = make_controller()
        controller.start()
        content = SavedDigits(controller).capture()
        await controller.close()
        return content

    return Checkpoint.from_bytes(run(main()), "it")


@pytest.mark.parametrize(
    ("old", "origin"),
    [("ready-trained", Origin.PRETRAINED), ("tuned", Origin.FINE_TUNED), ("fresh", Origin.FRESH)],
)
@in_event_loop
async def test_an_autosave_of_an_earlier_version_is_restored(checkpoint, old, origin):
    task = dict(checkpoint.task)
    del task["fine_tune"], task["pretrained_model"], task["centre_drawing"]
    del task["training_samples"], task["stop_epoch"], task["stop_accuracy"]
    task |= {"keep_ready": True, "ready_net": "mlp", "origin": old}
    controller = make_controller()
    controller.start()
    content = Checkpoint(checkpoint.settings, checkpoint.state, task).to_bytes()
    await SavedDigits(controller).restore(content)
    state = controller.state
    assert (state.origin, state.fine_tune, state.pretrained_model) == (origin, True, "mlp")
    await controller.close()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"data_set": "cats"}, "'cats'"),
        ({"origin": "heaven"}, "'heaven'"),
        ({"drawing": "???"}, "base64"),
        ({"smoothing": 7}, "smoothing"),
        ({"built": {"seed": -1}}, "seed"),
        ({"built": {"notice": 3}}, "notice"),
    ],
)
@in_event_loop
async def test_inconsistent_bytes_are_refused_and_change_nothing(checkpoint, changes, reason):
    content = Checkpoint(
        checkpoint.settings, checkpoint.state, {**checkpoint.task, **changes}
    ).to_bytes()

    controller = make_controller()
    controller.start()
    before = controller.trainer.run
    with pytest.raises(SaveError, match=reason):
        await SavedDigits(controller).restore(content)
    with pytest.raises(SaveError, match="damaged"):
        await SavedDigits(controller).restore(content[:-20])
    assert controller.trainer.run is before
    assert controller.state.origin == Origin.PRETRAINED
    await controller.close()


@in_event_loop
async def test_work_of_a_server_that_allows_larger_networks_is_refused(checkpoint, monkeypatch):
    controller = make_controller()
    controller.start()
    before = controller.trainer.run
    budget = Budget(weights=1000, step_multiplications=10**9)
    monkeypatch.setattr(DigitsState, "budget", budget)
    with pytest.raises(SaveError, match="weights"):
        await SavedDigits(controller).restore(checkpoint.to_bytes())
    assert controller.trainer.run is before
    await controller.close()


@pytest.mark.parametrize("side", [28, 84])
def test_a_drawing_is_restored_to_the_pixel(side):
    levels = np.random.default_rng(1).integers(0, 256, (side, side)).astype(np.float32)
    drawing = levels / np.float32(255)
    np.testing.assert_array_equal(decode_drawing(encode_drawing(drawing)), drawing)


@in_event_loop
async def test_a_stored_model_is_saved_while_a_pretrained_one_is_in_use_and_comes_back_exactly():
    controller, other = make_controller(seed=3), make_controller()
    saved = SavedStoredModel(controller)
    assert (saved.title, saved.capture()) == ("", b"")
    controller.start()
    for _ in range(3):
        controller.step()
    await until(
        lambda: controller.training_loop.is_idle and controller.state.snapshot.iteration == 3
    )
    trained = weights_of(controller)
    controller.choose_model("mlp")
    assert "iteration 3" in saved.title
    content = saved.capture()
    assert saved.capture() is content
    await SavedStoredModel(other).restore(content)
    (stored,) = other.state.stored_models
    other.choose_model(stored.key)
    assert weights_of(other) == trained
    assert (other.state.snapshot.iteration, other.state.seed) == (3, 3)
    assert SavedStoredModel(other).capture() == b""
    with pytest.raises(SaveError):
        await SavedStoredModel(other).restore(content[:99])
    await controller.close()
    await other.close()


@in_event_loop
async def test_the_example_is_not_saved_as_a_drawing_and_an_old_save_brings_the_shown_model():
    controller = make_controller()
    controller.start()
    controller.drawing.take_example()
    assert SavedDigits(controller).title in ("", "your settings")
    content = SavedDigits(controller).capture()
    old = Checkpoint.from_bytes(content, "it")
    assert old.task["drawing"] is None
    task = dict(old.task) | {"drawing_model": "best"}
    del task["pretrained_model"]
    await SavedDigits(controller).restore(Checkpoint(old.settings, old.state, task).to_bytes())
    assert controller.state.pretrained_model == "best"
    assert controller.network.title == load_pretrained("best").title
    await controller.close()


@in_event_loop
async def test_several_saves_are_offered_with_their_scores_and_drawings_and_deleted_on_request():
    records = {}
    for steps in (1, 60):
        tab = Tab(records, tab=f"tab{steps}")
        if steps == 60:
            tab.controller.drawing.take(ink())
        await tab.train(steps)
        await tab.close()
    tab = Tab(records, tab="new")
    await tab.offered()
    accuracy = 100 * tab.digits().state.history.validation[-1].accuracy
    assert (
        f"iteration 60 of a 784-12-10 net (validation accuracy {accuracy:.1f} %), "
        in (tab.offer.texts[0])
    )
    assert "iteration 1 of a 784-12-10 net" in tab.offer.texts[1]
    assert [picture.startswith("data:image/png;base64,") for picture in tab.offer.pictures] == [
        True,
        False,
    ]
    tab.offer.delete(0)
    await until(lambda: len(tab.offer.texts) == 1)
    assert "iteration 1 " in tab.offer.texts[0]
    assert {name.partition(".")[0] for name in records} - {"new"} == {"tab1"}
    tab.offer.delete_all()
    await until(lambda: not tab.offer.texts)
    assert {name.partition(".")[0] for name in records} <= {"new"}
    await tab.close()


@pytest.mark.parametrize("side", [28, 84, 100])
def test_a_small_picture_of_a_drawing_has_the_mean_of_each_area(side):
    drawing = np.zeros((side, side), np.float32)
    drawing[: side // 2] = 1
    small = shrink(drawing)
    assert small.shape == (28, 28)
    np.testing.assert_allclose(small[:13], 1)
    np.testing.assert_allclose(small[15:], 0)
    assert small.mean() == pytest.approx(0.5, abs=0.02)
