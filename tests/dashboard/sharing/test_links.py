"""What a link contains, what becomes of wrong ones, and that it reproduces the sender's curve."""

import asyncio
import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from controller_helpers import make_controller, until, weights_of
from hypothesis import assume, given
from hypothesis import strategies as st
from plane_helpers import make_plane_controller
from training_helpers import in_event_loop

from dashboard.digits.state import DigitsState, Origin
from dashboard.digits.training_subset import TRAINING_SAMPLES
from dashboard.plane.settings import PlaneSettings
from dashboard.sharing.link_text import FOREIGN, write_query
from dashboard.sharing.links import (
    BASE,
    DIGITS,
    DIGITS_SETTINGS,
    SPIRAL,
    Launch,
    hiding_faults,
    link_key,
    open_digits_link,
    pane_of,
    read_link,
    read_spiral_link,
    tell_faults,
    write_values,
)
from dashboard.sharing.run_links import digits_link, track_digits_link, track_spiral_link
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.shell.share_link import ShareLink
from dashboard.training.settings import SettingError
from data_cache import AUGMENTATIONS, DATA_SETS, PLANE_INPUTS, PLANE_SHAPES
from nn import ACTIVATIONS, INITIALIZATIONS, OPTIMIZERS, PRETRAINED, load_pretrained

ROOT = Path(__file__).parents[3] / "dashboard"

PLANE_SETTINGS = tuple(name for name in PlaneSettings.param if name != "name")

learning = {
    "learning_rate": st.floats(0, 10, exclude_min=True),
    "optimizer": st.sampled_from(list(OPTIMIZERS)),
    "l1": st.floats(0, 1),
    "dropout": st.floats(0, 0.9),
    "hidden_layers": st.lists(st.one_of(st.integers(1, 64), st.integers(1, 2048)), max_size=8),
    "activation": st.sampled_from(list(ACTIVATIONS)),
    "initialization": st.sampled_from(list(INITIALIZATIONS)),
    "biases": st.booleans(),
    "seed": st.integers(0, 2**32 - 1),
}
digits = learning | {
    "batch_size": st.integers(1, 4096),
    "data_set": st.sampled_from(list(DATA_SETS)),
    "fine_tune": st.booleans(),
    "centre_drawing": st.booleans(),
    "pretrained_model": st.sampled_from(list(PRETRAINED)),
    "cache_size": st.integers(0, 64),
    "augment": st.sampled_from(list(AUGMENTATIONS)),
    "architecture": st.sampled_from(["dense", "conv5x8 pool2 conv5x16 pool3"]),
    "training_samples": st.sampled_from(TRAINING_SAMPLES),
    "stop_epoch": st.integers(1, 100_000),
    "stop_accuracy": st.floats(0, 100, exclude_min=True),
}
points = learning | {
    "shape": st.sampled_from(list(PLANE_SHAPES)),
    "points_count": st.integers(10, 5000),
    "arm_angle": st.floats(0, 20),
    "inputs": st.lists(st.sampled_from(list(PLANE_INPUTS)), min_size=1, unique=True),
}
linked = st.one_of(
    st.tuples(st.just(pane), st.fixed_dictionaries({}, optional=values))
    for pane, values in ((DIGITS, digits), (SPIRAL, points))
)
PANES = {DIGITS: (DigitsState, DIGITS_SETTINGS), SPIRAL: (PlaneSettings, PLANE_SETTINGS)}


def write(pane, values):
    """Return the query of a link with these settings."""
    return write_query(pane, write_values(values, BASE[pane]))


def read(pane, query):
    """Return what a link says about a pane."""
    settings, names = PANES[pane]
    return read_link(query, settings(), names, pane)


def written(query):
    """Return the settings in a link as text, without version and check."""
    version, *settings, check = query.split("&")
    assert version == "link=2"
    assert check.startswith("check=")
    return "&".join(settings)


def fits(settings, values):
    """Return whether settings are within the budget."""
    try:
        settings().check_budget(values)
    except SettingError:
        return False
    return True


# Texts


@given(linked)
def test_settings_are_read_back_from_a_link(linked):
    pane, values = linked
    values = {**BASE[pane], **values}
    assume(fits(PANES[pane][0], values))
    contents = read(pane, "?" + write(pane, values))
    assert (contents.settings, contents.faults, contents.refusal) == (values, [], "")


@pytest.mark.parametrize(
    ("query", "settings", "names"),
    [
        ("?pane=spiral&hidden=" + "-".join(["2048"] * 8), PlaneSettings, PLANE_SETTINGS),
        ("?hidden=" + "-".join(["2048"] * 8), DigitsState, DIGITS_SETTINGS),
        ("?architecture=best&batch=4096", DigitsState, DIGITS_SETTINGS),
        ("?architecture=conv3x4+pool99", DigitsState, DIGITS_SETTINGS),
    ],
)
def test_a_link_beyond_the_budget_is_left_out_with_its_reason(query, settings, names):
    pane = SPIRAL if settings is PlaneSettings else DIGITS
    contents = read_link(query + "&rate=0.5", settings(), names, pane)
    assert contents.values == {"learning_rate": 0.5}
    assert len(contents.faults) == 1


def test_a_link_contains_only_what_differs_from_the_defaults_in_readable_words():
    state = DigitsState(
        data_set="fashion-mnist", hidden_layers=[128, 64], learning_rate=0.01, seed=7, biases=False
    )
    link = write(DIGITS, {name: getattr(state, name) for name in DIGITS_SETTINGS})
    assert written(link) == "data=fashion-mnist&rate=0.01&hidden=128-64&biases=no&seed=7"
    assert written(write(DIGITS, {"hidden_layers": []})) == "hidden=none"


@pytest.mark.parametrize("names", [DIGITS_SETTINGS, PLANE_SETTINGS])
def test_every_setting_has_its_own_key(names):
    assert len({link_key(name) for name in names}) == len(names)


@given(st.text())
def test_any_text_can_be_opened_as_a_link(text):
    contents = read_link(text, DigitsState(), DIGITS_SETTINGS)
    DigitsState(**contents.values)
    assert not contents.values or "=" in text


@given(
    st.sampled_from(DIGITS_SETTINGS), st.text(st.characters(exclude_characters="&%"), max_size=12)
)
def test_any_value_is_either_possible_or_a_fault(name, text):
    query = urlencode({link_key(name): text})
    contents = read_link(query, DigitsState(), DIGITS_SETTINGS)
    DigitsState(**contents.values)
    assert len(contents.values) + len(contents.faults) == 1


def test_what_is_unknown_or_impossible_is_left_out_with_a_reason():
    link = "?rate=50&hidden=64&colour=red&optimizer=magic&ready=perhaps&data=cats&seed=3&batch="
    contents = read_link(link, DigitsState(), DIGITS_SETTINGS)
    assert contents.values == {"hidden_layers": [64], "seed": 3}
    found = ["50", "“colour”", "“magic”", "“perhaps”", "“cats”", "nothing"]
    for fault, text in zip(contents.faults, found, strict=True):
        assert text in fault
    told = []
    tell_faults(contents.faults, told.append)
    tell_faults([], told.append)
    assert len(told) == 1


def test_keys_of_the_page_and_of_other_sites_are_no_faults():
    link = "&".join(f"{name}x=1" for name in FOREIGN) + "&pane=spiral&hide=charts&api=x"
    assert read_link(link, DigitsState(), DIGITS_SETTINGS).faults == []


def test_what_scripts_read_from_the_address_is_no_fault():
    read = re.compile(r'(?:address_has|URLSearchParams\([^()]*\)\.get)\("([\w-]+)"\)')
    scripts = [path.read_text(encoding="utf-8") for path in ROOT.rglob("*.js")]
    keys = {key for script in scripts for key in read.findall(script)}
    assert {"lang", "threads"} <= keys
    assert (
        read_link("&".join(f"{key}=1" for key in keys), DigitsState(), DIGITS_SETTINGS).faults == []
    )


def test_the_pane_and_parts_that_cannot_be_hidden_are_found():
    assert pane_of("?rate=1&pane=spiral") == "spiral"
    assert pane_of("") == ""
    assert hiding_faults("?hide=charts,weights,") == []
    (fault,) = hiding_faults("?hide=charts,moon")
    assert "“moon”" in fault


@pytest.mark.parametrize(
    ("name", "launch"),
    [
        ('{"search": "?a=1", "tab": "x", "resume": true}', Launch("?a=1", "x", True)),
        ('{"search": 3, "tab": "x"}', Launch(None, "x", False)),
    ],
)
def test_the_worker_reads_the_launch_from_its_name(name, launch):
    assert Launch.from_worker_name(name) == launch


@pytest.mark.parametrize("name", ["", "[1]", "null", "{", "worker"])
def test_a_worker_with_another_name_gets_a_tab_of_its_own(name):
    one, other = Launch.from_worker_name(name), Launch.from_worker_name(name)
    assert (one.search, one.resume) == (None, False)
    assert one.tab != other.tab


# The digits


def controller_of_defaults():
    controller = make_controller(hidden_layers=[128], batch_size=32, pretrained_model="best")
    controller.start()
    return controller


async def take_steps(controller, count):
    controller.state.running = True  # as Train does
    controller.state.running = False
    for _ in range(count):
        controller.step()
    await until(lambda: controller.state.snapshot.iteration == count)


def curve(controller):
    return "".join(controller.state.history.csv_lines())


async def nothing(_controller):
    pass


async def change_fields(controller):
    controller.state.param.update(hidden_layers=[9, 7], seed=5, learning_rate=0.01, dropout=0.1)


async def build(controller):
    await change_fields(controller)
    controller.reset()


async def fine_tune(controller):
    controller.use_pretrained("mlp")
    controller.state.param.update(fine_tune=True, seed=9)


async def few(controller):
    goals = {"stop_epoch": 50, "stop_accuracy": 99.5, "stop_patience": 9}
    controller.state.param.update(training_samples="100", **goals)
    await until(lambda: controller.data.source.sample_count == 100)


async def clothes(controller):
    controller.state.param.update(seed=3, activation="tanh")
    controller.state.data_set = "fashion-mnist"
    await until(lambda: controller.data.name == "fashion-mnist")


@pytest.mark.parametrize(
    ("prepare", "link"),
    [
        (nothing, ""),
        (change_fields, "rate=0.01&dropout=0.1&hidden=9-7&seed=5"),
        (build, "rate=0.01&dropout=0.1&hidden=9-7&seed=5"),
        (fine_tune, "model=mlp&fine-tune=yes&seed=9"),
        (few, "samples=100&stop-epoch=50&stop-accuracy=99.5&stop-patience=9"),
        (clothes, "data=fashion-mnist&activation=tanh&seed=3"),
    ],
)
@in_event_loop
async def test_a_link_reproduces_the_curve_to_the_bit(prepare, link):
    sender, receiver = controller_of_defaults(), controller_of_defaults()
    await prepare(sender)
    await take_steps(sender, 20)
    query = digits_link(sender).query
    assert written(query) == link
    await open_digits_link(receiver, "?" + query)
    await take_steps(receiver, 20)
    assert curve(receiver) == curve(sender)
    assert weights_of(receiver) == weights_of(sender)
    assert digits_link(receiver).query == query
    await sender.close()
    await receiver.close()


@in_event_loop
async def test_a_link_of_an_earlier_version_fine_tunes_the_model_that_it_fine_tuned_then():
    controller = make_controller(pretrained_model="best")
    await open_digits_link(controller, "?ready=yes&seed=9")
    state = controller.state
    assert (state.fine_tune, state.seed, state.pretrained_model) == (True, 9, "mlp")
    assert weights_of(controller) == [it.tobytes() for it in load_pretrained("mlp").parameters()]
    await controller.close()


@pytest.mark.parametrize("query", ["?net=mlp", "?model=mlp"])
@in_event_loop
async def test_a_link_opens_the_pretrained_model_that_it_names(query):
    controller = make_controller(pretrained_model="best")
    await open_digits_link(controller, query)
    assert controller.state.origin == Origin.PRETRAINED
    assert controller.network.title == "784-128-10"
    await controller.close()


@in_event_loop
async def test_fields_that_were_changed_after_the_first_step_are_not_in_the_link_of_the_curve():
    controller = controller_of_defaults()
    await take_steps(controller, 1)
    controller.state.param.update(hidden_layers=[3], seed=77)
    assert written(digits_link(controller).query) == ""
    controller.reset()
    assert written(digits_link(controller).query) == "hidden=3&seed=77"
    await controller.close()


@pytest.mark.parametrize(
    ("query", "sizes", "origin"),
    [
        ("?hidden=16&rate=banana&hide=moon", (784, 16, 10), Origin.FRESH),
        ("", (784, 128, 10), Origin.PRETRAINED),
        ("?rate=0.5", (784, 128, 10), Origin.PRETRAINED),
        ("?pane=spiral&hidden=3&shape=x&data=moons", (784, 128, 10), Origin.PRETRAINED),
    ],
)
@in_event_loop
async def test_a_link_replaces_the_pretrained_model_only_by_another_network(query, sizes, origin):
    controller = controller_of_defaults()
    before = controller.state.notice
    await open_digits_link(controller, query)
    assert controller.network.sizes == sizes
    assert controller.state.origin == origin
    text = controller.state.notice.text
    if "banana" in query:
        assert controller.state.notice.kind == "warning"
        assert "“banana”" in text
        assert "“moon”" in text
    else:
        assert controller.state.notice is before
    await controller.close()


@in_event_loop
async def test_fine_tuning_uses_the_seed_of_its_first_step():
    controller = controller_of_defaults()
    await fine_tune(controller)
    before = weights_of(controller)
    controller.state.running = True
    assert controller.state.origin == Origin.FINE_TUNED
    assert weights_of(controller) == before
    assert controller.state.built_settings == {"seed": 9}
    await controller.close()


@in_event_loop
async def test_the_page_gets_a_new_link_only_when_a_setting_in_it_changes():
    changes = []

    class CountingPageWriter(DirectPageWriter):
        def write(self, change, key=None):
            changes.append(change())

    carrier = ShareLink(CountingPageWriter())

    controller = controller_of_defaults()
    track_digits_link(controller, carrier.set)
    controller.state.learning_rate = 0.5
    controller.state.smoothing = 0.2
    controller.state.running = True
    await asyncio.sleep(0)
    controller.state.running = False
    ((pane, query, missing),) = carrier.view[0].object.tags
    assert (pane, written(query), missing) == ("digits", "rate=0.5", "")
    assert len(changes) == 1
    await controller.close()


# The spiral


def test_a_link_to_the_spiral_reproduces_points_and_network():
    links = []
    defaults = {name: PlaneSettings.param[name].default for name in PLANE_SETTINGS}
    sender = make_plane_controller(**defaults)
    track_spiral_link(sender, lambda _pane, query, _missing: links.append(query))
    sender.state.param.update(shape="moons", classes=2, hidden_layers=[8], seed=4)
    assert written(links[0]) == ""
    assert written(links[-1]) == "hidden=8&seed=4&data=moons&classes=2"
    contents = read_spiral_link(f"?{links[-1]}&pane=spiral&speed=3")
    assert len(contents.faults) == 1
    receiver = make_plane_controller(**contents.settings)
    assert (receiver.state.points.train.points == sender.state.points.train.points).all()
    mine, theirs = receiver.state.network.parameters(), sender.state.network.parameters()
    assert [it.tobytes() for it in mine] == [it.tobytes() for it in theirs]


def test_a_link_to_the_digits_contains_nothing_for_the_spiral():
    contents = read_spiral_link("?hidden=8&nonsense=1")
    assert (contents.values, contents.faults) == ({}, [])
