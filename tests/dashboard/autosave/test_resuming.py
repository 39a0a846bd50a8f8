"""A controller that was kept goes on as if nothing had happened."""

import asyncio

import numpy as np
import pytest
from autosave_helpers import MOMENTS, Offer
from cache_helpers import run
from controller_helpers import (
    OpenedData,
    Opener,
    few_digits,
    ink,
    make_laboratory,
    until,
    weights_of,
)

from dashboard.autosave import MemoryStore, Save, SaveError
from dashboard.autosave.browser import Launch, keep, read_launch
from dashboard.autosave.digits import SavedDigits, decode_drawing, encode_drawing
from dashboard.autosave.late_registration import Latecomers
from dashboard.digits.state import Origin
from dashboard.training.checkpoint import Checkpoint, settings_values
from data_cache import ArraySource, DataError


class Tab:
    """One load of the page: a controller that is kept in the given store."""

    def __init__(self, records, *, resume=False, **settings):
        self.controller = make_laboratory(**settings)
        self.controller.drawing.show = self.controller.drawing.take
        self.state = self.controller.state
        self.offer = Offer()
        self.records = records
        launch = Launch(None, "tab", resume)
        self.controller.start()
        self.controller.spawn(
            keep(
                self.controller,
                self.offer,
                launch,
                MemoryStore(records),
                Latecomers(),
                now=lambda: next(MOMENTS),
                sleep=lambda _seconds: asyncio.sleep(0),
            )
        )

    async def train(self, steps):
        """Take so many steps and wait until the last one is kept."""
        goal = self.state.snapshot.iteration + steps
        for _ in range(steps):
            before = self.state.snapshot.iteration
            self.controller.step()
            await until(lambda before=before: self.state.snapshot.iteration > before)
            await until(lambda: self.controller.training_loop.is_idle)
        await until(lambda: self.records and self.newest().state.iteration == goal)

    def newest(self):
        content = Save.from_bytes(self.records[max(self.records)]).parts["digits"]
        return Checkpoint.from_bytes(content, "newest")

    async def die(self):
        await self.controller.close()

    def curve(self):
        return "".join(self.state.history.csv_lines())


@pytest.mark.parametrize("steps", [1, 14, 15, 16, 37])
def test_a_run_that_was_broken_off_goes_on_with_the_same_numbers_to_the_bit(steps):
    settings = {"dropout": 0.2, "optimizer": "adam", "seed": 5}

    async def main():
        whole = Tab({}, **settings)
        await whole.train(60)
        records = {}
        first = Tab(records, **settings)
        await first.train(steps)
        await first.die()
        second = Tab(records, resume=True)
        await until(lambda: second.state.snapshot.iteration == steps)
        await second.train(60 - steps)
        assert second.curve() == whole.curve()
        assert weights_of(second.controller) == weights_of(whole.controller)
        assert settings_values(second.state) == settings_values(whole.state)
        assert second.state.history.validation
        await whole.die()
        await second.die()

    run(main())


def test_training_that_was_under_way_goes_on_by_itself():
    async def main():
        records = {}
        first = Tab(records)
        first.state.running = True
        await until(lambda: records and first.newest().state.iteration > 20)
        await first.die()
        kept = first.newest().state.iteration
        second = Tab(records, resume=True)
        await until(lambda: second.state.snapshot.iteration > kept + 20)
        assert second.state.running
        assert second.curve().startswith(first.curve()[: len(first.curve()) // 3])
        await second.die()

    run(main())


def test_earlier_work_is_offered_and_taken_only_when_somebody_wants_it():
    async def main():
        records = {}
        first = Tab(records)
        await first.train(3)
        await first.die()
        second = Tab(records)
        await until(lambda: second.offer.answer is not None)
        question = "Go on where you left: iteration 3 of a 784-12-10 net, just now?"
        assert second.offer.sentence == question
        assert second.state.snapshot.iteration == 0
        second.offer.answer(True)
        await until(lambda: second.state.snapshot.iteration == 3)
        assert second.state.origin == Origin.FRESH
        assert second.state.notice.text == "Restored at iteration 3."
        await second.die()

    run(main())


def test_declined_work_gives_way_to_the_next():
    async def main():
        records = {}
        first = Tab(records)
        await first.train(3)
        await first.die()
        second = Tab(records)
        await until(lambda: second.offer.answer is not None)
        second.offer.answer(False)
        await second.train(2)
        await second.die()
        third = Tab(records)
        await until(lambda: third.offer.answer is not None)
        assert "iteration 2 " in third.offer.sentence
        await third.die()

    run(main())


def test_drawing_settings_data_set_and_origin_come_back():
    async def main():
        records = {}
        first = Tab(records)
        first.state.data_set = "fashion-mnist"
        await until(lambda: first.controller.data.name == "fashion-mnist")
        await first.train(2)
        first.controller.drawing.take(ink())
        first.state.param.update(learning_rate=0.5, smoothing=0.5, fine_tune=True, cache_size=3)
        await until(lambda: first.newest().task["drawing"] is not None)
        await until(lambda: first.newest().settings["learning_rate"] == 0.5)
        await first.die()
        second = Tab(records, resume=True)
        await until(lambda: second.state.prediction.image is not None)
        state, other = second.state, first.state
        np.testing.assert_array_equal(second.state.drawing, ink())
        found, expected = state.prediction, other.prediction
        np.testing.assert_array_equal(found.image, expected.image)
        np.testing.assert_array_equal(found.probabilities, expected.probabilities)
        assert (state.data_set, state.class_names) == ("fashion-mnist", other.class_names)
        assert (state.learning_rate, state.smoothing, state.fine_tune) == (0.5, 0.5, True)
        assert second.controller.trainer.run.queue.cache_size == 3
        assert state.snapshot.learning_rate == 0.5
        assert state.origin == Origin.FRESH
        assert not state.running
        await second.die()

    run(main())


def test_teaching_loading_weights_and_settings_are_kept_too():
    async def main():
        records = {}
        tab = Tab(records)
        tab.controller.drawing.take(ink())
        await until(lambda: records)
        assert Save.from_bytes(records[max(records)]).title == "your drawing"
        tab.controller.fine_tune(1)
        await until(lambda: tab.newest().task["origin"] == Origin.FINE_TUNED)
        taught = [array.tobytes() for array in tab.newest().state.network.parameters()]
        assert taught == weights_of(tab.controller)
        content = tab.controller.save_weights(".npz", "s4")
        tab.controller.load_weights(content, "mine.npz")
        await until(lambda: tab.newest().task["origin"] == Origin.LOADED)
        tab.state.batch_size = 7
        await until(lambda: tab.newest().settings["batch_size"] == 7)
        await tab.die()

    run(main())


def test_a_page_on_which_nothing_was_done_leaves_nothing():
    async def main():
        records = {}
        tab = Tab(records, hidden_layers=[128], batch_size=32)
        for _ in range(100):
            await asyncio.sleep(0)
        assert records == {}
        tab.state.l2 = 0.01
        await until(lambda: records)
        assert Save.from_bytes(records[max(records)]).title == "your settings"
        await tab.die()

    run(main())


def test_the_data_set_of_a_save_may_be_out_of_reach_for_a_while():
    async def main():
        records = {}
        first = Tab(records)
        first.state.data_set = "fashion-mnist"
        await until(lambda: first.controller.data.name == "fashion-mnist")
        await first.train(2)
        await first.die()
        opener = Opener()
        second = Tab(records, open_data_set=opener, execute=None)
        await until(lambda: second.offer.answer is not None)
        answer, second.offer.answer = second.offer.answer, None
        answer(True)
        await until(lambda: "fashion-mnist" in opener.pending)
        opener.fail("fashion-mnist", DataError("No network."))
        await until(lambda: second.offer.answer is not None)
        assert second.state.notice.text == "Going on was not possible just now: No network."
        assert second.state.snapshot.network.sizes == (784, 128, 10)
        del opener.pending["fashion-mnist"]
        second.offer.answer(True)
        await until(lambda: "fashion-mnist" in opener.pending)
        opener.answer("fashion-mnist")
        await until(lambda: second.state.snapshot.iteration == 2)
        await second.die()

    run(main())


def captured(**task):
    """The bytes of a controller of which a part was changed."""

    async def main():
        controller = make_laboratory()
        controller.start()
        content = SavedDigits(controller).capture()
        await controller.close()
        return content

    checkpoint = Checkpoint.from_bytes(run(main()), "it")
    return Checkpoint(checkpoint.settings, checkpoint.state, {**checkpoint.task, **task}).to_bytes()


@pytest.mark.parametrize(
    ("old", "origin"),
    [("ready-trained", Origin.PRETRAINED), ("tuned", Origin.FINE_TUNED), ("fresh", Origin.FRESH)],
)
def test_an_autosave_of_an_earlier_version_is_restored(old, origin):
    checkpoint = Checkpoint.from_bytes(captured(origin=old), "it")
    task = dict(checkpoint.task)
    del task["fine_tune"], task["drawing_model"]
    task |= {"keep_ready": True, "ready_net": "mlp"}
    content = Checkpoint(checkpoint.settings, checkpoint.state, task).to_bytes()

    async def main():
        controller = make_laboratory()
        controller.start()
        await SavedDigits(controller).restore(content)
        state = controller.state
        assert (state.origin, state.fine_tune, state.drawing_model) == (origin, True, "mlp")
        await controller.close()

    run(main())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"data_set": "cats"}, "there is no data set 'cats'"),
        ({"origin": "heaven"}, "'heaven'"),
        ({"drawing": "???"}, "base64"),
        ({"smoothing": 7}, "smoothing"),
        ({"built": {"seed": -1}}, "seed"),
        ({"built": {"notice": 3}}, "notice"),
    ],
)
def test_bytes_that_make_no_sense_are_refused_and_change_nothing(changes, reason):
    content = captured(**changes)

    async def main():
        controller = make_laboratory()
        controller.start()
        before = controller.trainer.run
        with pytest.raises(SaveError, match=reason):
            await SavedDigits(controller).restore(content)
        with pytest.raises(SaveError, match="expected a whole checkpoint"):
            await SavedDigits(controller).restore(content[:-20])
        assert controller.trainer.run is before
        assert controller.state.origin == Origin.PRETRAINED
        await controller.close()

    run(main())


def test_a_run_that_does_not_fit_the_data_any_more_is_refused_and_changes_nothing():
    async def main():
        tab = Tab({})
        await tab.train(16)
        content = SavedDigits(tab.controller).capture()
        await tab.die()
        fewer = OpenedData(ArraySource(few_digits().train, 300))
        controller = make_laboratory(fewer)
        controller.start()
        place = Checkpoint.from_bytes(content, "it").state.position.queue
        assert place.block == 0 or place.epoch == 1
        before = controller.trainer.run
        await SavedDigits(controller).restore(content)
        assert controller.trainer.run is not before
        await controller.close()

    run(main())


@pytest.mark.parametrize("side", [28, 84])
def test_a_drawing_comes_back_to_the_pixel(side):
    levels = np.random.default_rng(1).integers(0, 256, (side, side)).astype(np.float32)
    drawing = levels / np.float32(255)
    np.testing.assert_array_equal(decode_drawing(encode_drawing(drawing)), drawing)


@pytest.mark.parametrize(
    ("name", "launch"),
    [
        ('{"search": "?a=1", "tab": "x", "resume": true}', Launch("?a=1", "x", True)),
        ('{"search": 3, "tab": "x"}', Launch(None, "x", False)),
    ],
)
def test_what_the_page_tells_the_worker_is_read_from_its_name(name, launch):
    assert read_launch(name) == launch


@pytest.mark.parametrize("name", ["", "[1]", "null", "{", "worker"])
def test_a_worker_that_was_told_nothing_gets_a_tab_of_its_own(name):
    one, other = read_launch(name), read_launch(name)
    assert (one.search, one.resume) == (None, False)
    assert one.tab != other.tab
