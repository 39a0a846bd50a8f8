"""The plane pane without a browser: what it shows when, and what its controls do."""

import asyncio
import base64
import re

import numpy as np
import panel as pn
import pytest
from component_helpers import send_command
from controller_helpers import until
from html_values import data_of
from plane_helpers import make_plane_controller, work

from dashboard.plane.presets import PRESETS
from dashboard.plane.probes import layer_outputs
from dashboard.plane.views.layer_steppers import next_units
from dashboard.plane.views.pane import SLOW_PARTS, PlanePane
from dashboard.plane.views.readout import point_html, summary_html
from dashboard.shell.colors import NEGATIVE
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.shell.redraw_scheduler import RedrawRate
from dashboard.training.history import Score


class Shown:
    """An open pane and its controller; redraws wait for `next_redraw`."""

    def __init__(self, **settings):
        self.controller = make_plane_controller(**settings)
        self.state = self.controller.state
        self.marks = []
        self.redraws = 0
        self._go_on = asyncio.Event()
        self.pane = PlanePane(
            self.controller,
            DirectPageWriter(),
            mark_running=self.marks.append,
            rate=RedrawRate(sleep=self._sleep),
            clock=lambda: 0.0,
        )
        self.pane.show(True)

    async def _sleep(self, _seconds):
        self.redraws += 1
        self._go_on.clear()
        await self._go_on.wait()

    def next_redraw(self):
        self._go_on.set()

    async def train_to(self, iteration):
        self.state.running = True
        await until(lambda: self.state.snapshot.iteration >= iteration)
        self.state.running = False
        await until(lambda: self.controller.training_loop.is_idle)

    def see_diagram(self):
        """Bring the diagram in sight, as the page reports it."""
        self.send(self.pane.diagram, "seen", 1)

    def draw_all(self):
        self.pane.redraws.draw_now(*self.pane.redraws.stale)

    def columns(self, name):
        """The columns of the data source of that name."""
        return self.find_model(name).data

    def find_model(self, name):
        return next(
            model
            for view in self.pane.parts.values()
            for part in view.select(pn.pane.Bokeh)
            for model in part.object.select({"name": name})
        )

    def send(self, view, *command):
        """Send a command as the page does."""
        send_command(view.figure, *command)

    def find(self, hook):
        found = [
            part
            for view in self.pane.parts.values()
            for part in view.select()
            if f"ink-spiral{hook}" in (part.css_classes or [])
        ]
        assert len(found) == 1, f"{hook} is on {len(found)} parts"
        return found[0]

    def data(self, hook):
        """The data-* attributes of a text."""
        found = data_of(self.find(hook).object)
        return {name: float(value) if value else None for name, value in found.items()}


def test_a_new_pane_shows_the_network_the_points_and_the_scores():
    shown = Shown()
    accuracy = shown.state.evaluation("test").score.accuracy
    assert shown.columns("surface")["image"][0].shape == (100, 100)
    assert len(shown.columns("train-points")["x"]) == 60
    assert len(shown.columns("test-points")["x"]) == 0
    assert shown.data("-status") == {
        "iteration": 0,
        "loss": None,
        "accuracy": None,
        "test-accuracy": pytest.approx(accuracy, rel=1e-5),
    }
    assert f"{100 * accuracy:.1f} %" in shown.find("-summary").object
    assert shown.state.notice.text in shown.find("-notice").object


def test_misclassified_points_are_marked_and_test_points_only_when_shown():
    shown = Shown()
    evaluate = shown.state.evaluation
    assert 2 * evaluate("train").wrong.sum() >= len(shown.state.points.train)
    assert len(shown.columns("wrong-points")["x"]) == 0  # before the training most of them are
    asyncio.run(shown.train_to(100))
    shown.draw_all()
    assert len(shown.columns("wrong-points")["x"]) == evaluate("train").wrong.sum() > 0
    shown.state.show_test = True
    shown.draw_all()
    both = evaluate("train").wrong.sum() + evaluate("test").wrong.sum()
    assert len(shown.columns("wrong-points")["x"]) == both
    assert len(shown.columns("test-points")["x"]) == len(shown.state.points.test)


@pytest.mark.parametrize("layers", [[], [8], [4, 5]])
def test_the_diagram_has_a_map_for_every_unit_of_every_layer(layers):
    shown = Shown(hidden_layers=layers)
    sizes = [2, *layers, 3]
    blocks, maps = shown.columns("blocks"), shown.columns("unit-maps")
    assert blocks["units"] == sizes
    assert blocks["layer"] == list(range(-1, len(layers) + 1))
    for image, columns, units in zip(maps["image"], blocks["columns"], sizes, strict=True):
        rows = -(-units // columns)
        assert image.shape[0] / rows == image.shape[1] / columns
    for image, width, height in zip(maps["image"], maps["dw"], maps["dh"], strict=True):
        assert width / image.shape[1] == pytest.approx(height / image.shape[0])


def test_the_diagram_draws_weights_as_lines_by_sign_and_size():
    shown = Shown(hidden_layers=[4])
    shown.controller.inspection.set_weight(0, 1, 2, -50)
    shown.see_diagram()
    links = shown.columns("links")
    rows = range(len(links["layer"]))
    found = [(links["layer"][row], links["row"][row], links["column"][row]) for row in rows]
    assert sorted(found) == sorted(
        [(0, i, j) for i in range(2) for j in range(4)]
        + [(1, i, j) for i in range(4) for j in range(3)]
    )
    strongest = found.index((0, 1, 2))
    assert (links["color"][strongest], links["dash"][strongest]) == (NEGATIVE, "dashed")
    assert {"solid", "dashed"} == set(links["dash"])
    first = [links["width"][row] for row in rows if links["layer"][row] == 0]
    assert links["width"][strongest] == max(first) > 5 * sorted(first)[-2]
    biases = shown.columns("biases")
    assert sorted(zip(biases["layer"], biases["row"], biases["column"], strict=True)) == [
        *((0, 2, unit) for unit in range(4)),
        *((1, 4, label) for label in range(3)),
    ]


def test_dead_units_are_covered_and_counted():
    shown = Shown(hidden_layers=[4])
    for row, value in ((0, 0), (1, 0), (2, -1)):
        shown.controller.inspection.set_weight(0, row, 3, value)
    shown.see_diagram()
    assert len(shown.columns("dead-units")["x"]) == 1
    assert "1 dead" in shown.pane.diagram.legend.object


def test_the_diagram_is_drawn_only_while_it_is_in_sight():
    shown = Shown()
    shown.send(shown.pane.diagram, "seen", 0)
    before = shown.columns("unit-maps")["image"], shown.columns("links")["width"]
    shown.controller.inspection.set_weight(0, 0, 0, 9)
    shown.draw_all()
    assert (shown.columns("unit-maps")["image"], shown.columns("links")["width"]) == before
    shown.send(shown.pane.diagram, "seen", 1)
    after = shown.columns("unit-maps")["image"], shown.columns("links")["width"]
    assert not np.array_equal(before[0][1], after[0][1])
    assert before[1] != after[1]


def test_layers_and_units_are_added_and_removed_by_buttons():
    shown = Shown(hidden_layers=[8])
    for hook, expected in (
        ("-more-units-1", [9]),
        ("-more-layers", [9, 9]),
        ("-fewer-units-2", [9, 8]),
        ("-fewer-layers", [9]),
        ("-fewer-layers", []),
        ("-fewer-layers", []),
        ("-more-layers", [4]),
    ):
        shown.find(hook).clicks += 1
        shown.draw_all()
        assert shown.state.hidden_layers == expected
        assert shown.state.network.sizes == (2, *expected, 3)


def test_a_unit_that_would_make_the_network_too_large_is_answered_by_a_notice():
    shown = Shown(hidden_layers=[300, 300])
    shown.find("-more-units-1").clicks += 1
    while shown.state.notice.kind != "warning":
        before = shown.state.hidden_layers
        shown.find("-more-units-2").clicks += 1
        shown.draw_all()
    assert shown.state.hidden_layers == before


@pytest.mark.parametrize(
    ("units", "fewer", "more"),
    [(1, 1, 2), (9, 8, 10), (10, 9, 20), (11, 10, 20), (20, 10, 30), (100, 90, 110)],
)
def test_units_change_one_by_one_up_to_ten_and_then_by_tens(units, fewer, more):
    assert (next_units(units, -1), next_units(units, 1)) == (fewer, more)


# When it is redrawn


def test_during_training_a_redraw_has_the_surface_and_at_most_one_slow_part():
    async def main():
        shown = Shown()
        drawing = asyncio.create_task(shown.pane.redraws.run())
        shown.state.running = True
        await until(lambda: shown.redraws == 1 and shown.state.snapshot.iteration > 5)
        for count in range(2, 2 + len(SLOW_PARTS)):
            await until(lambda: "surface" in shown.pane.redraws.stale)
            picture = shown.columns("surface")["image"][0]
            slow = shown.pane.redraws.stale & set(SLOW_PARTS)
            shown.next_redraw()
            await until(lambda count=count: shown.redraws == count)
            assert shown.columns("surface")["image"][0] is not picture
            assert len(slow - shown.pane.redraws.stale) <= 1
        shown.state.running = False
        assert shown.marks == [True, False]
        drawing.cancel()

    work(main)


def test_a_hidden_pane_is_drawn_when_it_is_shown():
    shown = Shown()
    shown.pane.show(False)
    shown.state.pointed_at = (0.5, 0.5)
    assert shown.data("-place") == {}
    shown.pane.show(True)
    assert "class" in shown.data("-place")


# Commands from the page


def test_points_are_painted_moved_and_deleted_without_waiting_for_a_redraw():
    shown = Shown(show_test=True)
    shown.send(shown.pane.surface, "paint", "one", 2, [0.1, 0.2, 0.3, 0.4])
    shown.send(shown.pane.surface, "move", "test", 3, 0.25, -0.5)
    shown.send(shown.pane.surface, "delete", "train", 0)
    assert len(shown.state.points.train) == len(shown.columns("train-points")["x"]) == 61
    test = shown.columns("test-points")
    np.testing.assert_allclose([test["x"][3], test["y"][3]], [0.25, -0.5])


def test_the_probabilities_at_a_point_are_shown_while_it_is_pointed_at():
    shown = Shown()
    shown.send(shown.pane.surface, "look", 0.5, -0.25)
    (probabilities,) = shown.state.network.predict_proba(np.array([[0.5, -0.25]], np.float32))
    assert shown.data("-place") == {
        "class": probabilities.argmax(),
        "probability": pytest.approx(probabilities.max(), rel=1e-5),
    }
    shown.send(shown.pane.surface, "leave")
    assert shown.data("-place") == {}


def test_a_line_shows_the_probabilities_along_it_until_it_is_removed():
    shown = Shown()
    shown.send(shown.pane.surface, "line", -1, 0, 1, 0.5)
    drawn = shown.columns("profile")
    points = np.linspace((-1, 0), (1, 0.5), len(drawn["position"][0]), dtype=np.float32)
    expected = shown.state.network.predict_proba(points)
    np.testing.assert_allclose(np.array(drawn["probability"]).T, expected, atol=1e-6)
    chart = shown.find("-profile")
    assert [part.visible for part in chart][1:] == [False, True]
    shown.send(shown.pane.surface, "no-line")
    assert [part.visible for part in chart][1:] == [True, False]


@pytest.mark.parametrize(("layer", "unit"), [(-1, 1), (0, 2), (1, 0)])
def test_a_unit_that_is_pointed_at_replaces_the_surface_and_shows_its_value(layer, unit):
    shown = Shown()
    shown.send(shown.pane.surface, "look", 0.5, -0.25)
    shown.send(shown.pane.surface, "leave")
    shown.send(shown.pane.diagram, "unit", layer, unit)
    shown.draw_all()
    outputs = layer_outputs(shown.state.network, ["x1", "x2"], np.array([[0.5, -0.25]]))
    expected = outputs[layer + 1][0, unit]
    assert shown.data("-pointed") == {"value": pytest.approx(expected, rel=1e-5)}
    picture = shown.columns("surface")["image"][0]
    shown.state.surface_mode = "hard"
    shown.draw_all()
    assert shown.columns("surface")["image"][0] is picture
    shown.send(shown.pane.diagram, "leave")
    shown.draw_all()
    assert shown.columns("surface")["image"][0] is not picture


def test_a_weight_or_bias_that_is_pointed_at_shows_its_value_and_a_click_chooses_it():
    shown = Shown()
    layer = shown.state.network.layers[0]
    editor = shown.pane.weights
    for row, value in ((1, layer.weights[1, 5]), (2, layer.bias[5])):
        shown.send(shown.pane.diagram, "weight", 0, row, 5)
        assert shown.data("-pointed") == {"value": pytest.approx(value, rel=1e-5)}
        shown.send(shown.pane.diagram, "edit", 0, row, 5)
        assert (editor.layer.value, editor.unit.value, editor.source.value) == (0, 5, row)
    shown.send(shown.pane.diagram, "weight", 5, 0, 0)
    assert shown.data("-pointed") == {}


def test_a_click_ablates_a_unit_and_the_next_one_restores_it():
    shown = Shown(weight_noise=1.0)
    whole = shown.state.evaluation("test").score.accuracy
    shown.send(shown.pane.diagram, "toggle", 0, 2)
    shown.see_diagram()
    assert shown.state.ablated == {(0, 2)}
    without = shown.state.evaluation("test").score.accuracy
    for accuracy in (whole, without):
        assert f"{100 * accuracy:.1f} %" in shown.state.notice.text
    assert "1 ablated" in shown.pane.diagram.legend.object
    assert len(shown.columns("ablated-units")["x"]) == 1
    assert shown.pane.weights.unit.value == 2
    shown.send(shown.pane.diagram, "toggle", 0, 2)
    assert not shown.state.ablated


def test_features_and_classes_are_not_ablated():
    shown = Shown()
    shown.send(shown.pane.diagram, "toggle", -1, 0)
    assert shown.state.notice.kind == "warning"
    shown.send(shown.pane.diagram, "toggle", 1, 2)
    assert not shown.state.ablated
    assert (shown.pane.weights.layer.value, shown.pane.weights.unit.value) == (1, 2)


# Controls


def test_the_slider_shows_an_earlier_step_and_resumes_from_it():
    async def main():
        shown = Shown()
        slider = shown.pane.timeline.slider
        first = shown.columns("surface")["image"][0].copy()
        await shown.train_to(50)
        shown.draw_all()
        assert slider.value == slider.end
        assert not np.array_equal(shown.columns("surface")["image"][0], first)
        slider.value = 0
        shown.draw_all()
        np.testing.assert_array_equal(shown.columns("surface")["image"][0], first)
        shown.find("-live").clicks += 1
        shown.draw_all()
        assert (shown.state.shown_checkpoint, slider.value) == (None, slider.end)
        slider.value = 0
        shown.find("-continue").clicks += 1
        assert shown.state.snapshot.iteration == 0

    work(main)


def test_a_preset_is_selected_in_the_menu_and_left_by_a_change():
    shown = Shown()
    menu = shown.find("-preset")
    menu.value = "moons"
    shown.draw_all()
    assert shown.state.shape == "moons"
    assert shown.pane.surface.classes.labels == ["0", "1"]
    assert PRESETS["moons"].sentence in shown.find("-notice").object
    shown.state.learning_rate = 0.3
    assert menu.value == ""


def test_a_file_of_points_is_loaded_and_a_damaged_one_answered():
    async def main():
        shown = Shown()
        content = shown.controller.points.save_csv()
        chooser = shown.find("-load")
        shown.find("-clear").clicks += 1
        assert not len(shown.state.points)
        chooser.part = [1, "mine.csv", len(content), 0, base64.b64encode(content).decode()]
        await asyncio.sleep(0)  # the file is read in a task
        assert len(shown.state.points) == 120
        chooser.part = [2, "torn.csv", 3, 0, base64.b64encode(b"x,y").decode()]
        await asyncio.sleep(0)
        assert shown.state.notice.kind == "error"
        assert "torn.csv, line 1" in shown.state.notice.text

    asyncio.run(main())


def test_the_last_input_stays_selected():
    shown = Shown()
    inputs = shown.find("-field-inputs")
    inputs.value = ["x1x2", "x1"]
    assert shown.state.inputs == inputs.value == ["x1", "x1x2"]
    inputs.value = []
    assert shown.state.inputs == inputs.value == ["x1", "x1x2"]
    assert shown.state.notice.kind == "warning"


# Texts


def test_without_test_points_there_is_no_test_accuracy():
    html = summary_html(Score(1, 0.1, 0.5, 10), Score(1, np.nan, np.nan, 0))
    assert re.findall(r"<b>([^<]*)</b>", html) == ["50.0 %", "–"]


def test_probabilities_that_are_nan_name_no_class():
    html = point_html(0, 0, np.array([np.nan, 0.5]))
    assert 'data-class=""' in html
    assert "NaN" in html
