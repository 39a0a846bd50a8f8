"""The digits pane without a browser: its hooks, its redraws, and what its parts do and show."""

import asyncio
import base64
import json
import re
from dataclasses import replace

import html_values
import numpy as np
import panel as pn
import pytest
from bokeh.document import Document
from bokeh.events import ButtonClick
from bokeh.model import Model
from cache_helpers import run
from component_helpers import send_command
from controller_helpers import (
    Door,
    all_done,
    few_digits,
    ink,
    make_controller,
    until,
    weights_of,
)
from training_helpers import Ticks

from dashboard.digits.state import Origin
from dashboard.digits.views.pane import COUNT_SECONDS, DigitsPane
from dashboard.shell.notices import Notice
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.shell.redraw_scheduler import RedrawRate
from dashboard.upstream.message_batching import PageLink
from data_cache import DATA_SETS
from nn import pretrained_card, weights_to_bytes

HOOKS = [
    "ink-train",
    "ink-step",
    "ink-reset",
    "ink-clear",
    "ink-undo",
    "ink-sample",
    "ink-pad",
    "ink-prediction",
    "ink-status",
    "ink-loss",
    "ink-accuracy",
]


class Naps:
    """Sleeps that last until the test ends them."""

    def __init__(self):
        self.seconds = []
        self.nap = None

    async def __call__(self, seconds):
        self.seconds.append(seconds)
        self.nap = asyncio.get_running_loop().create_future()
        await self.nap

    def end(self):
        self.nap.set_result(None)


class LatePage:
    """A page whose changes are made when the test says."""

    def __init__(self):
        self.changes = {}

    def write(self, change, key=None):
        self.changes.setdefault(object() if key is None else key, change)

    async def delivered(self):
        """Everything arrives at once."""

    write_later = write

    def run_changes(self):
        while self.changes:
            self.changes.pop(next(iter(self.changes)))()


def make_pane(controller=None, page=None, naps=None):
    """A pane with open settings, whose redraws wait for `naps`; the clock stands still."""
    controller = controller or make_controller()
    pane = DigitsPane(
        controller,
        page or DirectPageWriter(),
        mark_running=lambda _running: None,
        rate=RedrawRate(sleep=naps or Naps()),
        clock=lambda: 0.0,
    )
    pane.open_settings()
    return controller, pane


def parts(pane):
    """All parts of the pane, Panel's and Bokeh's own."""
    for root in pane.parts.values():
        for part in root.select():
            yield part
            if isinstance(part, pn.pane.Bokeh):
                yield from part.object.references()


def find(pane, css_class):
    """The one part of the page that carries this hook."""
    found = {id(part): part for part in parts(pane) if css_class in classes_of(part)}
    assert len(found) == 1, f"{css_class} is on {len(found)} parts"
    return next(iter(found.values()))


def classes_of(part):
    return getattr(part, "css_classes", None) or []


def click(pane, css_class):
    part = find(pane, css_class)
    if isinstance(part, Model):
        part.trigger_event(ButtonClick(part))
    else:
        part.clicks += 1


def data_of(pane, css_class):
    """The `data-*` attributes of a text."""
    return html_values.data_of(find(pane, css_class).object)


def text_of(part):
    return html_values.text_of(part.object)


# The page


def test_all_settings_are_made_once_when_they_are_first_opened():
    pane = DigitsPane(make_controller(), DirectPageWriter(), mark_running=lambda _running: None)
    hooks = ("ink-data-set", "ink-rebuild", "ink-load", "ink-server-version", "ink-advanced")
    shown = {name for part in parts(pane) for name in classes_of(part)}
    assert not shown.intersection(hooks)
    pane.open_settings()
    first = [find(pane, hook) for hook in hooks]
    pane.open_settings()
    assert [find(pane, hook) for hook in hooks] == first


def test_the_page_has_every_hook_once():
    _controller, pane = make_pane()
    for hook in HOOKS:
        find(pane, hook)


def test_a_new_page_shows_where_it_stands():
    controller, pane = make_pane()
    assert text_of(find(pane, "ink-status")) == controller.state.snapshot.status_line()
    assert data_of(pane, "ink-prediction") == {"state": "blank"}
    assert text_of(find(pane, "ink-notice")) == controller.state.notice.text
    assert text_of(find(pane, "ink-progress")) == "Validation – Epoch 1 · 0 %"


def test_two_panes_share_no_part():
    _, one = make_pane()
    _, other = make_pane()
    shared = {id(part) for part in parts(one)} & {id(part) for part in parts(other)}
    assert not shared


# Its rate


def test_while_training_it_redraws_once_a_nap_however_many_snapshots_come():
    async def main():
        naps = Naps()
        controller, pane = make_pane(naps=naps)
        drawing = asyncio.create_task(pane.redraws.run())
        status = find(pane, "ink-status")
        shown = []
        status.param.watch(lambda event: shown.append(event.new), "object")
        controller.state.running = True
        await until(lambda: controller.state.snapshot.iteration > 0 and naps.seconds)
        shown.clear()
        for turn in range(1, 4):
            seen = controller.state.snapshot.iteration
            await until(lambda seen=seen: controller.state.snapshot.iteration > seen + 100)
            assert len(shown) == turn - 1
            naps.end()
            await until(lambda turn=turn: len(naps.seconds) > turn)
        assert set(naps.seconds) == {0.1}
        drawing.cancel()
        await controller.close()

    run(main())


def draw_on(pane, number):
    picture = base64.b64encode(bytes([9 * number]) * 84**2).decode()
    send_command(find(pane, "ink-pad"), "draw", picture)


def test_a_redraw_is_put_off_while_somebody_draws():
    async def main():
        naps = Naps()
        controller, pane = make_pane(naps=naps)
        drawing = asyncio.create_task(pane.redraws.run())
        shown = []
        find(pane, "ink-status").param.watch(lambda event: shown.append(event.new), "object")
        draw_on(pane, 1)
        controller.state.running = True
        await until(lambda: len(naps.seconds) == 1)
        assert not shown
        naps.end()
        await until(lambda: bool(shown))
        drawing.cancel()
        await controller.close()

    run(main())


def test_the_blocks_of_the_queue_are_counted_twice_a_second():
    async def main():
        naps = Naps()
        controller, pane = make_pane(naps=naps)
        counting = asyncio.create_task(pane.count_blocks())
        await until(lambda: bool(naps.seconds))
        controller.trainer.run.queue.start()
        assert data_of(pane, "ink-status")["cached"] == "0"
        naps.end()
        await until(lambda: len(naps.seconds) == 2)
        assert data_of(pane, "ink-status")["cached"] == str(controller.state.cache_size)
        assert set(naps.seconds) == {COUNT_SECONDS} == {0.5}
        counting.cancel()
        await controller.close()

    run(main())


def test_a_pause_is_shown_at_once_with_the_final_numbers():
    async def main():
        controller, pane = make_pane()
        controller.state.running = True
        await until(lambda: controller.state.snapshot.iteration > 20)
        controller.state.running = False
        await all_done()
        snapshot, status = controller.state.snapshot, data_of(pane, "ink-status")
        assert (status["state"], status["iteration"]) == ("paused", str(snapshot.iteration))
        assert float(status["loss"]) == pytest.approx(snapshot.loss, rel=1e-5)
        assert text_of(find(pane, "ink-status")) == snapshot.status_line()

    run(main())


def test_every_change_by_a_task_waits_for_its_turn_on_the_page():
    async def main():
        page = LatePage()
        controller, pane = make_pane(page=page)
        status, notice = find(pane, "ink-status"), find(pane, "ink-notice")
        prediction = find(pane, "ink-prediction")
        before = (status.object, notice.object, prediction.object)
        controller.step()
        controller.drawing.take(ink())
        await all_done()
        await controller.load_sample("test", "0", None)
        assert (status.object, notice.object, prediction.object) == before
        page.run_changes()
        assert data_of(pane, "ink-status")["iteration"] == "1"
        assert text_of(notice).startswith("Sample 0 of test")
        assert prediction.object != before[2]

    run(main())


def test_the_answer_to_a_drawing_is_a_small_message_of_its_own_before_all_that_depends_on_it():
    async def main():
        later, messages, document = [], [], Document()
        page = DirectPageWriter(lambda _seconds, change: later.append(change))
        controller, pane = make_pane(page=page)
        for part in pane.parts.values():
            document.add_root(part.get_root(document))
        link = PageLink(document, lambda *message: messages.append(message), lambda _flush: None)
        document.models.flush_synced()

        def sent(message):
            models = (document.models[it["model"]["id"]] for it in json.loads(message)["events"])
            return {model.name or model.css_classes[0] for model in models}

        for drawing in (ink(), np.zeros_like(ink())):
            controller.drawing.take(drawing)
            link.flush()
            answer, arrays = messages.pop()
            assert (sent(answer), arrays) == ({"ink-prediction", "ink-bars"}, {})
            assert len(answer) < 4000
            for change in [later.pop() for _ in range(len(later))]:
                change()
            link.flush()
            assert {"seen", "inside-layers"} <= sent(messages.pop()[0])
        controller.drawing.take(np.zeros_like(ink()))
        link.flush()
        assert not messages

    run(main())


# What its parts show


def test_the_prediction_follows_the_weights_after_every_step():
    async def main():
        controller, pane = make_pane(make_controller(optimizer="sgd", learning_rate=1.0))
        controller.drawing.take(ink())
        for _ in range(3):
            controller.step()
            await all_done()
            answer = controller.state.prediction
            expected = controller.network.predict_proba(answer.image[np.newaxis])[0]
            np.testing.assert_array_equal(answer.probabilities, expected)
            shown = float(data_of(pane, "ink-prediction")["probability"])
            assert shown == pytest.approx(expected.max(), abs=1e-6)

    run(main())


def test_the_prediction_follows_while_training_and_ends_with_the_final_weights():
    async def main():
        naps = Naps()
        controller, pane = make_pane(naps=naps)
        drawing = asyncio.create_task(pane.redraws.run())
        controller.drawing.take(ink())
        first = controller.state.prediction
        controller.state.running = True
        await until(lambda: len(naps.seconds) == 1)
        await until(lambda: controller.state.snapshot.iteration > 50)
        naps.end()
        await until(lambda: len(naps.seconds) == 2)
        assert not np.array_equal(controller.state.prediction.probabilities, first.probabilities)
        controller.state.running = False
        drawing.cancel()
        await all_done()
        answer = controller.state.prediction
        expected = controller.network.predict_proba(answer.image[np.newaxis])[0]
        np.testing.assert_array_equal(answer.probabilities, expected)

    run(main())


def test_a_drawing_on_the_pad_is_predicted_and_clearing_invites_again():
    controller, pane = make_pane()
    pad = find(pane, "ink-pad")
    levels = np.round(255 * ink()).astype(np.uint8)
    send_command(pad, "draw", base64.b64encode(levels.tobytes()).decode())
    assert data_of(pane, "ink-prediction")["digit"] == "1"
    assert controller.state.prediction.image is not None
    send_command(pad, "draw", base64.b64encode(bytes(84 * 84)).decode())
    assert data_of(pane, "ink-prediction") == {"state": "blank"}


def test_load_sample_puts_a_sample_on_the_pad_and_predicts_it():
    async def main():
        _controller, pane = make_pane()
        click(pane, "ink-sample")
        await all_done()
        told = text_of(find(pane, "ink-notice"))
        label = re.search(r"labelled “(\d)”", told)[1]
        assert data_of(pane, "ink-prediction")["digit"] == label
        image = find(pane, "ink-pad").renderers[0].data_source.data["image"][0]
        assert image.max() > 200

    run(main())


def test_what_is_being_waited_for_is_shown_before_the_latest_notice():
    controller, pane = make_pane()
    controller.state.busy = "Fetching MNIST 60,000: 12 %"
    assert text_of(find(pane, "ink-notice")) == "Fetching MNIST 60,000: 12 %"
    controller.state.notice = Notice("Done.")
    controller.state.busy = ""
    assert text_of(find(pane, "ink-notice")) == "Done."


def test_garments_replace_digits_in_all_lists_and_bars():
    async def main():
        controller, pane = make_pane()
        controller.drawing.take(ink())
        controller.state.data_set = "fashion-mnist"
        await all_done()
        names = list(DATA_SETS["fashion-mnist"].class_names)
        lists = {part.label: part for part in parts(pane) if isinstance(part, pn.widgets.Select)}
        assert list(lists["Correct label"].options) == ["choose", *names]
        assert list(lists["Class"].options) == ["any", *names]
        assert all(name in text_of(find(pane, "ink-bars")) for name in names)
        assert any(name in text_of(find(pane, "ink-prediction")) for name in names)

    run(main())


# What its buttons do


def test_train_becomes_pause_and_back():
    async def main():
        controller, pane = make_pane()
        train = find(pane, "ink-train")
        assert train.label == "Train"
        train.value = True
        assert controller.state.running
        assert train.label == "Pause"
        await until(lambda: controller.state.snapshot.iteration > 0)
        train.value = False
        await all_done()
        assert train.label == "Train"
        assert not controller.state.running

    run(main())


def test_a_training_that_paused_itself_releases_the_button():
    async def main():
        _, pane = make_pane(make_controller(optimizer="sgd", learning_rate=10, l2=1))
        train = find(pane, "ink-train")
        train.value = True
        await until(lambda: not train.value)
        assert train.label == "Train"
        assert text_of(find(pane, "ink-notice")).startswith("Training paused itself")
        await all_done()

    run(main())


def test_step_and_reset_do_what_they_say():
    async def main():
        _controller, pane = make_pane()
        click(pane, "ink-step")
        click(pane, "ink-step")
        await all_done()
        assert data_of(pane, "ink-status")["iteration"] == "2"
        click(pane, "ink-reset")
        await all_done()
        assert data_of(pane, "ink-status")["iteration"] == "0"

    run(main())


def test_another_architecture_is_announced_and_built_only_when_asked_for():
    async def main():
        controller, pane = make_pane()
        controller.reset()
        pending, rebuild = find(pane, "ink-pending"), find(pane, "ink-rebuild")
        assert (text_of(pending), rebuild.disabled) == ("", True)
        controller.state.hidden_layers = [20, 10]
        assert "784-20-10-10" in text_of(pending)
        assert (pending.visible, rebuild.disabled) == (True, False)
        assert controller.network.sizes == (784, 12, 10)
        click(pane, "ink-rebuild")
        assert controller.network.sizes == (784, 20, 10, 10)
        assert (text_of(pending), rebuild.disabled) == ("", True)
        await all_done()

    run(main())


def test_a_step_on_the_drawing_needs_its_label_which_a_cleared_drawing_forgets():
    controller, pane = make_pane()
    controller.drawing.take(ink())
    before = weights_of(controller)
    lists = {part.label: part for part in parts(pane) if isinstance(part, pn.widgets.Select)}
    click(pane, "ink-teach")
    assert (controller.state.notice.kind, weights_of(controller)) == ("warning", before)
    lists["Correct label"].value = 7
    click(pane, "ink-teach")
    assert "“7”" in controller.state.notice.text
    assert weights_of(controller) != before
    controller.drawing.take(np.zeros((84, 84), np.float32))
    assert lists["Correct label"].value == -1


def test_the_caption_of_the_input_tells_whether_the_drawing_is_centred():
    controller, pane = make_pane()
    assert 'data-state="centred"' in find(pane, "ink-model-input").object
    find(pane, "ink-centre").value = []
    assert controller.state.centre_drawing is False
    assert 'data-state="shrunk"' in find(pane, "ink-model-input").object


def test_a_new_initialisation_is_pending_even_after_training_and_can_be_made():
    async def main():
        controller, pane = make_pane()
        controller.step()
        await until(lambda: controller.state.snapshot.iteration == 1)
        await all_done()
        rebuild = find(pane, "ink-rebuild")
        assert rebuild.disabled
        controller.state.initialization = "zeros"
        assert not rebuild.disabled
        click(pane, "ink-rebuild")
        assert all(not values.any() for values in controller.network.parameters())
        assert rebuild.disabled
        await all_done()

    run(main())


def test_the_model_menu_names_the_model_and_brings_another_one():
    async def main():
        controller, pane = make_pane()
        select = find(pane, "ink-model-menu")
        accuracy = str(pretrained_card("mlp").test_accuracy)
        card = {"model": "mlp", "origin": "pretrained", "iteration": "0", "accuracy": accuracy}
        assert data_of(pane, "ink-model") == card
        assert select.value == "mlp"
        select.value = "best"
        assert (data_of(pane, "ink-model")["model"], controller.state.pretrained_model) == (
            "best",
            "best",
        )
        controller.step()
        await until(lambda: controller.state.snapshot.iteration == 1)
        await all_done()
        own = {"model": "784-12-10", "origin": "fresh", "iteration": "1", "accuracy": ""}
        assert data_of(pane, "ink-model") == own
        assert select.value == "current"
        select.value = "mlp"
        (stored,) = select.options["Your models (the current one and the last 3)"]
        assert "MLP 784-12-10, iteration 1" in stored[1]
        select.value = stored[0]
        assert data_of(pane, "ink-model") == own
        assert select.value == "current"
        controller.choose_model("mlp")
        controller.step()
        await until(lambda: controller.state.snapshot.iteration == 1)
        await all_done()
        titles = [title for entries in select.options.values() for _key, title in entries]
        assert len(titles) == len(set(titles)) == 4
        controller.state.data_set = "fashion-mnist"
        await until(lambda: controller.data.name == "fashion-mnist")
        assert [name for name, entries in select.options.items() if not entries] == [
            f"No pretrained model for {DATA_SETS['fashion-mnist'].title}"
        ]
        await all_done()

    run(main())


def test_the_test_score_appears_in_both_charts():
    async def main():
        controller, pane = make_pane()
        click(pane, "ink-test")
        await all_done()
        score = controller.state.history.test[0]
        for hook, value in (("ink-loss", score.loss), ("ink-accuracy", score.accuracy)):
            figure = find(pane, hook).select(pn.pane.Bokeh)[-1].object
            sources = [renderer.data_source.data for renderer in figure.renderers]
            drawn = [(list(it["iteration"]), list(it["value"])) for it in sources if "value" in it]
            assert ([0], [np.float32(value)]) in drawn

    run(main())


def send_file(chooser, content, name, length=100_000):
    """Send a file in parts, as the page does; every part follows what has been taken."""
    number = (chooser.part or [0])[0] + 1
    start = 0
    while True:
        text = base64.b64encode(content[start : start + length]).decode()
        chooser.part = [number, name, len(content), start, text]
        taken, start = chooser.taken
        assert taken == number
        if start >= len(content):
            return


def test_a_file_above_the_limit_is_refused_with_it_and_parts_of_another_upload_are_ignored():
    _, pane = make_pane()
    chooser = find(pane, "ink-load")
    chooser.part = [1, "large.npz", chooser.largest + 1, 0, ""]
    assert f"{chooser.largest // 10**6} MB" in text_of(find(pane, "ink-notice"))
    chooser.part = [2, "a.npz", 6, 0, "YWFh"]
    assert chooser.taken == [2, 3]
    for part in ([1, "b.npz", 6, 3, "YWFh"], [2, "a.npz", 6, 0, "YWFh"]):
        chooser.part = part
        assert chooser.taken == [2, 3]


def test_a_weights_file_that_is_chosen_is_loaded_and_the_same_one_once_more():
    async def main():
        controller, pane = make_pane()
        chooser = find(pane, "ink-load")
        controller.reset()
        content, saved = weights_to_bytes(controller.network, ".npz"), weights_of(controller)
        for _ in range(2):
            controller.step()
            await all_done()
            assert weights_of(controller) != saved
            send_file(chooser, content, "mine.npz")
            await all_done()
            assert weights_of(controller) == saved
            assert text_of(find(pane, "ink-notice")).startswith("Loaded mine.npz: ")
        send_file(chooser, b"", "empty.npz")
        await all_done()
        assert text_of(find(pane, "ink-notice")).startswith("empty.npz: ")
        await all_done()

    run(main())


def test_what_train_starts_from_is_chosen_beside_it_while_a_pretrained_model_is_in_use():
    async def main():
        controller, pane = make_pane()
        start = find(pane, "ink-training-start")
        assert list(start.options.values()) == [False, True]
        assert not start.disabled
        start.value = True
        controller.state.running = True
        assert controller.state.origin == Origin.FINE_TUNED
        assert start.disabled
        controller.use_pretrained()
        assert not start.disabled
        await all_done()

    run(main())


def test_nothing_is_drawn_for_a_page_that_is_closed():
    async def main():
        door = Door()
        page = LatePage()
        controller, _pane = make_pane(make_controller(execute=door), page=page)
        await door.hold(controller)
        controller.state.running = False
        page.changes.clear()
        await controller.close()
        assert not page.changes

    run(main())


def test_samples_of_the_training_part_can_be_asked_for_by_index():
    async def main():
        _controller, pane = make_pane()
        widgets = {part.label: part for part in parts(pane) if isinstance(part, pn.widgets.Widget)}
        widgets["Split"].value = "train"
        widgets["Index"].value = "12"
        click(pane, "ink-sample")
        await all_done()
        label = few_digits().train.labels[12]
        assert text_of(find(pane, "ink-notice")) == f"Sample 12 of train, labelled “{label}”."

    run(main())


def test_the_slider_over_the_run_comes_with_the_first_checkpoint_and_moves_the_answer():
    async def main():
        controller, pane = make_pane()
        assert not any("ink-checkpoints-time" in classes_of(part) for part in parts(pane))
        controller.drawing.take(ink())
        for _ in range(3):
            controller.step()
            await all_done()
        newest = data_of(pane, "ink-prediction")["probability"]
        slider = find(pane, "ink-checkpoints-time")
        slider.value = 0.0
        assert controller.state.shown_iteration == 0
        assert slider.format.args["iterations"] == list(controller.state.checkpoints)
        assert data_of(pane, "ink-prediction")["probability"] != newest
        click(pane, "ink-checkpoints-live")
        assert data_of(pane, "ink-prediction")["probability"] == newest
        slider.value = 0.0
        click(pane, "ink-checkpoints-continue")
        assert controller.state.snapshot.iteration == 0
        assert slider.value == 1.0

    run(main())


def test_the_prefetch_queue_is_made_when_it_is_opened_and_drawn_while_it_is_open():
    controller, pane = make_pane()
    assert not [part for part in parts(pane) if "ink-queue" in classes_of(part)]

    def drawn():
        figure = find(pane, "ink-queue").select(pn.pane.Bokeh)[-1].object
        return figure.renderers[0].data_source.data["cached"].tolist()

    def publish(cached):
        controller.state.snapshot = replace(controller.state.snapshot, cached=cached)

    toggle = find(pane, "ink-advanced")
    publish(2)
    toggle.value = True
    publish(3)
    publish(4)
    assert drawn() == [2, 3, 4]
    assert find(pane, "ink-field-cache-size").visible
    toggle.value = False
    publish(5)
    assert drawn() == [2, 3, 4]


def test_a_subset_of_the_training_samples_is_chosen_on_the_page():
    async def main():
        controller, pane = make_pane()
        choice = find(pane, "ink-training-samples")
        assert list(choice.options) == ["All", "100", "500", "1,000"]
        choice.value = "100"
        await all_done()
        assert controller.data.source.sample_count == 100

    run(main())


def test_each_step_of_slow_training_is_shown():
    async def main():
        controller, pane = make_pane(make_controller(speed="10", clock=Ticks(1.0)))
        shown = []
        find(pane, "ink-status").param.watch(lambda _event: shown.append(iteration()), "object")

        def iteration():
            return int(data_of(pane, "ink-status")["iteration"])

        controller.state.running = True
        await until(lambda: controller.state.snapshot.iteration >= 12)
        controller.state.running = False
        await all_done()
        assert set(range(1, 13)) <= set(shown)

    run(main())


def test_a_reset_shows_the_previous_run_in_both_charts():
    async def main():
        controller, pane = make_pane()
        controller.reset()
        for _ in range(3):
            controller.step()
        await all_done()
        losses = controller.state.history.losses.tolist()
        controller.reset()
        for hook in ("ink-loss", "ink-accuracy"):
            figure = find(pane, hook).select(pn.pane.Bokeh)[-1].object
            previous = figure.renderers[0].data_source.data
            assert previous["iteration"].tolist() == [1, 2, 3]
            if hook == "ink-loss":
                assert previous["value"][0] == np.float32(losses[0])

    run(main())
