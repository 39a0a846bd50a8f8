"""Pages that are made in short slices, between which the event loop serves the other visitors.

- **Changes**: `initialize_document` and `on_session_created` of `panel.io.application.Application`,
  `panel.layout.base.Panel._get_objects`, `patch_model_css` and `bundle_resources` of
  `panel.io.server` (Panel 1.9), and Bokeh's setting `validate_doc` (Bokeh 3.9).
- **Why**: Bokeh makes the whole document of a session in one call in the event loop, some 0.4 s for
  Inkling, during which no other visitor gets an answer. It then validates the document and searches
  it for style sheets and resources, once for each of its roots, though all pages have the same.
- **Measured**: while six pages are opened one after the other, another visitor's smallest request
  takes at most 57 to 117 ms (95 %: 16 to 34) instead of 635 to 925 ms; a page that is opened beside
  such requests takes 0.6 s instead of 0.3 s.
- **Upstream**: no issue yet: "server: let initialize_document yield to the event loop".

The document is made in a thread that runs only while the event loop waits for it, so nothing of
Panel or Bokeh is used by two threads at a time; `checkpoint` hands control back.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from dashboard.upstream import is_applied

SLICE_SECONDS = 0.01
PAUSE_SECONDS = 0.01
"""Between two slices: an answer to somebody else takes several iterations of the event loop."""

_current = threading.local()


def checkpoint() -> None:
    """Let other visitors be served if the present slice has lasted long enough.

    Call it where Panel and Bokeh are not in the middle of a change of global state. Nothing happens
    outside of a page that is made in slices.
    """
    work: SlicedCall | None = getattr(_current, "work", None)
    if work is not None:
        work.pause_if_due()


class SlicedCall:
    """A function call that runs in slices, in a thread of its own.

    Parameters
    ----------
    function
        Calls `checkpoint` now and then.
    clock
        A monotonic clock, in seconds.
    """

    def __init__(
        self, function: Callable[[], None], clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._function = function
        self._clock = clock
        self._may_run, self._has_paused = threading.Lock(), threading.Lock()
        self._may_run.acquire()
        self._has_paused.acquire()
        self._began = 0.0
        self._is_done = False
        self._error: BaseException | None = None
        self._documents: list[Any] = []  # Bokeh's stack of current documents, of this thread
        context = contextvars.copy_context()
        self._thread = threading.Thread(
            target=lambda: context.run(self._run), name="inkling-page", daemon=True
        )

    def step(self) -> bool:
        """Run one slice, in the thread of the event loop; return whether the call has ended."""
        from bokeh.io.doc import _PATCHED_CURDOCS  # noqa: PLC0415 - with the first page

        loop_documents = list(_PATCHED_CURDOCS)
        _PATCHED_CURDOCS[:] = self._documents
        self._began = self._clock()
        if self._thread.ident is None:
            self._thread.start()
        self._may_run.release()
        self._has_paused.acquire()
        self._documents = list(_PATCHED_CURDOCS)
        _PATCHED_CURDOCS[:] = loop_documents
        if self._error is not None:
            raise self._error
        return self._is_done

    def pause_if_due(self) -> None:
        """End the slice if it has lasted long enough; called in the thread."""
        if self._clock() - self._began >= SLICE_SECONDS:
            self._has_paused.release()
            self._may_run.acquire()

    def _run(self) -> None:
        self._may_run.acquire()
        _current.work = self
        try:
            self._function()
        except BaseException as error:
            self._error = error
        finally:
            self._is_done = True
            self._has_paused.release()


class PageQueue:
    """Makes pages one after the other, each in slices."""

    def __init__(self) -> None:
        self.waiting = 0
        """Pages that are being made or wait."""
        self._lock = asyncio.Lock()

    async def make(self, function: Callable[[], None]) -> None:
        """Call a function in slices, when it is its turn."""
        self.waiting += 1
        try:
            async with self._lock:
                loop = asyncio.get_running_loop()

                def run() -> None:
                    # Only one thread runs at a time, so it may act for the event loop.
                    asyncio._set_running_loop(loop)
                    function()

                work = SlicedCall(run)
                while not work.step():
                    await asyncio.sleep(PAUSE_SECONDS)
        finally:
            self.waiting -= 1


QUEUE = PageQueue()
"""The pages of this process."""


def make_pages_in_slices() -> None:
    """Apply the patch to this process, unless it is turned off."""
    from bokeh.models import ImportedStyleSheet  # noqa: PLC0415 - in the server only
    from bokeh.settings import settings  # noqa: PLC0415
    from panel.io import server  # noqa: PLC0415
    from panel.io.application import Application  # noqa: PLC0415
    from panel.io.resources import patch_stylesheet  # noqa: PLC0415
    from panel.io.state import state  # noqa: PLC0415
    from panel.layout.base import Panel  # noqa: PLC0415

    if not is_applied("page_slices") or hasattr(Application, "_inkling_made"):
        return
    made: WeakSet[Any] = WeakSet()
    create, initialize = Application.on_session_created, Application.initialize_document
    get_objects, make_bundle = Panel._get_objects, server.bundle_resources
    bundles: dict[Any, Any] = {}
    loop_thread = threading.get_ident()

    async def on_session_created(application: Any, context: Any) -> None:
        await create(application, context)
        document = context._document

        def make() -> None:
            initialize(application, document)
            state._thread_id_[document] = loop_thread

        await QUEUE.make(make)
        made.add(document)

    def initialize_document(application: Any, document: Any) -> None:
        if document not in made:  # a document without a session, or one that could not be made
            initialize(application, document)

    def get_objects_in_slices(panel: Any, *arguments: Any) -> Any:
        checkpoint()
        return get_objects(panel, *arguments)

    def patch_style_sheets_once(root: Any, dist_url: str) -> None:
        if root is root.document.roots[0]:
            with root.document.models.freeze():
                for model in root.document.models:
                    if isinstance(model, ImportedStyleSheet):
                        patch_stylesheet(model, dist_url)

    def bundle_once(roots: Any, resources: Any, *arguments: Any, **options: Any) -> Any:
        key = (state.rel_path, state.base_url, resources.mode, arguments, tuple(options.items()))
        if key not in bundles:
            bundles[key] = make_bundle(roots, resources, *arguments, **options)
        return bundles[key]

    # Bokeh searches the whole document for mistakes of its author, once more for every root.
    settings.perform_document_validation = False
    server.patch_model_css, server.bundle_resources = patch_style_sheets_once, bundle_once
    Panel._get_objects = get_objects_in_slices
    Application._inkling_made = made
    Application.on_session_created = on_session_created
    Application.initialize_document = initialize_document
