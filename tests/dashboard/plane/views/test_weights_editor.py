"""The editor of weights: what its menus select, and what its field changes."""

import numpy as np
import pytest

from dashboard.plane.views.weights_editor import BIAS, WeightsEditor, table_html
from dashboard.shell.theme import Theme
from nn import create_network


@pytest.fixture
def network():
    return create_network((2, 4, 3), generator=np.random.default_rng(0))


@pytest.fixture
def changes():
    return []


@pytest.fixture
def editor(network, changes):
    editor = WeightsEditor(Theme(), lambda *change: changes.append(change))
    editor.draw(network, ["x1", "x2"])
    return editor


def test_the_field_has_the_selected_weight(editor, network):
    editor.choose(0, 2)
    editor.source.value = 1
    assert float(editor.weight.value) == pytest.approx(network.layers[0].weights[1, 2], rel=1e-3)
    editor.choose(1, 0)
    assert list(editor.source.options) == ["unit 1", "unit 2", "unit 3", "unit 4", BIAS]


def test_a_typed_weight_is_set_and_an_unusable_one_is_answered(editor, changes):
    editor.choose(0, 3)
    editor.source.value = 1
    editor.weight.value = " 2.5 "
    editor.weight.value = "heavy"
    assert editor.error.visible
    assert "heavy" in editor.error.object
    editor.source.value = editor.source.options[BIAS]
    editor.weight.value = "-1"
    assert not editor.error.visible
    assert changes == [(0, 1, 3, 2.5), (0, 2, 3, -1.0)]


def test_the_field_follows_the_weight_except_while_somebody_types(editor, network):
    editor.choose(0, 2, 1)
    network.layers[0].weights[1, 2] = 0.75
    editor.draw(network, ["x1", "x2"])
    assert editor.weight.value == "0.75"
    editor.weight.value_input = "-"
    network.layers[0].weights[1, 2] = 0.5
    editor.draw(network, ["x1", "x2"])
    assert (editor.weight.value, editor.weight.value_input) == ("0.75", "-")
    editor.weight.param.update(value="-2", value_input="-2")
    editor.draw(network, ["x1", "x2"])
    assert editor.weight.value == "0.5"


def test_a_weight_or_the_bias_of_a_unit_is_chosen_by_its_row(editor):
    editor.choose(1, 2, 3)
    assert (editor.layer.value, editor.unit.value, editor.source.value) == (1, 2, 3)
    editor.choose(0, 1, -1)
    assert editor.source.value == editor.source.options[BIAS]


def test_bars_of_weights_that_are_nearly_zero_are_empty():
    html = table_html(["x₁", BIAS], [0.0, 1e-25], 0)
    assert html.count("width:0%") == 2


def test_menus_follow_a_network_of_other_sizes(editor):
    editor.choose(1, 2)
    editor.draw(create_network((1, 2), generator=np.random.default_rng(0), biases=False), ["x1x2"])
    assert (editor.layer.options, editor.unit.options) == ({"Classes": 0}, {"0": 0, "1": 1})
    assert len(editor.source.options) == 1


def test_the_table_escapes_names_and_accepts_nan():
    html = table_html(["x₁", "<bias>"], [0.5, float("nan")], 1)
    assert html.count("<tr") == 2
    assert "&lt;bias&gt;" in html
    assert "nan" in html
