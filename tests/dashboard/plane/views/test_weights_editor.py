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


def test_during_training_the_field_keeps_what_is_typed(editor, network):
    editor.weight.value = "7"
    editor.draw(network, ["x1", "x2"], is_training=True)
    assert editor.weight.value == "7"
    editor.draw(network, ["x1", "x2"])
    assert editor.weight.value != "7"


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
