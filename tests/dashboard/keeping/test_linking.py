"""Whoever opens a link sees the curve of whoever sent it, to the bit."""

import asyncio

import pytest
from cache_helpers import run
from laboratory_helpers import make_laboratory, until, weights_of

from dashboard.keeping.linking import (
    follow_digits,
    follow_spiral,
    link_of_digits,
    open_for_digits,
    open_for_spiral,
)
from dashboard.laboratory_state import FRESH, READY, TUNED
from dashboard.plane.laboratory import PlaneLaboratory
from dashboard.plane.state import PlaneState
from dashboard.trainer import execute_in_line
from dashboard.views.link_carrier import LinkCarrier

from training_helpers import Ticks  # isort: skip


def laboratory_of_defaults():
    laboratory = make_laboratory(hidden_layers=[128], batch_size=32)
    laboratory.start()
    return laboratory


async def step(laboratory, count):
    for _ in range(count):
        before = laboratory.state.snapshot.iteration
        if before == 0:
            laboratory.state.running = True  # as Train does
            laboratory.state.running = False
        laboratory.step()
        await until(lambda before=before: laboratory.state.snapshot.iteration > before)
        await until(lambda: laboratory._is_idle)


def curve(laboratory):
    return "".join(laboratory.state.history.csv_lines())


async def nothing(_laboratory):
    pass


async def change_fields(laboratory):
    laboratory.state.param.update(hidden_layers=[9, 7], seed=5, learning_rate=0.01, dropout=0.1)


async def build(laboratory):
    await change_fields(laboratory)
    laboratory.reset()


async def keep_ready(laboratory):
    laboratory.state.param.update(keep_ready=True, seed=9)


async def clothes(laboratory):
    laboratory.state.param.update(seed=3, activation="tanh")
    laboratory.state.data_set = "fashion-mnist"
    await until(lambda: laboratory.data.name == "fashion-mnist")


@pytest.mark.parametrize(
    ("prepare", "link"),
    [
        (nothing, ""),
        (change_fields, "rate=0.01&dropout=0.1&hidden=9-7&seed=5"),
        (build, "rate=0.01&dropout=0.1&hidden=9-7&seed=5"),
        (keep_ready, "ready=yes&seed=9"),
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
        laboratory = laboratory_of_defaults()
        await step(laboratory, 1)
        laboratory.state.param.update(hidden_layers=[3], seed=77)
        assert link_of_digits(laboratory) == ""
        laboratory.reset()
        assert link_of_digits(laboratory) == "hidden=3&seed=77"
        await laboratory.close()

    run(main())


def test_a_link_makes_the_net_that_it_describes_and_names_what_it_asks_for_in_vain():
    async def main():
        laboratory = laboratory_of_defaults()
        await open_for_digits(laboratory, "?hidden=16&rate=banana&hide=moon")
        assert laboratory.network.sizes == (784, 16, 10)
        assert laboratory.state.origin == FRESH
        assert laboratory.state.notice.kind == "warning"
        assert "“banana” is not one" in laboratory.state.notice.text
        assert "“moon” cannot be hidden" in laboratory.state.notice.text
        await laboratory.close()

    run(main())


@pytest.mark.parametrize("query", ["", "?rate=0.5", "?pane=spiral&hidden=3&shape=x&data=moons"])
def test_a_link_that_asks_for_no_other_net_leaves_the_ready_one(query):
    async def main():
        laboratory = laboratory_of_defaults()
        before = laboratory.state.notice
        await open_for_digits(laboratory, query)
        assert laboratory.state.origin == READY
        assert laboratory.state.notice is before
        await laboratory.close()

    run(main())


def test_the_ready_trained_net_goes_on_by_the_seed_that_holds_at_its_first_step():
    async def main():
        laboratory = laboratory_of_defaults()
        await keep_ready(laboratory)
        before = weights_of(laboratory)
        laboratory.state.running = True
        assert laboratory.state.origin == TUNED
        assert weights_of(laboratory) == before
        assert laboratory.built == {"seed": 9}
        await laboratory.close()

    run(main())


def test_the_page_is_handed_a_link_only_when_it_has_changed():
    changes = []
    carrier = LinkCarrier(lambda change: changes.append(change()))

    async def main():
        laboratory = laboratory_of_defaults()
        follow_digits(laboratory, carrier.set)
        laboratory.state.learning_rate = 0.5
        laboratory.state.smoothing = 0.2
        laboratory.state.running = True
        await asyncio.sleep(0)
        laboratory.state.running = False
        assert carrier._carrier.tags == [["digits", "rate=0.5"]]
        assert len(changes) == 1
        await laboratory.close()

    run(main())


def plane(**values):
    return PlaneLaboratory(PlaneState(**values), clock=Ticks(), execute=execute_in_line)


def test_a_link_to_the_spiral_gives_the_same_points_and_net():
    carrier = LinkCarrier(lambda change: change())
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
