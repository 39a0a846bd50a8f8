"""Every field of the page: what it refuses, with which sentence, and how it follows its setting."""

from html import unescape

import pytest

from dashboard.digits.state import DigitsState
from dashboard.shell.fields import Checkbox, Field
from dashboard.training.settings import SettingError, format_value

NUMBERS = ("learning_rate", "l1", "l2", "dropout")
WHOLE = ("batch_size", "cache_size", "concurrency", "seed")
NEVER = [
    "",
    "   ",
    "abc",
    "nan",
    "-inf",
    "1e400",
    "-1",
    "-0.5",
    "1 2",
    "0x10",
    "--1",
    "½",
    "9" * 5000,
]
BAD = [(name, text) for name in (*NUMBERS, *WHOLE) for text in NEVER]
BAD += [(name, text) for name in WHOLE for text in ("1.5", "1e2", "5.0")]
BAD += [("learning_rate", "0"), ("learning_rate", "10.01"), ("dropout", "0.95"), ("l2", "1.1")]
BAD += [("batch_size", "0"), ("batch_size", "4097"), ("concurrency", "0"), ("concurrency", "17")]
BAD += [("cache_size", "65"), ("seed", str(2**32))]
BAD += [
    ("hidden_layers", text)
    for text in (
        "0",
        "2049",
        "abc",
        "1.5",
        "12 x",
        "1 " * 9,
        "٣",
        "²",
        "9" * 5000,
        "∞",
        "0000020489",
    )
]
TEXT_FIELDS = (*NUMBERS, *WHOLE, "hidden_layers")


def make_field(name, **settings):
    state = DigitsState(**settings)
    return state, Field(state, name, "")


def shown_sentence(field):
    return unescape(field.error.object.removeprefix('<span role="alert">').removesuffix("</span>"))


@pytest.mark.parametrize(("name", "text"), BAD)
def test_an_entry_that_cannot_be_used_gets_a_sentence_and_changes_nothing(name, text):
    state, field = make_field(name)
    before = state.param.values()
    field.widget.value = "1"
    before[name] = getattr(state, name)
    field.widget.value = text
    assert state.param.values() == before
    assert field.widget.value == text  # it stays there to be mended
    assert field.error.visible
    with pytest.raises(SettingError) as refused:
        state.read(name, text)
    assert shown_sentence(field) == str(refused.value)
    assert shown_sentence(field).startswith(state.param[name].label)
    assert shown_sentence(field).endswith(".")
    assert len(shown_sentence(field)) < 150


@pytest.mark.parametrize("name", TEXT_FIELDS)
def test_a_mended_entry_takes_effect_and_clears_the_sentence(name):
    state, field = make_field(name)
    field.widget.value = "no number"
    assert field.error.visible
    field.widget.value = " 0.25 " if name in NUMBERS else " 3 "
    assert getattr(state, name) == {"hidden_layers": [3]}.get(name, 0.25 if name in NUMBERS else 3)
    assert not field.error.visible
    assert field.error.object == ""
    assert field.widget.value == ("0.25" if name in NUMBERS else "3")


def test_the_old_value_typed_again_clears_the_sentence_too():
    state, field = make_field("learning_rate")
    field.widget.value = "fast"
    field.widget.value = "0.002"
    assert not field.error.visible
    assert state.learning_rate == 0.002


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("learning_rate", 0.5, "0.5"),
        ("learning_rate", 1e-07, "1e-07"),
        ("l2", 0.0, "0"),
        ("batch_size", 128, "128"),
        ("seed", 2**32 - 1, "4294967295"),
        ("hidden_layers", [500, 300, 100], "500 300 100"),
        ("hidden_layers", [], ""),
        ("optimizer", "sgd", "sgd"),
        ("activation", "tanh", "tanh"),
        ("initialization", "xavier", "xavier"),
    ],
)
def test_a_setting_that_changes_elsewhere_shows_in_its_field(name, value, text):
    state, field = make_field(name, l2=0.5)
    field.widget.value = field.widget.value
    setattr(state, name, value)
    assert field.widget.value == text
    assert getattr(state, name) == value
    assert not field.error.visible


def test_a_setting_that_changes_elsewhere_replaces_a_bad_entry():
    state, field = make_field("batch_size")
    field.widget.value = "many"
    state.batch_size = 99
    assert field.widget.value == "99"
    assert not field.error.visible


def test_digits_of_other_scripts_are_read_and_shown_as_plain_ones():
    state, field = make_field("batch_size")
    field.widget.value = "٦٤"
    assert (state.batch_size, field.widget.value) == (64, "64")


@pytest.mark.parametrize("value", [0.00123456789, 1 / 3, 0.1 + 0.2, 1e-300])
def test_a_field_never_rounds_the_setting_it_shows(value):
    state, field = make_field("learning_rate")
    state.learning_rate = value
    assert state.learning_rate == value
    assert float(field.widget.value) == value
    field.widget.value = "1"
    field.widget.value = repr(value)
    assert state.learning_rate == value


def test_numbers_are_written_the_short_way():
    texts = [format_value(value) for value in (0.002, 0.0, 1.0, 1e-5, 64, [500, 30], [])]
    assert texts == ["0.002", "0", "1", "1e-05", "64", "500 30", ""]


@pytest.mark.parametrize(
    ("name", "value", "label"),
    [
        ("optimizer", "adam", "Adam"),
        ("activation", "relu", "ReLU"),
        ("initialization", "xavier", "Xavier (Glorot)"),
    ],
)
def test_a_choice_takes_effect_at_once_under_the_name_of_the_field(name, value, label):
    state, field = make_field(name)
    field.widget.value = value
    assert getattr(state, name) == value
    assert list(field.widget.options.values()) == list(state.param[name].objects)
    assert field.widget.options[label] == value


def test_an_entry_is_shown_as_text_not_as_markup():
    _state, field = make_field("batch_size")
    field.widget.value = "<img src=x>"
    assert "<img" not in field.error.object
    assert "&lt;img src=x&gt;" in field.error.object


@pytest.mark.parametrize("name", [*TEXT_FIELDS, "optimizer", "activation"])
def test_a_field_carries_the_label_the_help_and_a_hook_of_its_setting(name):
    state, field = make_field(name)
    assert field.widget.label == state.param[name].label
    assert f"ink-field-{name.replace('_', '-')}" in field.view.css_classes
    assert field.widget.description == state.param[name].doc
    assert not field.error.visible


def test_two_fields_of_two_visitors_do_not_meet():
    one_state, one = make_field("batch_size")
    other_state, other = make_field("batch_size")
    one.widget.value = "7"
    assert (one_state.batch_size, other_state.batch_size) == (7, 32)
    assert other.widget.value == "32"


def test_a_box_follows_its_setting_and_changes_it():
    state = DigitsState(biases=True)
    box = Checkbox(state, "biases", "")
    assert box.view.value == box.view.options == ["Biases"]
    box.view.value = []
    assert state.biases is False
    state.biases = True
    assert box.view.value == ["Biases"]
    box.view.value = []
    box.view.value = ["Biases"]
    assert state.biases is True
    assert Checkbox(DigitsState(biases=False), "biases", "").view.value == []


def test_an_empty_field_of_a_goal_is_no_goal():
    state, field = make_field("stop_epoch", stop_epoch=4)
    assert field.widget.value == "4"
    field.widget.value = "x"
    assert "or nothing" in shown_sentence(field)
    field.widget.value = ""
    assert state.stop_epoch is None
    assert not field.error.visible
    state.stop_epoch = 9
    assert field.widget.value == "9"
    state.stop_epoch = None
    assert field.widget.value == ""
