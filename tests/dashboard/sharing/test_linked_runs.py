"""Runs that were changed on their way, painted points, and builds with other defaults."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import pytest
from controller_helpers import make_controller, until
from hypothesis import given, settings
from hypothesis import strategies as st
from plane_helpers import make_plane_controller
from training_helpers import in_event_loop

from dashboard.autosave.digits import SavedDigits
from dashboard.autosave.plane import SavedPlane
from dashboard.digits.state import DigitsState
from dashboard.plane.dataset import OWN, PlaneData, make_data
from dashboard.plane.point_editor import GRID
from dashboard.plane.settings import PlaneSettings
from dashboard.sharing.link_text import CHECK_KEY, write_query
from dashboard.sharing.links import (
    BASE,
    DIGITS,
    MAX_CHANGES,
    SPIRAL,
    linked_points,
    open_digits_link,
    read_spiral_link,
)
from dashboard.sharing.point_text import MAX_TEXT, read_points, write_points
from dashboard.sharing.run_links import digits_link, spiral_link
from data_cache import PlanePoints


def digits_controller():
    controller = make_controller(**BASE[DIGITS])
    controller.start()
    return controller


def plane_of(query, **defaults):
    """Return the controller of the plane that a link opens, as the session makes it."""
    contents = read_spiral_link(f"?{query}&pane=spiral")
    assert (contents.faults, contents.refusal) == ([], "")
    values = {**defaults, **contents.settings}
    points = linked_points(contents)
    return make_plane_controller(**values, points=points, scheduled_changes=contents.changes)


async def begin(controller):
    controller.state.running = True  # as Train does
    controller.state.running = False
    await controller.training_loop.wait_until_idle()


async def take_steps(controller, count):
    """Train `count` steps in as many slices as the trainer likes."""
    await controller.trainer.train(steps=count)


def curve(controller):
    return "".join(controller.trainer.run.history.csv_lines())


async def train_with_changes(controller):
    """Train 60 steps with two changes of the rate, and one each of two other settings."""
    state = controller.state
    for change in (
        {"learning_rate": 0.05},
        {"learning_rate": 0.003, "batch_size": 7},
        {"optimizer": "momentum"},
    ):
        await take_steps(controller, 17)
        state.param.update(**change)
    await take_steps(controller, 9)


@in_event_loop
async def test_a_link_carries_the_changes_made_during_a_run_on_digits():
    sender, receiver = digits_controller(), digits_controller()
    sender.state.learning_rate = 0.01
    await begin(sender)
    await train_with_changes(sender)
    sender.state.label_smoothing = 0.1  # before the next step
    link = digits_link(sender)
    assert "rate=0.01&changes=17_rate_0.05~34_rate_0.003~34_batch_7~51_optimizer_mom" in link.query
    assert "~60_label-smoothing_0.1" in link.query
    assert "gets the same curve" in link.missing
    await open_digits_link(receiver, f"?{link.query}")
    assert receiver.state.learning_rate == 0.01
    assert digits_link(receiver).query == link.query
    await begin(receiver)
    for count in (1, 16, 3, 40):
        await take_steps(receiver, count)
    assert curve(receiver) == curve(sender)
    assert digits_link(receiver).query == link.query
    for controller in (sender, receiver):
        await take_steps(controller, 5)
    assert curve(receiver) == curve(sender)
    assert receiver.state.scheduled_changes == []
    await sender.close()
    await receiver.close()


@in_event_loop
async def test_a_link_carries_changes_and_painted_points_of_the_plane():
    sender = make_plane_controller(**BASE[SPIRAL])
    sender.points.paint("one", 2, [x for i in range(40) for x in (i / 50, -i / 60)])
    sender.points.add([(0.3, 0.7)], 1, "test")
    sender.points.move(7, -0.4, 0.4)
    sender.points.delete(3)
    await train_with_changes(sender)
    link = spiral_link(sender)
    assert "gets the same curve" in link.missing
    assert len(link.query) < 800
    receiver = plane_of(link.query)
    for part in ("train", "test"):
        mine, theirs = (it.state.points.part(part) for it in (receiver, sender))
        assert mine.points.tobytes() == theirs.points.tobytes()
        assert mine.labels.tolist() == theirs.labels.tolist()
    await take_steps(receiver, 60)
    assert curve(receiver) == curve(sender)
    assert spiral_link(receiver).query == link.query
    await sender.close()
    await receiver.close()


@in_event_loop
async def test_a_restored_save_goes_on_with_the_changes_of_its_link():
    controller = make_plane_controller(**BASE[SPIRAL])
    await train_with_changes(controller)
    digits, other = digits_controller(), digits_controller()
    await open_digits_link(digits, f"?{write_query(DIGITS, {'changes': '9_rate_0.5~12_l2_1'})}")
    receiver = plane_of(spiral_link(controller).query)
    await take_steps(receiver, 20)
    restored = make_plane_controller()
    await SavedPlane(restored).restore(SavedPlane(receiver).capture())
    assert spiral_link(restored).query == spiral_link(controller).query
    await take_steps(restored, 40)
    assert curve(restored) == curve(controller)
    await SavedDigits(other).restore(SavedDigits(digits).capture())
    assert other.state.scheduled_changes == digits.state.scheduled_changes
    assert len(other.state.scheduled_changes) == 2
    for it in (controller, digits, other, receiver, restored):
        await it.close()


@in_event_loop
async def test_a_setting_that_a_person_changes_follows_the_link_no_more():
    sender = make_plane_controller(**BASE[SPIRAL])
    await train_with_changes(sender)
    receiver = plane_of(spiral_link(sender).query)
    await take_steps(receiver, 20)
    assert receiver.state.learning_rate == 0.05
    receiver.state.learning_rate = 0.2
    await take_steps(receiver, 40)
    assert (receiver.state.learning_rate, receiver.state.batch_size) == (0.2, 7)
    receiver.reset()
    assert receiver.state.scheduled_changes == []
    await sender.close()
    await receiver.close()


@pytest.mark.parametrize("kind", ["points", "weight", "many", "crowd"])
@in_event_loop
async def test_a_link_says_what_it_cannot_carry(kind):
    plane = make_plane_controller(**BASE[SPIRAL])
    assert spiral_link(plane).missing == ""
    await take_steps(plane, 1)
    assert "Not in this link: the trained weights. Whoever" in spiral_link(plane).missing
    if kind == "points":
        plane.points.add([(0.5, 0.5)], 1)
    elif kind == "weight":
        plane.inspection.set_weight(0, 0, 0, "0.5")
    elif kind == "many":
        for number in range(MAX_CHANGES + 1):
            plane.state.learning_rate = 0.01 * (number + 1)
            await take_steps(plane, 1)
    else:
        plane.reset()
        generator = np.random.default_rng(1)
        plane.points.add([tuple(it) for it in generator.uniform(-1, 1, (4000, 2))], 0)
    link = spiral_link(plane)
    assert "gets another curve" in link.missing
    assert len(link.query) < MAX_TEXT + 1000
    await plane.close()


@in_event_loop
async def test_a_link_to_digits_says_that_steps_on_drawings_are_not_in_it():
    controller = make_controller()
    controller.start()
    assert digits_link(controller).missing == ""
    controller.drawing.take_example()
    controller.fine_tune(3)
    assert "steps on drawings" in digits_link(controller).missing
    await controller.close()


@pytest.mark.parametrize(
    "changes",
    ["", "x", "5_rate", "5_rate_9_9", "5_colour_1", "5_rate_50", "9_rate_1~5_rate_2", "0_rate_1"],
)
@in_event_loop
async def test_changes_that_cannot_be_made_are_named(changes):
    controller = digits_controller()
    await open_digits_link(controller, f"?seed=3&changes={changes}")
    assert controller.state.scheduled_changes == []
    assert controller.state.notice.kind == "warning"
    await controller.close()


# Points as text


def random_points(generator, count, *, on_grid):
    points = generator.uniform(-1.25, 1.25, (count, 2))
    points = np.rint(points / GRID) * GRID if on_grid else points
    return PlanePoints(points, generator.integers(0, 5, count), 5)


@given(st.integers(0, 2**32 - 1), st.booleans(), st.integers(0, 60), st.booleans())
@settings(max_examples=40)
def test_points_are_read_back_to_the_bit(seed, on_grid, count, keeps_some):
    generator = np.random.default_rng(seed)
    generated = make_data(PlaneSettings(points_count=80, shape="blobs"))
    train = random_points(generator, count, on_grid=on_grid)
    test = random_points(generator, count // 2, on_grid=not on_grid)
    if keeps_some:
        kept = generated.train[generator.random(len(generated.train)) < 0.5]
        points, labels = np.insert(kept.points, 0, train.points, 0), [*train.labels, *kept.labels]
        train = PlanePoints(points, np.array(labels), 5)
    text = write_points(PlaneData(train, test), generated)
    found = read_points(text, generated)
    assert found.origin == OWN
    for part, expected in (("train", train), ("test", test)):
        assert found.part(part).points.tobytes() == expected.points.tobytes()
        assert found.part(part).labels.tolist() == expected.labels.tolist()


@given(st.text(), st.integers(0, 40))
@settings(max_examples=60)
def test_other_texts_are_no_points(text, at):
    generated = make_data(PlaneSettings(points_count=10))
    whole = write_points(generated, generated)
    for broken in (text, whole[:at] + "A" + whole[at:], whole[:at]):
        with contextlib.suppress(ValueError):
            assert read_points(broken, generated).train.points.dtype == np.float32


def test_points_on_other_generated_points_than_those_of_the_link_are_refused():
    generated, other = (make_data(PlaneSettings(seed=seed)) for seed in (1, 2))
    text = write_points(PlaneData(generated.train[1:], generated.test), generated)
    with pytest.raises(ValueError, match="other points"):
        read_points(text, other)


# Builds with other defaults


OTHER_DIGITS = {"learning_rate": 0.006, "hidden_layers": [9], "seed": 4, "batch_size": 11}
OTHER_PLANE = {"learning_rate": 0.1, "noise": 0.5, "seed": 9, "hidden_layers": [7], "classes": 3}


@contextlib.contextmanager
def build_with(cls, defaults) -> Iterator[None]:
    """Give a class other defaults, as another version of the program has."""
    before = {name: cls.param[name].default for name in defaults}
    for name, value in defaults.items():
        cls.param[name].default = value
    try:
        yield
    finally:
        for name, value in before.items():
            cls.param[name].default = value


@pytest.mark.parametrize(
    "fields", [{}, {"learning_rate": 0.006}, {"seed": 4, "activation": "tanh"}]
)
@in_event_loop
async def test_builds_with_other_defaults_get_the_same_curve_on_digits(fields):
    small = {"pretrained_model": "best"}
    sender = digits_controller()
    sender.state.param.update(**fields)
    await begin(sender)
    await take_steps(sender, 10)
    query = digits_link(sender).query
    with build_with(DigitsState, OTHER_DIGITS):
        receiver = make_controller(**OTHER_DIGITS, **small)
        receiver.start()
        await open_digits_link(receiver, f"?{query}")
        await begin(receiver)
        await take_steps(receiver, 10)
        back = digits_link(receiver).query
    assert curve(receiver) == curve(sender)
    assert back == query
    await sender.close()
    await receiver.close()


@pytest.mark.parametrize("fields", [{}, {"learning_rate": 0.1, "shape": "moons", "classes": 2}])
@in_event_loop
async def test_builds_with_other_defaults_get_the_same_curve_on_the_plane(fields):
    sender = make_plane_controller(**BASE[SPIRAL])
    sender.state.param.update(**fields)
    await take_steps(sender, 10)
    query = spiral_link(sender).query
    with build_with(PlaneSettings, OTHER_PLANE):
        receiver = plane_of(query, **OTHER_PLANE)
        await take_steps(receiver, 10)
        back = spiral_link(receiver).query
    assert curve(receiver) == curve(sender)
    assert back == query
    await sender.close()
    await receiver.close()


@pytest.mark.parametrize(
    "fields", [{}, {"learning_rate": 0.002}, {"seed": 1, "activation": "tanh"}]
)
@in_event_loop
async def test_a_link_of_a_build_with_other_defaults_gives_its_curve_on_digits(fields):
    small = {"pretrained_model": "best"}
    with build_with(DigitsState, OTHER_DIGITS):
        sender = make_controller(**OTHER_DIGITS, **small)
        sender.start()
        sender.state.param.update(**fields)
        await begin(sender)
        await take_steps(sender, 10)
        query = digits_link(sender).query
    receiver = digits_controller()
    await open_digits_link(receiver, f"?{query}")
    await begin(receiver)
    await take_steps(receiver, 10)
    assert curve(receiver) == curve(sender)
    assert digits_link(receiver).query == query
    await sender.close()
    await receiver.close()


@pytest.mark.parametrize("fields", [{}, {"learning_rate": 0.5, "shape": "moons", "classes": 2}])
@in_event_loop
async def test_a_link_of_a_build_with_other_defaults_gives_its_curve_on_the_plane(fields):
    with build_with(PlaneSettings, OTHER_PLANE):
        sender = make_plane_controller(**BASE[SPIRAL] | OTHER_PLANE)
        sender.state.param.update(**fields)
        await take_steps(sender, 10)
        query = spiral_link(sender).query
    receiver = plane_of(query)
    await take_steps(receiver, 10)
    assert curve(receiver) == curve(sender)
    assert spiral_link(receiver).query == query
    await sender.close()
    await receiver.close()


@in_event_loop
async def test_an_address_without_settings_leaves_the_defaults_of_the_build():
    controller = make_controller(hidden_layers=[9], learning_rate=0.006)
    await open_digits_link(controller, "?hide=charts&inside=why")
    assert controller.state.learning_rate == 0.006
    await open_digits_link(controller, "?seed=7")
    assert controller.state.learning_rate == BASE[DIGITS]["learning_rate"]
    await open_digits_link(controller, f"?link=2&seed=8&{CHECK_KEY}=aaaaaa")
    assert controller.state.seed == 7
    assert "cut or changed" in controller.state.notice.text
    await until(lambda: controller.training_loop.is_idle)
    await controller.close()


@pytest.mark.parametrize(("pane", "cls"), [(DIGITS, DigitsState), (SPIRAL, PlaneSettings)])
def test_what_a_link_means_by_not_naming_a_setting_is_possible(pane, cls):
    settings = cls(**BASE[pane])
    assert {name: getattr(settings, name) for name in BASE[pane]} == BASE[pane]
