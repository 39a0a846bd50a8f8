"""The plane is saved although its pane is opened late, and restored when it is opened."""

import pytest
from autosave_helpers import Tab, UnreliableStore, saves_in
from controller_helpers import until
from training_helpers import in_event_loop

from dashboard.autosave.store import StoreError

DEFAULTS = {"hidden_layers": [128], "batch_size": 32}


async def left_behind(**settings):
    """The records of a tab in which only the plane was trained, for 7 steps."""
    records = {}
    tab = Tab(records, plane=settings, **DEFAULTS)
    tab.open_plane()
    await tab.train_plane(7)
    await tab.close()
    return records


@pytest.mark.parametrize("order", ["pane first", "store first", "pane after the answer"])
@in_event_loop
async def test_what_was_saved_of_the_plane_alone_is_offered_and_restored_in_any_order(order):
    records = await left_behind(seed=9)
    tab = Tab(records, plane={"hidden_layers": [4]}, connect=False, **DEFAULTS)
    if order == "pane first":
        tab.open_plane()
    tab.connect()
    assert "iteration 7 on 2-D data" in await tab.offered()
    if order == "store first":
        tab.open_plane()
    await tab.answer(True)
    if order == "pane after the answer":
        await tab.saved("iteration 7 on 2-D data")
        tab.open_plane()
    await until(lambda: tab.plane.state.snapshot.iteration == 7)
    assert tab.plane.state.seed == 9
    await tab.train_plane(1)
    await tab.close()


@pytest.mark.parametrize("answered", [True, False])
@in_event_loop
async def test_a_declined_or_unanswered_offer_leaves_the_opened_plane_alone(answered):
    records = await left_behind()
    tab = Tab(records, plane={"seed": 4}, **DEFAULTS)
    await tab.offered()
    plane = tab.open_plane()
    if answered:
        await tab.answer(False)
    await tab.train_plane(2)
    assert (plane.state.seed, plane.state.snapshot.iteration) == (4, 2)
    titles = {save.title for save in saves_in(records)}
    assert "iteration 7 on 2-D data" in titles
    await tab.close()


@in_event_loop
async def test_a_plane_that_is_not_opened_stays_saved_with_its_title():
    records = await left_behind()
    for _ in range(2):
        tab = Tab(records, **DEFAULTS)
        before = max(records)
        await tab.answer(True)
        await until(lambda before=before: max(records) > before)
        await tab.close()
    tab = Tab(records, **DEFAULTS)
    await tab.answer(True)
    await until(lambda: tab.controller.trainer.run_number == 2)
    tab.controller.step()
    await tab.saved("iteration 7 on 2-D data and iteration 1 of a 784-128-10 net")
    await tab.close()


@in_event_loop
async def test_the_test_accuracy_of_the_plane_is_named():
    tab = Tab(await left_behind(), **DEFAULTS)
    assert "iteration 7 on 2-D data (test accuracy " in await tab.offered()
    await tab.close()


@in_event_loop
async def test_after_a_crash_the_plane_is_restored_without_asking():
    tab = Tab(await left_behind(), resume=True, **DEFAULTS)
    tab.open_plane()
    await until(lambda: tab.plane.state.snapshot.iteration == 7)
    assert tab.offer.answer is None
    await tab.close()


@pytest.mark.parametrize("method", ["enter", "open_sessions", "names", "read"])
@in_event_loop
async def test_a_store_that_cannot_be_used_at_the_start_is_used_once_it_can_be(method):
    store = UnreliableStore(await left_behind())
    store.failures[method] = StoreError("its database does not answer")
    tab = Tab(store.records, store=store, **DEFAULTS)
    await until(lambda: tab.reported == list(store.failures.values()))
    assert tab.offer.answer is None
    store.failures.clear()
    assert "iteration 7 on 2-D data" in await tab.offered()
    await tab.train(1)
    assert tab.reported[1:] == [None]
    await tab.close()


@in_event_loop
async def test_a_restart_without_a_save_of_its_own_follows_the_address_and_asks_about_others():
    records = await left_behind()
    tab = Tab(records, resume=True, tab="another", **DEFAULTS)
    assert "iteration 7 on 2-D data" in await tab.offered()
    assert tab.links_opened == 1
    await tab.close()
    tab = Tab(records, resume=True, **DEFAULTS)
    await until(lambda: len(records) > 0 and tab.newest().title == "iteration 7 on 2-D data")
    assert tab.links_opened == 0
    await tab.close()


@in_event_loop
async def test_a_restart_without_a_usable_store_follows_the_address_once():
    store = UnreliableStore()
    store.failures["names"] = StoreError("its database does not answer")
    tab = Tab(store.records, resume=True, store=store, **DEFAULTS)
    await until(lambda: tab.reported == list(store.failures.values()))
    store.failures.clear()
    await tab.train(1)
    assert tab.links_opened == 1
    await tab.close()
