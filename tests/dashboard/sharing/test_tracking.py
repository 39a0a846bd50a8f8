"""Whoever opens a link sees the curve of whoever sent it, to the bit."""

import asyncio

import pytest
from cache_helpers import run
from controller_helpers import make_laboratory, until, weights_of

from dashboard.digits.state import Origin
from dashboard.plane.controller import PlaneController
from dashboard.plane.state import PlaneState
from dashboard.sharing.tracking import (
    follow_digits,
    follow_spiral,
    link_of_digits,
    open_for_digits,
    open_for_spiral,
)
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.shell.share_link import ShareLink
from dashboard.training.trainer import execute_in_line

from training_helpers import Ticks  # isort: skip


def laboratory_of_defaults():
    controller = make_laboratory(hidden_layers=[128], batch_size=32)
    controller.start()
    return controller


async def step(controller, count):
    for _ in range(count):
        before = controller.state.snapshot.iteration
        if before == 0:
            controller.state.running = True  # as Train does
            controller.state.running = False
        controller.step()
        await until(lambda before=before: controller.state.snapshot.iteration > before)
        await until(lambda: controller.training_loop.is_idle)


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
    controller.state.param.update(fine_tune=True, seed=9)


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
        (fine_tune, "ready=yes&seed=9"),
        (clothes, "data=fashion-mnist&activation=tanh&seed=3"),
    ],
)
def test_a_link_gives_the_same_curve_to_the_bit(prepare, link):
    async def main():
        sender, receiver = laboratory_of_defaults(), laboratory_of_defaults()
        await prepare(sender)
        await step(sender, 20)
        assert link_of_digits(sender) == link
        await open_for_digits(receiver, "?" + link)
        await step(receiver, 20)
        assert curve(receiver) == curve(sender)
        assert weights_of(receiver) == weights_of(sender)
        assert link_of_digits(receiver) == link
        await sender.close()
        await receiver.close()

    run(main())


def test_the_link_of_a_curve_is_not_that_of_fields_changed_after_it():
    async def main():
        controller = laboratory_of_defaults()
        await step(controller, 1)
        controller.state.param.update(hidden_layers=[3], seed=77)
        assert link_of_digits(controller) == ""
        controller.reset()
        assert link_of_digits(controller) == "hidden=3&seed=77"
        await controller.close()

    run(main())


def test_a_link_makes_the_net_that_it_describes_and_names_what_it_asks_for_in_vain():
    async def main():
        controller = laboratory_of_defaults()
        await open_for_digits(controller, "?hidden=16&rate=banana&hide=moon")
        assert controller.network.sizes == (784, 16, 10)
        assert controller.state.origin == Origin.FRESH
        assert controller.state.notice.kind == "warning"
        assert "“banana” is not one" in controller.state.notice.text
        assert "“moon” cannot be hidden" in controller.state.notice.text
        await controller.close()

    run(main())


@pytest.mark.parametrize("query", ["", "?rate=0.5", "?pane=spiral&hidden=3&shape=x&data=moons"])
def test_a_link_that_asks_for_no_other_net_leaves_the_ready_one(query):
    async def main():
        controller = laboratory_of_defaults()
        before = controller.state.notice
        await open_for_digits(controller, query)
        assert controller.state.origin == Origin.PRETRAINED
        assert controller.state.notice is before
        await controller.close()

    run(main())


def test_the_ready_trained_net_goes_on_by_the_seed_that_holds_at_its_first_step():
    async def main():
        controller = laboratory_of_defaults()
        await fine_tune(controller)
        before = weights_of(controller)
        controller.state.running = True
        assert controller.state.origin == Origin.FINE_TUNED
        assert weights_of(controller) == before
        assert controller.built_settings == {"seed": 9}
        await controller.close()

    run(main())


def test_the_page_is_handed_a_link_only_when_it_has_changed():
    handed = []
    carrier = ShareLink(DirectPageWriter())
    carrier.view.object.on_change("tags", lambda _attr, _old, new: handed.append(new))

    async def main():
        controller = laboratory_of_defaults()
        follow_digits(controller, carrier.set)
        controller.state.learning_rate = 0.5
        controller.state.smoothing = 0.2
        controller.state.running = True
        await asyncio.sleep(0)
        controller.state.running = False
        assert handed == [[["digits", "rate=0.5"]]]
        await controller.close()

    run(main())


def plane(**values):
    return PlaneController(PlaneState(**values), clock=Ticks(), execute=execute_in_line)


def test_a_link_to_the_spiral_gives_the_same_points_and_net():
    carrier = ShareLink(DirectPageWriter())
    sender = plane()
    follow_spiral(sender.state, carrier.set)
    assert carrier._carrier.tags == []
    sender.state.param.update(shape="moons", classes=2, hidden_layers=[8], seed=4)
    ((pane, query),) = carrier._carrier.tags
    assert (pane, query) == ("spiral", "hidden=8&seed=4&data=moons&classes=2")
    values, faults = open_for_spiral(f"?{query}&pane=spiral&speed=3")
    assert faults == ["nothing here is called “speed”"]
    receiver = plane(**values)
    assert (receiver.state.points.train.points == sender.state.points.train.points).all()
    for mine, theirs in zip(
        receiver.network.parameters(), sender.network.parameters(), strict=True
    ):
        assert mine.tobytes() == theirs.tobytes()


def test_a_link_to_the_digits_says_nothing_to_the_spiral():
    assert open_for_spiral("?hidden=8&nonsense=1") == ({}, [])
