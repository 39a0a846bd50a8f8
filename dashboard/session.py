"""Opens one visitor's window in the form at hand: served by a process, or inside a web worker.

Only this module knows which of the two it is; it lends out the clock, the threads and the data.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin

import panel as pn

from data_cache import (
    DATA_SETS,
    DataError,
    DataSet,
    data_set_available,
    fetch_data_set,
    load_data_set,
    load_digits,
    open_manifest,
)
from nn import backend_name, backend_reason

from .data_room import DataSetInMemory, DataSetOverHttp, OpenDataSet, OpenFunction, Report
from .keeping.browser import Launch, keep_in_browser, read_launch
from .keeping.linking import (
    SetLink,
    follow_digits,
    follow_spiral,
    open_for_digits,
    open_for_spiral,
)
from .keeping.links import tell_faults
from .laboratory import Laboratory
from .laboratory_state import LaboratoryState
from .served_page import ServedPage, sleep_longer_when_busy
from .server_choice import find_server
from .server_link import HttpServerLink, LinkError, ServerLink
from .trainer import Pace, execute_in_line
from .views.panes import Pane, PaneView
from .window import REDRAW_SECONDS, Window, WithPage, stand_still

if TYPE_CHECKING:
    from .plane.laboratory import PlaneLaboratory

IN_BROWSER = sys.platform == "emscripten"
SLICE_THREADS = 2
SWITCH_SECONDS = 0.0005
WORKER_PACE = Pace(slice_seconds=0.012, snapshot_seconds=0.05)
WORKER_REDRAW_SECONDS = 0.2
"""In a worker one core trains and redraws; half as many redraws leave it more time to train."""


def open_window() -> Window:
    """Make a window for the visitor at hand and start its work once the page is there."""
    document = pn.state.curdoc
    launch = read_launch(worker_name()) if IN_BROWSER else served_launch()
    server, fault = look_for_server(document, launch.search)
    data = DataSetInMemory(pn.state.as_cached("data-set-digits", load_digits))
    laboratory = Laboratory(
        LaboratoryState(),
        data,
        open_data=choose_source(server),
        clock=time.perf_counter,
        execute=execute_in_line if IN_BROWSER else execute_in_thread,
        pace=WORKER_PACE if IN_BROWSER else None,
    )
    page = ServedPage(document)
    with_page = run_now if IN_BROWSER else page.change
    laboratories: list[Laboratory | PlaneLaboratory] = [laboratory]
    window = Window(
        laboratory,
        with_page,
        redraw_seconds=WORKER_REDRAW_SECONDS if IN_BROWSER else REDRAW_SECONDS,
        clock=time.perf_counter if IN_BROWSER else stand_still,
        sleep=asyncio.sleep if IN_BROWSER else sleep_longer_when_busy,
        more_panes=[
            spiral_pane(laboratories, with_page, launch, lambda: window.link.set),
            evaluation_pane(laboratory, with_page),
        ],
    )

    def begin() -> None:
        if not is_loop_running():
            return  # the page is only being converted; nobody is there to work for
        if not IN_BROWSER:
            page.send_at_once()
        laboratory.start()
        if IN_BROWSER and backend_name() == "numpy":
            laboratory.warn(f"Training is slow in this browser. {backend_reason()}")
        laboratory.spawn(window.keep_drawn())
        laboratory.spawn(window.keep_counted())
        if server is not None:
            window.connect_server(server)
        if fault:
            laboratory.warn(fault)
        follow_digits(laboratory, window.link.set)
        laboratory.spawn(take_up(laboratory, window, launch))
        if IN_BROWSER:
            hear_of_network(laboratory.data_may_be_back)

    def end(_context: Any) -> None:
        page.close()
        for opened in laboratories:
            opened.shut()
            opened.spawn(opened.close())

    pn.state.onload(begin)
    pn.state.on_session_destroyed(end)
    return window


def look_for_server(document: Any, search: str | None) -> tuple[ServerLink | None, str]:
    """Return the line to the server that the page may talk with, or a sentence on why not."""
    try:
        return find_server(document, search), ""
    except LinkError as error:
        return None, str(error)


def choose_source(server: ServerLink | None) -> OpenFunction:
    """Return what opens data sets in the form at hand."""
    if isinstance(server, HttpServerLink):
        return partial(open_from_server, server)
    return open_from_site if IN_BROWSER else open_on_this_machine


async def take_up(laboratory: Laboratory, window: Window, launch: Launch) -> None:
    """Take up what was opened: a link, or the work of a tab before; then keep what is done."""
    if launch.search is None and pn.state.location is not None:
        # Panel hands the address over only after the page was drawn.
        pn.state.location.param.watch(
            lambda event: laboratory.spawn(open_for_digits(laboratory, event.new)), "search"
        )
    elif not launch.resume:
        await open_for_digits(laboratory, launch.search or "")
    if IN_BROWSER:
        await keep_in_browser(laboratory, window.offer, launch)


def served_launch() -> Launch:
    """Return what a served page was opened with."""
    arguments = pn.state.session_args
    query = [
        (name, text.decode(errors="replace")) for name in arguments for text in arguments[name]
    ]
    return Launch(urlencode(query), "", resume=False)


def spiral_pane(
    laboratories: list[Laboratory | PlaneLaboratory],
    with_page: WithPage,
    launch: Launch,
    link: Callable[[], SetLink],
) -> Pane:
    """Return the spiral's pane; its laboratory joins the others when it is first opened."""

    def make(mark_running: Callable[[bool], None]) -> PaneView:
        # Imported late: whoever never opens the pane need not wait for it.
        from .plane.laboratory import PlaneLaboratory  # noqa: PLC0415
        from .plane.presets import PRESETS  # noqa: PLC0415
        from .plane.state import PlaneState  # noqa: PLC0415
        from .plane.views import TICK_SECONDS, WORKER_TICK_SECONDS, SpiralPane  # noqa: PLC0415

        query = (
            launch.search if launch.search is not None else getattr(pn.state.location, "search", "")
        )
        settings, faults = open_for_spiral(query)
        # The settings of the first preset are the defaults.
        preset = "" if settings else next(iter(PRESETS))
        plane = PlaneLaboratory(
            PlaneState(**settings, preset=preset),
            clock=time.perf_counter,
            execute=execute_in_line if IN_BROWSER else execute_in_thread,
            pace=WORKER_PACE if IN_BROWSER else None,
        )
        laboratories.append(plane)
        plane.start()
        tell_faults(faults, plane.warn)
        follow_spiral(plane.state, link())
        pane = SpiralPane(
            plane,
            with_page,
            mark_running=mark_running,
            clock=time.perf_counter,
            tick_seconds=WORKER_TICK_SECONDS if IN_BROWSER else TICK_SECONDS,
        )
        plane.spawn(pane.keep_drawn())
        return pane

    return Pane("spiral", "Spiral", "The plane", make)


def evaluation_pane(laboratory: Laboratory, with_page: WithPage) -> Pane:
    """Return the evaluation's pane, made when it is first opened."""

    def make(mark_running: Callable[[bool], None]) -> PaneView:
        from .evaluation.examiner import Examiner  # noqa: PLC0415 - as above
        from .evaluation.state import EvaluationState  # noqa: PLC0415
        from .views.evaluation import EvaluationPane  # noqa: PLC0415

        state = EvaluationState()
        state.param.watch(lambda event: with_page(lambda: mark_running(event.new)), "running")
        execute = execute_in_line if IN_BROWSER else execute_in_thread
        return EvaluationPane(Examiner(state, laboratory, execute), with_page)

    return Pane("evaluate", "Evaluate", "What it takes for what", make)


def is_loop_running() -> bool:
    """Tell whether this code runs inside an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def worker_name() -> str:
    """Return the name that the page gave to the worker in which this runs."""
    from js import self as worker  # noqa: PLC0415 - exists in a browser only

    return str(worker.name)


def hear_of_network(is_back: Callable[[], None]) -> None:
    """Have a function called whenever the browser finds itself online again."""
    from js import self as worker  # noqa: PLC0415 - exists in a browser only
    from pyodide.ffi import create_proxy  # noqa: PLC0415

    worker.addEventListener("online", create_proxy(lambda _event: is_back()))


async def open_on_this_machine(name: str, report: Report) -> OpenDataSet:
    """Open a data set from the disk, fetching it first when it is not there yet."""
    loop = asyncio.get_running_loop()

    def tell(done: int, total: int, _file: str) -> None:
        sentence = f"Fetching {DATA_SETS[name].title}: {100 * done // max(total, 1)} %"
        loop.call_soon_threadsafe(report, sentence)

    def load() -> DataSet:
        if not data_set_available(name):
            fetch_data_set(name, progress=tell)
        data_set: DataSet = pn.state.as_cached(f"data-set-{name}", load_data_set, name=name)
        return data_set

    return DataSetInMemory(await loop.run_in_executor(None, load))


async def open_from_server(server: HttpServerLink, name: str, report: Report) -> OpenDataSet:
    """Open a data set block by block from a server; one that it lacks, from the site."""
    manifest = await open_manifest(server.manifest)
    if name not in manifest.data_sets:
        return await open_from_site(name, report)
    return DataSetOverHttp(manifest, name)


async def open_from_site(name: str, _report: Report) -> OpenDataSet:
    """Open a data set in the browser: from the package, or block by block from the site."""
    if DATA_SETS[name].bundled:
        return DataSetInMemory(load_data_set(name))
    from js import location  # noqa: PLC0415 - exists in a browser only

    manifest = await open_manifest(urljoin(str(location.href), "data/manifest.json"))
    if name not in manifest.data_sets:
        raise DataError(
            f"This site was built without {DATA_SETS[name].title}. Whoever builds it can add it: "
            f"`inkling data fetch {name}`, then `make site`."
        )
    return DataSetOverHttp(manifest, name)


def run_now(change: Callable[[], None]) -> None:
    """Change the page at once: in a worker nothing else can be changing it."""
    change()


async def execute_in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    """Compute in one of the few threads that all visitors of this process share."""
    pool = pn.state.as_cached("slice-threads", make_threads)
    return await asyncio.get_running_loop().run_in_executor(pool, function, *arguments)


def make_threads() -> ThreadPoolExecutor:
    """Make the threads in which slices of training are computed."""
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - the browser form has no threads

    # Products this small lose far more to BLAS threads waiting for each other than they gain,
    # above all when a browser on the same machine wants the cores too.
    threadpool_limits(1, user_api="blas")
    # Whoever computes hands Python's lock over so often; a message to a page waits for it at every
    # piece that is sent.
    sys.setswitchinterval(SWITCH_SECONDS)
    return ThreadPoolExecutor(SLICE_THREADS, thread_name_prefix="inkling-slice")
