"""What a link says, and what becomes of links that say nonsense."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.digits.state import DigitsState
from dashboard.plane.settings import PlaneSettings
from dashboard.sharing.links import (
    DIGITS,
    FOREIGN,
    faults_of_hiding,
    pane_of,
    read_link,
    spell,
    tell_faults,
    write_link,
)
from data_cache import AUGMENTATIONS, DATA_SETS, PLANE_INPUTS, PLANE_SHAPES
from nn import ACTIVATIONS, INITIALIZATIONS, OPTIMIZERS

PLANE = tuple(name for name in PlaneSettings.param if name != "name")

learning = {
    "learning_rate": st.floats(0, 10, exclude_min=True),
    "optimizer": st.sampled_from(list(OPTIMIZERS)),
    "l1": st.floats(0, 1),
    "dropout": st.floats(0, 0.9),
    "hidden_layers": st.lists(st.integers(1, 2048), max_size=8),
    "activation": st.sampled_from(list(ACTIVATIONS)),
    "initialization": st.sampled_from(list(INITIALIZATIONS)),
    "biases": st.booleans(),
    "seed": st.integers(0, 2**32 - 1),
}
digits = st.fixed_dictionaries(
    {},
    optional=learning
    | {
        "batch_size": st.integers(1, 4096),
        "data_set": st.sampled_from(list(DATA_SETS)),
        "fine_tune": st.booleans(),
        "cache_size": st.integers(0, 64),
        "augment": st.sampled_from(list(AUGMENTATIONS)),
        "architecture": st.sampled_from(["dense", "conv5x8 pool2 conv5x16 pool3"]),
    },
)
planes = st.fixed_dictionaries(
    {},
    optional=learning
    | {
        "shape": st.sampled_from(list(PLANE_SHAPES)),
        "points_count": st.integers(10, 5000),
        "arm_angle": st.floats(0, 20),
        "inputs": st.lists(st.sampled_from(list(PLANE_INPUTS)), min_size=1, unique=True),
    },
)


@given(digits)
def test_settings_of_the_digits_come_back_from_a_link(values):
    link = write_link(values, DigitsState)
    opened = read_link(link, DigitsState(), DIGITS)
    assert opened.faults == []
    assert DigitsState(**opened.values).param.values() | {"name": ""} == DigitsState(
        **values
    ).param.values() | {"name": ""}


@given(planes)
def test_settings_of_the_spiral_come_back_from_a_link(values):
    opened = read_link("?" + write_link(values, PlaneSettings), PlaneSettings(), PLANE)
    assert opened.faults == []
    expected = {name: it for name, it in values.items() if it != PlaneSettings.param[name].default}
    assert opened.values == expected


def test_a_link_names_only_what_differs_and_reads_like_words():
    state = DigitsState(
        data_set="fashion-mnist", hidden_layers=[128, 64], learning_rate=0.01, seed=7, biases=False
    )
    link = write_link({name: getattr(state, name) for name in DIGITS}, DigitsState)
    assert link == "data=fashion-mnist&rate=0.01&hidden=128-64&biases=no&seed=7"
    assert write_link({name: getattr(DigitsState(), name) for name in DIGITS}, DigitsState) == ""
    assert write_link({"hidden_layers": []}, DigitsState) == "hidden=none"


def test_every_setting_has_a_spelling_of_its_own():
    for names in (DIGITS, PLANE):
        assert len({spell(name) for name in names}) == len(names)


@given(st.text())
def test_any_text_can_be_opened_as_a_link(text):
    opened = read_link(text, DigitsState(), DIGITS)
    DigitsState(**opened.values)
    keys = {key for key, _ in parse_qsl(text.removeprefix("?"), keep_blank_values=True)}
    assert len(opened.values) + len(opened.faults) <= len(keys)


@pytest.mark.parametrize("key", [spell(name) for name in DIGITS])
@given(text=st.text(max_size=12))
def test_any_value_is_either_possible_or_named(key, text):
    from urllib.parse import urlencode  # noqa: PLC0415

    opened = read_link(urlencode({key: text}), DigitsState(), DIGITS)
    DigitsState(**opened.values)
    assert len(opened.values) + len(opened.faults) == 1


def test_what_is_unknown_or_impossible_is_left_out_and_named():
    told = []
    link = "?rate=50&hidden=64&colour=red&optimizer=magic&ready=perhaps&data=cats&seed=3&batch="
    opened = read_link(link, DigitsState(), DIGITS)
    assert opened.values == {"hidden_layers": [64], "seed": 3}
    tell_faults(opened.faults, told.append)
    assert told == [
        "Left out of this link: Learning rate takes a number above 0 to 10; 50 is outside; "
        "nothing here is called “colour”; "
        f"Optimiser is one of {', '.join(OPTIMIZERS)}; found “magic”; "
        "Fine-tune the pretrained model is one of yes, no; found “perhaps”; "
        f"Data set is one of {', '.join(DATA_SETS)}; found “cats”; "
        "Batch size is empty; it takes a whole number from 1 to 4,096."
    ]
    tell_faults([], told.append)
    assert len(told) == 1


def test_what_the_page_and_other_sites_put_into_links_is_no_fault():
    link = "&".join(f"{name}x=1" for name in FOREIGN) + "&pane=spiral&hide=charts&api=x"
    assert read_link(link, DigitsState(), DIGITS).faults == []


def test_the_pane_and_what_cannot_be_hidden_are_found():
    assert pane_of("?rate=1&pane=spiral") == "spiral"
    assert pane_of("") == ""
    assert faults_of_hiding("?hide=charts,weights,") == []
    (fault,) = faults_of_hiding("?hide=charts,moon")
    assert fault.startswith("“moon” cannot be hidden, only controls, draw, charts")
