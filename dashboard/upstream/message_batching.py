"""Tells the page of the browser form what Python changed, in one message for each turn of Python.

Panel's own link sends a message for every changed model, and lists all models of the document
for each; in a worker that takes several milliseconds a time, which training then lacks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from bokeh.core.json_encoder import PayloadEncoder
from bokeh.core.serialization import Serializer
from bokeh.document import Document
from bokeh.document.json import PatchJson
from bokeh.document.models import DocumentModelManager
from bokeh.events import DocumentReady
from bokeh.model import Model

Send = Callable[[str, dict[str, bytes]], None]


class PatchSerializer(Serializer):
    """Writes models that the page knows as references, without listing them all beforehand."""

    def __init__(self, models: DocumentModelManager) -> None:
        super().__init__()
        self._models = models

    def get_ref(self, obj: Any) -> Any:
        """Return how a model is referred to, if it is known or has been written out here."""
        ref = super().get_ref(obj)
        if ref is None and isinstance(obj, Model) and self._is_known(obj):
            return obj.ref
        return ref

    def _is_known(self, model: Model) -> bool:
        return model.id in self._models and model not in self._models._new_models


class PageLink:
    """Collects the changes of a document and sends them together.

    Parameters
    ----------
    document
        Its changes are collected from now on, but for those that the page itself has sent.
    send
        Takes a patch of Bokeh's as JSON, and the arrays that it refers to by their names.
    schedule
        Calls a function without arguments soon after the present turn of Python.
    """

    PAGE = "js"
    """The setter that marks changes that came from the page."""

    def __init__(
        self, document: Document, send: Send, schedule: Callable[[Callable[[], None]], object]
    ) -> None:
        self._document = document
        self._send = send
        self._schedule = schedule
        self._events: list[Any] = []
        document.on_change(self._note)

    def _note(self, event: Any) -> None:
        if getattr(event, "setter", None) == self.PAGE:
            return
        if not self._events:
            self._schedule(self.flush)
        self._events.append(event)

    def flush(self) -> None:
        """Send what has been collected, if anything."""
        if not self._events:
            return
        events, self._events = self._events, []
        models = self._document.models
        serializer = PatchSerializer(models)
        patch = PatchJson(events=serializer.encode(events))
        models.flush_synced(lambda model: not serializer.has_ref(model))
        arrays = {str(buffer.id): buffer.to_bytes() for buffer in serializer.buffers}
        self._send(PayloadEncoder(separators=(",", ":")).encode(patch), arrays)


def link_page(
    document: Document, send: Send, schedule: Callable[[Callable[[], None]], object]
) -> PageLink:
    """Link a document to the page that has just drawn it, and run what waits for the page."""
    from panel.io.state import state  # noqa: PLC0415 - the tests of the link need no Panel

    link = PageLink(document, send, schedule)
    document.unhold()
    document.on_event("document_ready", partial(state._schedule_on_load, document))
    document.callbacks.trigger_event(DocumentReady())
    return link
