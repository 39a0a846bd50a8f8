"""Opens one visitor's window in the form at hand: served by a process, or inside a web worker.

Only this module knows which of the two it is; it lends out what differs and opens the data.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin

import panel as pn

from dashboard.autosave.autosave import Autosave
from dashboard.autosave.browser import add_plane, autosave_in_browser, create_autosave
from dashboard.digits.controller import DigitsController
from dashboard.digits.datasets import (
    DataSetInMemory,
    DataSetOverHttp,
    OpenDataSet,
    OpenFunction,
    Report,
)
from dashboard.digits.server_choice import find_server
from dashboard.digits.server_link import HttpServerLink, LinkError, ServerLink
from dashboard.digits.state import DigitsState
from dashboard.digits.views.pane import DigitsPane
from dashboard.runtime import IN_BROWSER, SERVED, WORKER, Runtime
from dashboard.sharing.links import (
    Launch,
    SetLink,
    open_digits_link,
    read_spiral_link,
    tell_faults,
    track_digits_link,
    track_spiral_link,
)
from dashboard.shell.page_writer import DirectPageWriter, PageWriter, ServedPageWriter
from dashboard.shell.tabs import Pane, PaneView
from dashboard.upstream.served_messages import batch_messages
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

if TYPE_CHECKING:
    from dashboard.plane.controller import PlaneController


def open_window() -> DigitsPane:
    """Make a window for the visitor at hand and start its work once the page is there."""
    document = pn.state.curdoc
    runtime = WORKER if IN_BROWSER else SERVED
    launch = Launch.from_worker_name(worker_name()) if IN_BROWSER else served_launch()
    server, fault = look_for_server(document, launch.search)
    data = DataSetInMemory(pn.state.as_cached("data-set-digits", load_digits))
    controller = DigitsController(
        DigitsState(),
        data,
        open_data=choose_source(server),
        clock=time.perf_counter,
        execute=runtime.execute,
        pace=runtime.pace,
    )
    served_page = ServedPageWriter(document)
    page: PageWriter = DirectPageWriter() if IN_BROWSER else served_page
    controllers: list[DigitsController | PlaneController] = [controller]
    autosave = create_autosave(controller, launch.tab) if IN_BROWSER else None
    window = DigitsPane(
        controller,
        page,
        pace=runtime.redraw_pace,
        more_panes=[
            spiral_pane(
                runtime,
                controllers,
                page,
                launch,
                link=lambda: window.link.set,
                autosave=autosave,
            ),
            evaluation_pane(runtime, controller, page),
        ],
    )

    def begin() -> None:
        if not is_loop_running():
            return  # the page is only being converted; nobody is there to work for
        if not IN_BROWSER:
            batch_messages(document)
        controller.start()
        if IN_BROWSER and backend_name() == "numpy":
            controller.warn(f"Training is slow in this browser. {backend_reason()}")
        controller.spawn(window.redraws.run())
        controller.spawn(window.count_blocks())
        if server is not None:
            window.connect_server(server)
        if fault:
            controller.warn(fault)
        track_digits_link(controller, window.link.set)
        controller.spawn(take_up(controller, window, launch, autosave))
        if IN_BROWSER:
            hear_of_network(controller.data_may_be_back)

    def end(_context: Any) -> None:
        served_page.close()
        for opened in controllers:
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


async def take_up(
    controller: DigitsController, window: DigitsPane, launch: Launch, autosave: Autosave | None
) -> None:
    """Take up what was opened: a link, or the work of a tab before; then keep what is done."""
    if launch.search is None and pn.state.location is not None:
        # Panel hands the address over only after the page was drawn.
        pn.state.location.param.watch(
            lambda event: controller.spawn(open_digits_link(controller, event.new)), "search"
        )
    elif not launch.resume:
        await open_digits_link(controller, launch.search or "")
    if autosave is not None:
        await autosave_in_browser(autosave, controller, window.offer, resume=launch.resume)


def served_launch() -> Launch:
    """Return what a served page was opened with."""
    arguments = pn.state.session_args
    query = [
        (name, text.decode(errors="replace")) for name in arguments for text in arguments[name]
    ]
    return Launch(urlencode(query), "", resume=False)


def spiral_pane(
    runtime: Runtime,
    controllers: list[DigitsController | PlaneController],
    page: PageWriter,
    launch: Launch,
    *,
    link: Callable[[], SetLink],
    autosave: Autosave | None,
) -> Pane:
    """Return the spiral's pane; its controller joins the others when it is first opened.

    In the browser form it is kept from then on, and goes on from what was kept of it.
    """

    def make(mark_running: Callable[[bool], None]) -> PaneView:
        # Imported late: whoever never opens the pane need not wait for it.
        from dashboard.plane.controller import PlaneController  # noqa: PLC0415
        from dashboard.plane.presets import PRESETS  # noqa: PLC0415
        from dashboard.plane.state import PlaneState  # noqa: PLC0415
        from dashboard.plane.views.pane import PlanePane  # noqa: PLC0415

        query = (
            launch.search if launch.search is not None else getattr(pn.state.location, "search", "")
        )
        opened = read_spiral_link(query)
        # The settings of the first preset are the defaults.
        preset = "" if opened.values else next(iter(PRESETS))
        plane = PlaneController(
            PlaneState(**opened.values, preset=preset),
            clock=time.perf_counter,
            execute=runtime.execute,
            time_budget=runtime.plane_pace,
        )
        controllers.append(plane)
        tell_faults(opened.faults, plane.warn)
        track_spiral_link(plane.state, link())
        pane = PlanePane(
            plane,
            page,
            mark_running=mark_running,
            pace=runtime.plane_redraw_pace,
        )
        plane.spawn(pane.redraws.run())
        if autosave is not None:
            add_plane(autosave, plane)
        return pane

    return Pane("spiral", "Spiral", "The plane", make)


def evaluation_pane(runtime: Runtime, controller: DigitsController, page: PageWriter) -> Pane:
    """Return the evaluation's pane, made when it is first opened."""

    def make(mark_running: Callable[[bool], None]) -> PaneView:
        from dashboard.evaluation.controller import EvaluationController  # noqa: PLC0415 - as above
        from dashboard.evaluation.state import EvaluationState  # noqa: PLC0415
        from dashboard.evaluation.views.pane import EvaluationPane  # noqa: PLC0415

        state = EvaluationState()
        state.param.watch(lambda event: page.write(lambda: mark_running(event.new)), "running")
        return EvaluationPane(EvaluationController(state, controller, runtime.execute), page)

    return Pane("evaluate", "Evaluate", "Confusion matrix", make)


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
