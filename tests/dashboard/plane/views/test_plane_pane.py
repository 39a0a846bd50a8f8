"""The spiral's pane without a browser: what it draws when, and what hands on it do."""

import asyncio
import re
from html import unescape

import numpy as np
import panel as pn
import pytest
from cache_helpers import settle
from controller_helpers import all_done, until
from plane_helpers import make_plane_laboratory

from dashboard.plane.lessons import LESSONS
from dashboard.plane.presets import PRESETS
from dashboard.plane.views import SpiralPane
from dashboard.plane.views.pane import SLOW, STALE
from dashboard.shell.page_writer import DirectPageWriter


class Naps:
    """Sleeps that last until the test ends them."""

    def __init__(self):
        self.count = 0
        self.nap = None

    async def __call__(self, _seconds):
        self.count += 1
        self.nap = asyncio.get_running_loop().create_future()
        await self.nap

    def end(self):
        self.nap.set_result(None)


class Shown:
    """An open pane, its controller, and how often each thing was drawn."""

    def __init__(self, **settings):
        self.controller = make_plane_laboratory(**settings)
        self.state = self.controller.state
        self.naps = Naps()
        self.marks = []
        self.pane = SpiralPane(
            self.controller,
            DirectPageWriter(),
            mark_running=self.marks.append,
            clock=lambda: 0.0,
            sleep=self.naps,
        )
        self.pane.show(True)
        self.surface = self.pane._surface
        self.drawn = 0
        self.surface.picture.on_change("data", self._count)

    def _count(self, _attribute, _old, _new):
        self.drawn += 1

    def wish(self, *words):
        """Do something to the plane, as the page tells it."""
        tags = self.surface.figure.tags
        self.surface.figure.tags = [(tags[0] if tags else 0) + 1, *words]

    def point_at(self, kind, unit):
        tags = self.pane._maps.figure.tags
        self.pane._maps.figure.tags = [(tags[0] if tags else 0) + 1, kind, unit]

    def draw_all(self):
        self.pane._draw_parts(self.pane._take_stale(all_of_them=True))

    def text(self, hook):
        found = [
            part
            for view in self.pane.parts.values()
            for part in view.select()
            if f"ink-spiral{hook}" in (part.css_classes or [])
        ]
        assert len(found) == 1, f"{hook} is on {len(found)} parts"
        return unescape(" ".join(re.sub(r"<[^>]*>", " ", found[0].object).split()))

    def find(self, hook):
        return next(
            part
            for view in self.pane.parts.values()
            for part in view.select()
            if f"ink-spiral{hook}" in (part.css_classes or [])
        )


def work(main):
    async def whole():
        await main()
        await all_done()

    asyncio.run(whole())


# What is drawn


def test_a_new_pane_shows_the_net_the_points_and_where_training_stands():
    shown = Shown()
    assert shown.surface.picture.data["image"][0].shape == (100, 100)
    assert len(shown.surface.train.data["x"]) == 60
    assert len(shown.surface.test.data["x"]) == 0
    assert shown.surface.classes.labels == ["0", "1", "2"]
    assert shown.text("-status").startswith("iteration 0 · loss – · accuracy – · test ")
    assert re.fullmatch(r"Training \d+\.\d % right · test \d+\.\d %", shown.text("-summary"))
    assert "training accuracy" in shown.text("-spoken")
    assert shown.text("-notice") == shown.state.notice.text


def test_the_picture_is_the_surface_of_the_net_in_the_colours_of_its_classes():
    shown = Shown(surface_mode="hard")
    picture = shown.surface.picture.data["image"][0]
    labels = shown.controller.surface().labels
    for label in range(3):
        colours = {int(pixel) for pixel in picture[labels == label]}
        assert len(colours) == (1 if (labels == label).any() else 0)
    assert len(np.unique(picture)) == len(np.unique(labels))


def test_wrongly_classified_points_are_ringed_and_test_points_only_if_they_are_shown():
    shown = Shown()
    wrong = shown.controller.judge("train").wrong
    assert len(shown.surface.wrong.data["x"]) == wrong.sum()
    shown.state.show_test = True
    shown.draw_all()
    both = wrong.sum() + shown.controller.judge("test").wrong.sum()
    assert len(shown.surface.wrong.data["x"]) == both
    assert len(shown.surface.test.data["x"]) == len(shown.state.points.test)


@pytest.mark.parametrize("layers", [[], [8], [4, 5]])
def test_maps_follow_the_hidden_layers(layers):
    shown = Shown(hidden_layers=layers)
    maps = shown.pane._maps
    assert maps.figure is not None
    assert maps._empty.visible == (not layers)
    if layers:
        assert maps._arrangement.tags[2] == layers[0]
        assert len(maps.layers.labels) == len(layers)
    if len(layers) == 2:
        maps.layers.active = 1
        shown.draw_all()
        assert maps._arrangement.tags[2] == 5


# Its pace


def test_while_training_a_tick_draws_the_surface_and_one_slow_part():
    async def main():
        shown = Shown()
        drawing = asyncio.create_task(shown.pane.keep_drawn())
        shown.state.running = True
        await until(lambda: shown.naps.count == 1 and shown.state.snapshot.iteration > 5)
        for tick in range(2, 2 + len(SLOW)):
            await until(lambda: "surface" in shown.pane._stale)
            drawn, stale = shown.drawn, shown.pane._stale & set(SLOW)
            shown.naps.end()
            await until(lambda tick=tick: shown.naps.count == tick)
            assert shown.drawn == drawn + 1
            assert len(stale - shown.pane._stale) <= 1
        shown.state.running = False
        drawing.cancel()

    work(main)


def test_a_pause_ends_with_everything_drawn():
    async def main():
        shown = Shown()
        drawing = asyncio.create_task(shown.pane.keep_drawn())
        shown.state.running = True
        await until(lambda: shown.state.snapshot.iteration > 5)
        shown.state.running = False
        while shown.pane._stale or shown.controller.training_loop.is_idle is False:
            await settle()
            if shown.naps.nap and not shown.naps.nap.done():
                shown.naps.end()
        assert f"iteration {shown.state.snapshot.iteration} " in shown.text("-status")
        assert shown.marks == [True, False]
        drawing.cancel()

    work(main)


def test_a_hidden_pane_draws_nothing_and_catches_up_when_it_is_opened():
    async def main():
        shown = Shown()
        drawing = asyncio.create_task(shown.pane.keep_drawn())
        shown.pane.show(False)
        status = shown.text("-status")
        shown.state.running = True
        await until(lambda: shown.state.snapshot.iteration > 20)
        shown.state.running = False
        await until(lambda: shown.controller.training_loop.is_idle)
        await settle()
        assert shown.drawn == 0
        assert shown.text("-status") == status
        shown.pane.show(True)
        await until(lambda: shown.drawn == 1)
        assert f"iteration {shown.state.snapshot.iteration} " in shown.text("-status")
        drawing.cancel()

    work(main)


def test_every_parameter_that_is_watched_makes_known_parts_stale():
    for name, parts in STALE.items():
        assert name in make_plane_laboratory().state.param
        for part in parts:
            assert hasattr(SpiralPane, f"_draw_{part}")


# Hands on the plane


def test_a_stroke_adds_every_point_once_however_its_messages_overlap():
    shown = Shown()
    shown.wish("paint", "one", 2, [0.1, 0.2])
    shown.wish("paint", "one", 2, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    shown.wish("paint", "one", 2, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    train = shown.state.points.train
    assert len(train) == 63
    np.testing.assert_allclose(train.points[-3:], [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], rtol=1e-6)
    assert list(train.labels[-3:]) == [2, 2, 2]
    assert len(shown.surface.train.data["x"]) == 63  # at once, without a tick
    shown.wish("paint", "two", 0, [0.1, 0.2])
    assert len(shown.state.points.train) == 64


def test_points_are_dragged_and_deleted_in_their_part():
    shown = Shown(show_test=True)
    shown.wish("move", "test", 3, 0.25, -0.5)
    np.testing.assert_allclose(shown.state.points.test.points[3], [0.25, -0.5])
    second = shown.state.points.train.points[1].copy()
    shown.wish("delete", "train", 0)
    assert len(shown.state.points.train) == 59
    np.testing.assert_array_equal(shown.state.points.train.points[0], second)


def test_a_place_that_is_pointed_at_is_told_with_its_likeliest_classes():
    shown = Shown()
    assert shown.text("-place") == "Point at the plane to see what the net says there."
    shown.wish("look", 0.5, -0.25)
    shares = shown.controller.probabilities_at(0.5, -0.25)
    best = int(shares.argmax())
    told = shown.text("-place")
    assert told.startswith(f"x 0.50, y −0.25 class {best} {100 * shares[best]:.1f} %")
    shown.wish("leave")
    assert shown.text("-place").startswith("Point at the plane")


def test_a_line_shows_the_probabilities_along_it_until_it_is_taken_away():
    shown = Shown()
    profile = shown.pane._profile
    assert not profile._place.visible
    shown.wish("line", -1, 0, 1, 0.5)
    assert profile._place.visible
    drawn = profile.source.data
    assert len(drawn["shares"]) == 3
    expected = shown.controller.profile((-1, 0), (1, 0.5), len(drawn["way"][0]))
    np.testing.assert_array_equal(np.array(drawn["shares"]).T, expected)
    shown.wish("no-line")
    assert not profile._place.visible


def test_a_unit_that_is_pointed_at_takes_the_place_of_the_surface():
    shown = Shown()
    shown.point_at("look", 2)
    shown.draw_all()
    assert (shown.surface._unit.visible, shown.surface._surface.visible) == (True, False)
    assert shown.text("-place") == "Shown: unit 3 of hidden layer 1."
    shown.point_at("look", -1)
    shown.draw_all()
    assert (shown.surface._unit.visible, shown.surface._surface.visible) == (False, True)


def test_a_click_switches_a_unit_off_and_the_next_on_again():
    shown = Shown()
    shown.point_at("toggle", 2)
    assert shown.state.ablated == {(0, 2)}
    shown.draw_all()
    assert "1 off." in shown.pane._maps.caption.object
    assert len(shown.pane._maps._off.data["x"]) == 1
    assert shown.pane._weights.unit.value == 2
    shown.point_at("toggle", 2)
    assert not shown.state.ablated


def test_a_weight_is_changed_by_typing_and_nonsense_is_answered():
    shown = Shown()
    editor = shown.pane._weights
    editor.choose(0, 4)
    editor.source.value = 1
    editor.weight.value = "2.5"
    assert shown.controller.network.layers[0].weights[1, 4] == 2.5
    editor.weight.value = "heavy"
    assert "found “heavy”" in editor.error.object
    assert editor.error.visible
    assert shown.controller.network.layers[0].weights[1, 4] == 2.5
    editor.weight.value = "-1"
    assert not editor.error.visible
    editor.source.value = editor.source.options["bias"]
    editor.weight.value = "0.75"
    assert shown.controller.network.layers[0].bias[4] == 0.75


# Time, presets and lessons


def test_the_slider_goes_back_in_time_and_on_from_there():
    async def main():
        shown = Shown()
        first = shown.surface.picture.data["image"][0].copy()
        shown.state.running = True
        await until(lambda: len(shown.state.checkpoints) > 5)
        shown.state.running = False
        await until(lambda: shown.controller.training_loop.is_idle)
        shown.draw_all()
        travel = shown.pane._time
        assert travel.slider.value == travel.slider.end
        assert travel.live.disabled
        assert travel.go_on.disabled
        assert not np.array_equal(shown.surface.picture.data["image"][0], first)
        travel.slider.value = 0
        shown.draw_all()
        assert travel.slider.label == "Time travel · step 0"
        np.testing.assert_array_equal(shown.surface.picture.data["image"][0], first)
        travel.live.clicks += 1
        assert shown.state.timeline_position is None
        shown.draw_all()
        assert travel.slider.value == travel.slider.end
        travel.slider.value = 0
        travel.go_on.clicks += 1
        assert shown.state.snapshot.iteration == 0

    work(main)


def test_a_preset_is_chosen_from_the_menu_and_left_when_a_knob_is_turned():
    shown = Shown()
    menu = shown.find("-preset")
    menu.value = "moons"
    assert shown.state.shape == "moons"
    assert shown.text("-summary")
    shown.draw_all()
    assert shown.surface.classes.labels == ["0", "1"]
    assert shown.text("-notice") == PRESETS["moons"].sentence
    shown.state.learning_rate = 0.3
    assert menu.value == ""


def test_a_lesson_says_what_to_watch_and_later_what_happened():
    shown = Shown()
    shown.find("-lesson-rate").clicks += 1
    assert shown.state.lesson == "rate"
    assert shown.text("-lesson") == LESSONS["rate"].watch
    assert "chosen" in shown.find("-lesson-rate").css_classes
    shown.state.lesson_message = "It happened: <now>"
    assert shown.text("-lesson") == "It happened: <now>"


def test_points_are_saved_and_loaded_and_a_torn_file_is_answered():
    shown = Shown()
    content = shown.controller.save_csv()
    chooser = shown.find("-load")
    shown.find("-clear").clicks += 1
    assert not len(shown.state.points)
    chooser.param.update(value=content, filename="mine.csv")
    assert len(shown.state.points) == 120
    assert shown.state.notice.text.startswith("mine.csv: 120 points of 3 classes")
    chooser.param.update(value=b"x,y", filename="torn.csv")
    assert shown.state.notice.text.startswith("torn.csv, line 1: ")


def test_the_net_keeps_at_least_one_input():
    shown = Shown()
    inputs = shown.find("-field-inputs")
    inputs.value = ["x1", "x1x2"]
    assert shown.state.inputs == ["x1", "x1x2"]
    inputs.value = []
    assert shown.state.inputs == ["x1", "x1x2"]
    errors = [
        part.object
        for part in shown.pane.parts["controls"].select(pn.pane.HTML)
        if part.visible and "alert" in (part.object or "")
    ]
    assert len(errors) == 1
    assert "at least one input" in errors[0]
