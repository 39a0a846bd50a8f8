"""A visitor's session as the served runtime makes it; the browser runtime needs a browser."""

import asyncio
import sys
import threading
from dataclasses import replace
from types import ModuleType

import numpy as np
import panel as pn
import pytest
from bokeh.document import Document
from cache_helpers import idx_bytes, run, settle, tasks_left
from controller_helpers import Door, few_digits, until

from dashboard import session
from dashboard.digits import datasets
from dashboard.digits.datasets import HttpDataSet, InMemoryDataSet, open_from_site
from dashboard.runtime import SERVED, SLICE_THREADS, execute_in_thread, is_loop_running
from data_cache import DataError, parse_manifest, write_blocks

# Converting and visiting


def test_making_a_session_does_no_work_and_needs_no_loop(visit):
    threads = set(threading.enumerate())
    opened = visit.open()
    snapshot = opened.controller.state.snapshot
    assert (snapshot.iteration, snapshot.cached, snapshot.in_flight) == (0, 0, 0)
    assert set(threading.enumerate()) == threads


def test_converting_the_page_starts_nothing(visit):
    opened = visit.open()
    for work in visit.loaded:
        work()  # as Panel's conversion does: without a running loop
    assert opened.controller.state.snapshot.cached == 0


def test_the_first_view_is_answered_already_in_the_converted_page(visit):
    opened = visit.open()
    state = opened.controller.state
    assert state.is_example
    assert state.prediction.probabilities.argmax() == 4
    document = Document()
    opened.page.template.server_doc(document)
    (ink,) = document.select({"name": "ink"})
    assert ink.tags == ["example"]
    assert ink.data["image"][0].max() == 255


def test_a_step_under_way_leaves_the_page_of_a_visitor_who_has_gone_alone(visit, monkeypatch):
    async def main():
        errors = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, it: errors.append(it))
        door = Door()
        monkeypatch.setattr(session, "SERVED", replace(SERVED, execute_for=lambda _owner: door))
        opened = visit.open()
        controller = opened.controller
        for work in visit.loaded:
            work()
        controller.state.running = True
        await until(lambda: controller.state.snapshot.iteration > 0)
        door.shut()
        await until(lambda: door.waiting == 1 and not opened.digits_pane.redraws.stale)
        # There is something new to draw just when the visitor leaves.
        controller.state.param.trigger("snapshot")
        door.open()
        for work in visit.left:
            work(None)
        # What Bokeh does to the document of a session that is over.
        visit.document.callbacks.destroy()
        await until(lambda: not tasks_left())
        assert errors == []

    run(main())


def test_a_visit_begins_to_prefetch_and_leaving_ends_everything(visit):
    async def main():
        opened = visit.open()
        controller = opened.controller
        for work in visit.loaded:
            work()
        assert controller.state.snapshot.cached == controller.state.cache_size
        controller.state.running = True
        await until(lambda: controller.state.snapshot.iteration > 0)
        assert tasks_left()
        for work in visit.left:
            work(None)
        await until(lambda: not tasks_left())

    run(main())


def test_an_error_while_drawing_is_told_and_not_swallowed(visit, monkeypatch):
    async def main():
        unhandled = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _loop, context: unhandled.append(context["exception"])
        )
        opened = visit.open()

        async def broken():
            raise RuntimeError("the page is torn")

        monkeypatch.setattr(opened.digits_pane.redraws, "run", broken)
        for work in visit.loaded:
            work()
        await settle()
        assert [str(error) for error in unhandled] == ["the page is torn"]
        assert "the page is torn" in opened.controller.state.notice.text
        for work in visit.left:
            work(None)
        await until(lambda: not tasks_left())

    run(main())


def test_two_visitors_share_the_digits_but_not_the_controller(visit):
    one, other = visit.open().controller, visit.open().controller
    assert one is not other
    assert one.state is not other.state
    assert np.shares_memory(
        run(one.data.part("train")).images, run(other.data.part("train")).images
    )


def test_the_page_is_changed_on_the_next_tick_of_its_own_document(visit):
    opened = visit.open()
    opened.controller.state.busy = "Working …"
    callbacks = [callback.callback for callback in visit.document.session_callbacks]
    assert callbacks
    (notice,) = opened.digits_pane.parts["notice"].select(pn.pane.HTML)
    assert "Working" not in notice.object
    for callback in callbacks:
        callback()
    assert "Working" in notice.object


@pytest.mark.parametrize("in_browser", [True, False])
def test_the_plane_is_autosaved_in_both_runtimes(visit, monkeypatch, in_browser):
    async def main():
        saved = []
        monkeypatch.setattr(session, "IN_BROWSER", in_browser)
        monkeypatch.setattr(session, "worker_name", lambda: "")
        monkeypatch.setattr(session, "add_plane", lambda _autosave, plane: saved.append(plane))
        visit.open().page.panes.open("spiral")
        assert len(saved) == 1
        for work in visit.left:
            work(None)
        await until(lambda: not tasks_left())

    run(main())


def test_whether_a_loop_runs_is_known():
    async def main():
        return is_loop_running()

    assert is_loop_running() is False
    assert run(main()) is True


# Threads


def test_slices_are_computed_in_a_few_threads_that_all_visitors_share():
    async def main():
        async def name(_number):
            return await execute_in_thread(lambda: threading.current_thread().name)

        return set(await asyncio.gather(*map(name, range(20))))

    names = run(main()) | run(main())
    assert 1 <= len(names) <= SLICE_THREADS
    assert all(name.startswith("inkling-slice") for name in names)


def test_an_error_in_a_thread_reaches_whoever_waits():
    def fail(text):
        raise ArithmeticError(text)

    with pytest.raises(ArithmeticError, match="too much"):
        run(execute_in_thread(fail, "too much"))


# Data on this machine


def write_mnist(folder, name="mnist", count=120):
    """A folder of idx files, so small that a twelfth of the training half is for validation."""
    target = folder / name
    target.mkdir(parents=True)
    for part, size in (("train", count), ("t10k", 20)):
        labels = (np.arange(size) % 10).astype(np.uint8)
        (target / f"{part}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
        images = np.zeros((size, 28, 28), np.uint8)
        images[:, 0, 0] = labels
        (target / f"{part}-images-idx3-ubyte").write_bytes(idx_bytes(images))


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("INKLING_DATA", str(tmp_path))
    monkeypatch.setattr(
        type(pn.state),
        "as_cached",
        lambda _state, _key, function, **arguments: function(**arguments),
    )
    return tmp_path


def test_a_data_set_in_the_folder_of_inkling_data_is_opened_without_fetching(
    own_folder, monkeypatch
):
    monkeypatch.setattr(datasets, "fetch_data_set", None)
    write_mnist(own_folder)
    reports = []
    opened = run(datasets.open_from_disk("mnist", reports.append))
    assert (opened.name, opened.title) == ("mnist", "MNIST 60,000")
    assert [opened.count(part) for part in ("train", "validation", "test")] == [110, 10, 20]
    assert reports == []


def test_a_data_set_that_is_missing_is_fetched_and_the_progress_is_told(own_folder, monkeypatch):
    asked = []

    def fetch(name, *, progress):
        asked.append((name, threading.current_thread() is threading.main_thread()))
        progress(0, 0, "a file of unknown size")
        progress(25, 100, "images")
        progress(100, 100, "images")
        write_mnist(own_folder, name)

    async def main():
        reports = []
        opened = await datasets.open_from_disk("mnist", reports.append)
        return reports, opened

    monkeypatch.setattr(datasets, "fetch_data_set", fetch)
    monkeypatch.setattr(datasets, "data_set_available", lambda _name: bool(asked))
    reports, opened = run(main())
    assert asked == [("mnist", False)]
    assert reports == [f"Fetching MNIST 60,000: {share} %" for share in (0, 25, 100)]
    assert opened.count("train") == 110


def test_a_data_set_that_cannot_be_fetched_is_an_error_that_says_so(own_folder, monkeypatch):
    def fetch(_name, *, progress):
        raise DataError("no mirror answered; check the connection.")

    monkeypatch.setattr(datasets, "fetch_data_set", fetch)
    monkeypatch.setattr(datasets, "data_set_available", lambda _name: False)
    with pytest.raises(DataError, match="no mirror answered"):
        run(datasets.open_from_disk("mnist", lambda _sentence: None))


# Data of a site


def test_the_bundled_digits_are_opened_without_the_site():
    opened = run(open_from_site("digits", lambda _sentence: None))
    assert isinstance(opened, InMemoryDataSet)
    assert opened.count("train") == 4000


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site with Fashion-MNIST alone, at an address as a browser would tell it."""
    write_blocks([few_digits("fashion-mnist")], tmp_path)
    browser = ModuleType("js")
    browser.location = type("Location", (), {"href": "http://host/lab/index.html?run=1"})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "js", browser)
    asked = []

    async def open_manifest(url, on_retry):
        asked.append(url)
        return parse_manifest((tmp_path / "manifest.json").read_bytes(), url)

    monkeypatch.setattr(datasets, "open_manifest", open_manifest)
    return asked


def test_another_data_set_is_opened_from_the_blocks_beside_the_page(site):
    opened = run(open_from_site("fashion-mnist", lambda _sentence: None))
    assert site == ["http://host/lab/data/manifest.json"]
    assert isinstance(opened, HttpDataSet)
    assert opened.count("train") == 300


def test_a_data_set_that_the_site_lacks_is_an_error_that_says_how_to_add_it(site):
    with pytest.raises(DataError, match=r"Expected MNIST 60,000.*`inkling data fetch mnist`"):
        run(open_from_site("mnist", lambda _sentence: None))
