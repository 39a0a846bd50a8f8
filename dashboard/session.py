"""The session of one visitor: makes the controllers and the page, and starts and ends their work.

It alone chooses between the two runtimes; everything it makes is given what differs between them.
"""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin, urlsplit

import panel as pn

from dashboard.autosave.autosave import LONGEST_PAUSE_SECONDS
from dashboard.autosave.browser import (
    IN_THE_BROWSER,
    ON_THE_SERVER,
    add_plane,
    autosave_in_browser,
    create_autosave,
    rename_worker_tab,
)
from dashboard.autosave.own_digits import SavedOwnDigits
from dashboard.autosave.runs import saved_digits_runs, saved_plane_runs
from dashboard.digits.controller import DigitsController
from dashboard.digits.datasets import (
    DataSetOpener,
    InMemoryDataSet,
    OpenedDataSet,
    ReportProgress,
    open_from_disk,
    open_from_server,
    open_from_site,
)
from dashboard.digits.server_weights import (
    HttpServerWeights,
    ServerWeights,
    ServerWeightsError,
    find_server,
)
from dashboard.digits.state import DigitsState
from dashboard.digits.views.pane import DigitsPane
from dashboard.inspection.digits_panels import PANELS
from dashboard.languages.language import accepted_codes, choose_language
from dashboard.languages.text import gettext, set_language, translate, use_language
from dashboard.languages.words import translate_errors
from dashboard.runs.recorder import RunRecorder
from dashboard.runs.records import RunCollection
from dashboard.runtime import (
    IN_BROWSER,
    SERVED,
    WORKER,
    MemoryRelease,
    call_later,
    fair_threads,
    is_loop_running,
    on_connection_back,
    shorten_garbage_collections,
    worker_name,
)
from dashboard.sharing.links import (
    Launch,
    linked_points,
    open_digits_link,
    read_spiral_link,
    tell_faults,
)
from dashboard.sharing.run_links import track_digits_link, track_spiral_link
from dashboard.shell import read_asset
from dashboard.shell.motion import MotionPreference
from dashboard.shell.page import Page
from dashboard.shell.page_writer import DirectPageWriter, PageWriter, ServedPageWriter
from dashboard.shell.tabs import Pane, PaneView
from dashboard.training.timeline import CheckpointMemory
from dashboard.upstream.busy_cleanup import begin_busy_cleanup
from dashboard.upstream.document_cleanup import free_components, free_models_at_once
from dashboard.upstream.garbage_collection import leave_collections_to_app
from dashboard.upstream.served_messages import batch_messages
from dashboard.upstream.template import make_template
from data_cache import load_digits
from nn import backend_name, backend_reason

if not IN_BROWSER:
    # A page knows the component classes that exist when it is opened; the settings of a page that
    # was opened before another one's could not be shown, if the first settings brought a new one.
    import dashboard.shell.file_upload  # noqa: F401

RETRY_SECONDS = 5
"""After which a page without room tries again."""

SERVED_PAUSE_SECONDS = 3.5
"""Longest pause between two saves on the server: a kill loses the pause and one save at most."""

LANGUAGE_VARIABLE = "INKLING_LANGUAGE"
"""In the environment of the site's worker; see `worker.js`."""

LANGUAGE_COOKIE = "inkling-language"
"""Set by the page when a language is chosen, and by nothing else."""

if TYPE_CHECKING:
    from dashboard.autosave.served import ServedAutosave
    from dashboard.autosave.visitor_store import SaveService
    from dashboard.lessons.controller import LessonController
    from dashboard.lessons.panes import LessonPane
    from dashboard.lessons.views.panel import LessonPanel
    from dashboard.plane.controller import PlaneController
    from dashboard.runs.controller import RunSource
    from dashboard.visitors import Visitors


def open_page() -> Any:
    """Return what Panel serves to the visitor at hand: the page, or why it is refused."""
    if not IN_BROWSER:
        language = choose_language(wanted_languages())
        with use_language(language):
            fault, may_retry = _page_fault(pn.state.curdoc)
        if fault:
            refusal = make_template(read_asset("refused.html"))
            # In the document itself, because the connection may be refused, too.
            refusal.add_variable("fault", fault)
            refusal.add_variable("language", language)
            refusal.add_variable("gettext", partial(translate, language))
            refusal.add_variable("retry_seconds", RETRY_SECONDS if may_retry else 0)
            return refusal
    return open_session().page.template


def _page_fault(document: Any) -> tuple[str, bool]:
    """Return why a visitor is refused, or "", and whether trying again may help."""
    from dashboard.api.access import page_fault  # noqa: PLC0415 - served only
    from dashboard.api.settings import settings_from_environment  # noqa: PLC0415

    request = getattr(document.session_context, "request", None)
    # Bokeh's proxy of a request shows the headers in the token of the session, which clients make.
    request = getattr(request, "_request", request)
    if request is None or not hasattr(request, "remote_ip"):
        return "", False  # the page is being converted; there is no visitor
    fault = page_fault(request.headers, settings_from_environment())
    if fault:
        return fault, False
    return visitors().refuse(str(request.remote_ip)), True


def visitors() -> Visitors:
    """Return the visitors of this process."""
    from dashboard.api.settings import settings_from_environment  # noqa: PLC0415 - served only
    from dashboard.visitors import Visitors  # noqa: PLC0415

    def make() -> Visitors:
        shorten_garbage_collections()
        begin_busy_cleanup()
        leave_collections_to_app()
        free_models_at_once()
        settings = settings_from_environment()
        return Visitors(
            settings.max_sessions,
            settings.pages_per_second,
            time.monotonic,
            settings.max_training,
        )

    found: Visitors = pn.state.as_cached("visitors", make)
    return found


def saves() -> SaveService | None:
    """Return what stores the work of this server's visitors; None if the operator wants none."""
    from dashboard.api.settings import settings_from_environment  # noqa: PLC0415 - served only
    from dashboard.autosave.save_database import SaveDatabase, SaveLimits  # noqa: PLC0415
    from dashboard.autosave.visitor_store import SaveService  # noqa: PLC0415

    settings = settings_from_environment()

    def make() -> SaveService:
        limits = SaveLimits(settings.saves_bytes, 86_400 * settings.saves_days)
        return SaveService(SaveDatabase(settings.state_folder, limits))

    found: SaveService | None = pn.state.as_cached("saves", make) if settings.saves_bytes else None
    return found


def checkpoint_memory() -> CheckpointMemory:
    """Return the memory that the checkpoints of all visitors of this process share."""
    memory: CheckpointMemory = pn.state.as_cached("checkpoint-memory", CheckpointMemory)
    return memory


def open_session() -> Session:
    """Make the session of the visitor at hand; its work begins when the page is loaded."""
    if not IN_BROWSER:
        count = visitors()
        fair_threads()  # the answer to the first drawing needs one thread only, too
    session = Session(pn.state.curdoc)
    pn.state.onload(session.start)
    pn.state.on_session_destroyed(lambda _context: session.end())
    if not IN_BROWSER:
        count.enter()
        memory: MemoryRelease = pn.state.as_cached("memory-release", MemoryRelease)

        def left(_context: Any) -> None:
            count.leave()
            memory.request(session)

        pn.state.on_session_destroyed(left)
    return session


class Session:
    """The controllers and the page of one visitor.

    Parameters
    ----------
    document
        The Bokeh document of the session.

    Attributes
    ----------
    controller
        Of the digits pane.
    page, digits_pane
        What the visitor sees.
    """

    def __init__(self, document: Any) -> None:
        self._document = document
        self._runtime = WORKER if IN_BROWSER else SERVED
        self._execute = self._runtime.execute_for(self)
        # In a browser it is known when the work of the session begins.
        self._launch = Launch(None, "", resume=False) if IN_BROWSER else served_launch()
        set_language(document, choose_language(wanted_languages()))
        translate_errors()
        self._server, self._server_error = look_for_server(self._launch.search)
        self._served_writer = ServedPageWriter(document)
        self._writer: PageWriter = (
            DirectPageWriter(call_later, document) if IN_BROWSER else self._served_writer
        )
        self.controller = DigitsController(
            DigitsState(),
            InMemoryDataSet(pn.state.as_cached("data-set-digits", load_digits)),
            open_data_set=self._open_data_set,
            clock=time.perf_counter,
            execute=self._execute,
            time_budget=self._runtime.time_budget,
            checkpoint_memory=checkpoint_memory(),
        )
        self.controller.drawing.take_example()
        self._controllers: list[DigitsController | PlaneController] = []
        self._ended: list[Callable[[], None]] = []
        self._add_controller(self.controller)
        self._plane: PlaneController | None = None
        self._recorders = {"digits": RunRecorder(self.controller.training, RunCollection())}
        self._run_sources: dict[str, RunSource] = {}
        self._motion = MotionPreference()
        inside: dict[str, Any] = {
            "inside": gettext("Inside the network"),
            "inside_title": gettext("Inside"),
            "has_model": True,
        }
        self.page = Page(
            [
                Pane(
                    "digits",
                    gettext("Digits"),
                    gettext("Draw and predict"),
                    self._make_digits_pane,
                    panels=tuple((entry.name, gettext(entry.title)) for entry in PANELS),
                    **inside,
                ),
                Pane(
                    "spiral",
                    gettext("2-D data"),
                    gettext("The plane"),
                    self._make_plane_pane,
                    **inside,
                ),
                Pane(
                    "evaluate",
                    gettext("Evaluate"),
                    gettext("Confusion matrix"),
                    self._make_evaluation_pane,
                    inside=gettext("Scores"),
                    inside_title=gettext("Scores"),
                    has_settings=False,
                ),
                Pane(
                    "runs",
                    gettext("Runs"),
                    gettext("Runs"),
                    self._make_runs_pane,
                    inside=gettext("Experiments"),
                    inside_title=gettext("Experiments"),
                    has_settings=False,
                ),
            ],
            self._writer,
            self._motion,
        )
        self.page.lessons.opened = self._open_lessons
        self._lessons: tuple[LessonController, LessonPanel] | None = None
        self._autosave = create_autosave(
            self.controller,
            self._launch.tab,
            self.page.alert,
            self.page.offer,
            rename_tab=rename_worker_tab if IN_BROWSER else self.page.connection.report_tab,
            report_saved=self.page.connection.report_saved,
            between_slices=self._between_slices,
            place=IN_THE_BROWSER if IN_BROWSER else ON_THE_SERVER,
            longest_pause=LONGEST_PAUSE_SECONDS if IN_BROWSER else SERVED_PAUSE_SECONDS,
        )
        self._served: ServedAutosave | None = None
        self._is_ended = False

    def start(self) -> None:
        """Start the work of the session, once the page is loaded."""
        if not is_loop_running():
            return  # the page is only being converted; there is no visitor
        controller, pane = self.controller, self.digits_pane
        if IN_BROWSER:
            self._launch = Launch.from_worker_name(worker_name())
            self._server, self._server_error = look_for_server(self._launch.search)
            self._autosave.tab = self._launch.tab
        else:
            self._served_writer.deliveries = batch_messages(self._document)
        controller.start()
        if IN_BROWSER and backend_name() == "numpy":
            controller.warn(
                gettext(
                    "Training is slow in this browser. {reason}",
                    reason=backend_reason(),
                )
            )
        controller.spawn(pane.redraws.run())
        controller.spawn(pane.model_menu.redraws.run())
        controller.spawn(pane.count_blocks())
        pane.inspection.start()
        if self._server is not None:
            pane.connect(self._server)
        if self._server_error:
            controller.warn(self._server_error)
        track_digits_link(controller, self.page.link.set)
        controller.restore_file = self._autosave.restore_file
        self.page.link.save_file = lambda: controller.spawn(self._save_file())
        runs = saved_digits_runs(self._recorders["digits"].collection)
        controller.spawn(self._autosave.add(runs))
        controller.spawn(self._autosave.add(SavedOwnDigits(pane.teaching.state)))
        controller.spawn(self._open_link_or_save())
        if IN_BROWSER:
            on_connection_back(controller.data_may_be_back)

    async def _open_data_set(self, name: str, report: ReportProgress) -> OpenedDataSet:
        """Open a data set where this session finds it."""
        return await choose_opener(self._server)(name, report)

    async def _save_file(self) -> None:
        """Have the browser save a file of all work."""
        content = await self._autosave.to_file()
        if content is None:
            self.controller.warn(gettext("There is no work yet that a file could have."))
        else:
            self.digits_pane.download.offer("work.inkling", content)

    def end(self) -> None:
        """End all work, because the visitor has left."""
        is_handed_over = self._is_ended
        if not is_handed_over:
            self._shut()
        self.controller.spawn(self._close_and_free(is_handed_over))

    async def _close_and_free(self, is_closed: bool) -> None:
        """End all work, then let go of what Python would free by a collection of garbage only."""
        if not is_closed:
            await self._close()
        free_components(self.page.template, *(it.state for it in self._controllers))

    def _shut(self) -> None:
        self._is_ended = True
        self._served_writer.close()
        for ended in self._ended:
            ended()
        for controller in self._controllers:
            controller.shut()

    async def _close(self, save: bool = True) -> None:
        if save:
            await self._autosave.close()
        for controller in self._controllers:
            await controller.close()

    async def _hand_over(self, save: bool) -> None:
        """End all work, because another page continues it."""
        if not self._is_ended:
            self._shut()
            close_connections(self._document)
            await self._close(save)

    @asynccontextmanager
    async def _between_slices(self) -> AsyncIterator[None]:
        """Wait until no thread trains, and keep it so."""
        async with AsyncExitStack() as stack:
            for controller in self._controllers:
                await stack.enter_async_context(controller.trainer.between_slices)
            yield

    async def _autosave_on_server(self) -> None:
        """Save on the server, for the browser that the page names."""
        from bokeh.events import ConnectionLost  # noqa: PLC0415 - served only

        from dashboard.api.settings import settings_from_environment  # noqa: PLC0415
        from dashboard.autosave.served import ServedAutosave  # noqa: PLC0415

        served = self._served = ServedAutosave(
            self._autosave,
            self.page.connection,
            self.controller,
            self.page.offer,
            saves(),
            hand_over=self._hand_over,
            is_training=lambda: any(it.state.running for it in self._controllers),
            disconnect=lambda: close_connections(self._document),
            idle_seconds=60 * settings_from_environment().idle_minutes,
            clock=time.monotonic,
        )
        self._document.on_event(ConnectionLost, lambda _event: served.connection_lost())
        await served.run()

    def _add_controller(self, controller: DigitsController | PlaneController) -> None:
        """End a controller with the session, and count its training among that of the visitors."""
        self._controllers.append(controller)
        if not IN_BROWSER:
            self._ended.append(visitors().limit_training(controller.state, controller.warn))

    async def _open_link_or_save(self) -> None:
        """Apply the link that was opened; then offer to restore earlier work, and autosave."""
        controller, search = self.controller, self._launch.search
        if search is None and pn.state.location is not None:
            # Panel sets the address only after the page was drawn.
            pn.state.location.param.watch(
                lambda event: controller.spawn(open_digits_link(controller, event.new)), "search"
            )
        elif not self._launch.resume:
            await open_digits_link(controller, search or "")
        if not IN_BROWSER:
            await self._autosave_on_server()
            return
        open_link = partial(open_digits_link, controller, search or "")
        resume = open_link if self._launch.resume else None
        await autosave_in_browser(self._autosave, controller, self.page.offer, resume=resume)

    def _make_digits_pane(self, mark_running: Callable[[bool], None]) -> PaneView:
        self.digits_pane = DigitsPane(
            self.controller,
            self._writer,
            mark_running=mark_running,
            rate=self._motion.limit(self._runtime.redraw_rate),
            begin_lesson=self._begin_lesson,
        )
        return self.digits_pane

    def _begin_lesson(self, name: str) -> None:
        """Open a lesson of the package beside its pane."""
        self.page.lessons.open(f"lesson={name}")

    def _make_plane_pane(self, mark_running: Callable[[bool], None]) -> PaneView:
        """Make the plane pane and its controller when it is first opened, to keep the start short.

        Its work is autosaved from then on, and restored now.
        """
        from dashboard.plane.controller import PlaneController  # noqa: PLC0415
        from dashboard.plane.presets import PRESETS  # noqa: PLC0415
        from dashboard.plane.state import PlaneState  # noqa: PLC0415
        from dashboard.plane.views.pane import PlanePane  # noqa: PLC0415

        search = self._launch.search
        query = search if search is not None else getattr(pn.state.location, "search", "")
        opened = read_spiral_link(query)
        # The settings of the first preset are the defaults.
        preset = "" if opened.settings else next(iter(PRESETS))
        points = linked_points(opened)
        plane = PlaneController(
            PlaneState(
                **opened.settings,
                preset=preset,
                points=points,
                scheduled_changes=opened.changes,
            ),
            clock=time.perf_counter,
            execute=self._execute,
            time_budget=self._runtime.plane_time_budget,
            checkpoint_memory=checkpoint_memory(),
        )
        self._add_controller(plane)
        self._plane = plane
        self._recorders["spiral"] = RunRecorder(plane.training, RunCollection())
        tell_faults(opened.faults, plane.warn, opened.refusal)
        track_spiral_link(plane, self.page.link.set)
        pane = PlanePane(
            plane,
            self._writer,
            mark_running=mark_running,
            rate=self._motion.limit(self._runtime.plane_redraw_rate),
        )
        plane.spawn(pane.redraws.run())
        add_plane(self._autosave, plane)
        runs = saved_plane_runs(self._recorders["spiral"].collection)
        plane.spawn(self._autosave.add(runs))
        return pane

    def _make_evaluation_pane(self, mark_running: Callable[[bool], None]) -> PaneView:
        """Make the evaluation pane when it is first opened, to keep the start short."""
        from dashboard.evaluation.controller import EvaluationController  # noqa: PLC0415
        from dashboard.evaluation.state import EvaluationState  # noqa: PLC0415
        from dashboard.evaluation.views.pane import EvaluationPane  # noqa: PLC0415

        state = EvaluationState()
        state.param.watch(
            lambda event: self._writer.write(lambda: mark_running(event.new)), "running"
        )
        evaluation = EvaluationController(state, self.controller, self._execute)
        return EvaluationPane(evaluation, self._writer)

    def _make_runs_pane(self, _mark_running: Callable[[bool], None]) -> PaneView:
        """Make the runs pane when it is first opened, to keep the start short."""
        from dashboard.runs.controller import RunsController  # noqa: PLC0415
        from dashboard.runs.state import RunsState  # noqa: PLC0415
        from dashboard.runs.views.pane import RunsPane  # noqa: PLC0415

        runs = RunsController(
            RunsState(),
            self._sources_of_runs,
            self._execute,
            self.controller.spawn,
            self._make_report,
        )
        pane = RunsPane(runs, self._writer, self._motion.limit(self._runtime.redraw_rate))
        self.controller.spawn(pane.run())
        return pane

    def _open_lessons(self, query: str) -> pn.viewable.Viewable:
        """Make the lessons when they are first opened, and open the one that a query names."""
        if self._lessons is None:
            from dashboard.lessons.controller import LessonController  # noqa: PLC0415
            from dashboard.lessons.state import LessonState  # noqa: PLC0415
            from dashboard.lessons.views.panel import LessonPanel  # noqa: PLC0415
            from dashboard.shell.theme import Theme  # noqa: PLC0415

            state = LessonState()
            lessons = LessonController(
                state, self._lesson_pane, self._execute, self.controller.spawn
            )
            state.param.watch(
                lambda *_events: self.page.lessons.report(
                    state.query(), state.pane(), state.score(), state.is_complete()
                ),
                ["lesson", "task", "step", "done", "first_answer", "result_text"],
            )
            self._lessons = lessons, LessonPanel(lessons, self._writer, Theme())
        controller, panel = self._lessons
        controller.open(query)
        return panel.view

    def _lesson_pane(self, name: str) -> LessonPane:
        """Return a pane for lessons; that of the 2-D data is made if it was not open yet."""
        from dashboard.lessons.panes import DigitsLessonPane, PlaneLessonPane  # noqa: PLC0415

        if name == "digits":
            return DigitsLessonPane(self.controller)
        self.page.panes.open(name)
        if self._plane is None:
            raise RuntimeError(
                gettext("The pane of the 2-D data could not be opened; open it, then this.")
            )
        return PlaneLessonPane(self._plane)

    async def _make_report(self, *run: Any) -> bytes:
        """Return the report of a run; what makes it is imported with the first one."""
        from dashboard.report.kept_runs import RunReports  # noqa: PLC0415

        reports = RunReports(page_address, lambda: time.strftime("%Y-%m-%d"), self._execute)
        return await reports.make(*run)

    def _sources_of_runs(self) -> dict[str, RunSource]:
        """Return the panes whose runs are kept; the plane is among them once it is open."""
        from dashboard.runs.controller import RunSource  # noqa: PLC0415
        from dashboard.runs.trials import DigitsTrials, PlaneTrials  # noqa: PLC0415

        runtime, sources = self._runtime, self._run_sources
        if "digits" not in sources:
            digits = DigitsTrials(
                self.controller, time.perf_counter, self._execute, runtime.time_budget
            )
            sources["digits"] = RunSource(gettext("Digits"), self._recorders["digits"], digits)
        if self._plane is not None and "spiral" not in sources:
            plane = PlaneTrials(
                self._plane, time.perf_counter, self._execute, runtime.plane_time_budget
            )
            sources["spiral"] = RunSource(gettext("2-D data"), self._recorders["spiral"], plane)
        return sources


def close_connections(document: Any) -> None:
    """Close the connections of a document whose pages are gone without a word."""
    session = getattr(document.session_context, "session", None)
    for connection in list(getattr(session, "_subscribed_connections", ())):
        connection._socket.close()


def look_for_server(search: str | None) -> tuple[ServerWeights | None, str]:
    """Return the weights of the page's server, if there is one, or why its address is refused."""
    try:
        return find_server(search, in_browser=IN_BROWSER, visitor=_visitor_address()), ""
    except ServerWeightsError as error:
        return None, str(error)


def _visitor_address() -> str:
    """Return the address of the visitor at hand; "" in the browser and without a visitor."""
    return str(getattr(_request(), "remote_ip", ""))


def _request() -> Any:
    """Return the request of the visitor at hand; None in the browser and without a visitor."""
    context = None if pn.state.curdoc is None else pn.state.curdoc.session_context
    request = getattr(context, "request", None)
    # Bokeh's proxy of a request shows what the token of the session has, which clients make.
    return getattr(request, "_request", request)


def choose_opener(server: ServerWeights | None) -> DataSetOpener:
    """Return the function that opens data sets in this runtime."""
    if isinstance(server, HttpServerWeights):
        return partial(open_from_server, server.manifest)
    return open_from_site if IN_BROWSER else open_from_disk


def page_address() -> str:
    """Return the address of the page at hand without its query; "" if it is not known."""
    if IN_BROWSER:
        from js import location  # noqa: PLC0415 - exists in a browser only

        return urljoin(str(location.href), ".")
    request = _request()
    if request is None or not hasattr(request, "full_url"):
        return ""
    return urljoin(request.full_url(), urlsplit(request.full_url()).path)


def served_launch() -> Launch:
    """Return the query that a served page was opened with."""
    arguments = pn.state.session_args
    query = [
        (name, text.decode(errors="replace")) for name in arguments for text in arguments[name]
    ]
    return Launch(urlencode(query), "", resume=False)


def wanted_languages() -> tuple[str, ...]:
    """Return the languages that the visitor at hand wants: address, choice, browser.

    In a browser the page has decided, and tells it in the environment.
    """
    if IN_BROWSER:
        return (os.environ.get(LANGUAGE_VARIABLE, ""),)
    request = _request()
    asked = pn.state.session_args.get("lang", [b""])[0].decode(errors="replace")
    chosen = getattr(request, "cookies", {}).get(LANGUAGE_COOKIE)
    header = getattr(request, "headers", {}).get("Accept-Language", "")
    return (asked, chosen.value if chosen else "", *accepted_codes(header))
