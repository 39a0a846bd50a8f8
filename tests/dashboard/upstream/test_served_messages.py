import asyncio
import threading
from types import SimpleNamespace

import pytest
from bokeh.core.types import ID
from bokeh.document import Document
from bokeh.document.events import TitleChangedEvent
from bokeh.models import CustomJS, Div, Row
from bokeh.protocol import Protocol
from bokeh.server.protocol_handler import ProtocolHandler
from bokeh.server.session import ServerSession
from cache_helpers import settle
from panel.io import state, unlocked
from panel.io.document import extra_socket_handlers
from panel.io.state import set_curdoc
from tornado.ioloop import IOLoop
from tornado.locks import Lock

from dashboard.upstream import VARIABLE
from dashboard.upstream.served_messages import (
    MOST_UNCONFIRMED,
    batch_messages,
)


class FakeConnection:
    """A connection that notes its messages, and whether Nagle's algorithm was switched off."""

    def __init__(self):
        self.sent, self.nodelay = [], None
        self.protocol = Protocol()
        self._socket = self
        self.handler = ProtocolHandler()

    def set_nodelay(self, value):
        self.nodelay = value

    async def send_message(self, message):
        self.sent.append(message)

    @property
    def titles(self):
        """The titles that were sent, a list for each message."""
        assert {message.msgtype for message in self.sent} == {"PATCH-DOC"}
        return [[event["title"] for event in message.content["events"]] for message in self.sent]


def title_change(title):
    return TitleChangedEvent(Document(), title)


def make_document(connections):
    session = SimpleNamespace(_subscribed_connections=connections)
    return SimpleNamespace(session_context=SimpleNamespace(session=session))


def test_what_changes_together_leaves_in_one_message_for_each_connection(monkeypatch):
    monkeypatch.setenv(VARIABLE, "on")
    connections = [FakeConnection(), FakeConnection()]
    batch_messages(make_document(connections))

    async def change_twice():
        for titles in (["a", "b", "c"], ["d"]):
            # Bokeh collects the coroutines while the document is locked, and then awaits them.
            events = [title_change(title) for title in titles]
            work = [c.send_patch_document(event) for event in events for c in connections]
            for coroutine in work:
                await coroutine

    asyncio.run(change_twice())
    for connection in connections:
        assert connection.nodelay is True
        assert connection.titles == [["a", "b", "c"], ["d"]]


def test_a_message_to_a_served_page_refers_to_models_that_the_page_knows(monkeypatch):
    monkeypatch.setenv(VARIABLE, "on")
    known, added = Div(text="known"), Div(text="added")
    row = Row(known)
    document = Document()
    document.add_root(row)
    document.models.flush_synced()
    connection = FakeConnection()
    batch_messages(make_document([connection]))
    events = []
    document.on_change(events.append)

    async def change(children):
        row.children = children
        await connection.send_patch_document(events.pop())

    asyncio.run(change([added, known]))
    asyncio.run(change([known, added]))
    first, second = (message.content["events"][0]["new"] for message in connection.sent)
    assert [child["id"] for child in first] == [added.id, known.id]
    assert first[0]["attributes"]["text"] == "added"
    assert first[1] == known.ref
    assert second == [known.ref, added.ref]


def test_a_page_that_confirms_messages_is_waited_for_and_another_one_is_not(monkeypatch):
    monkeypatch.setenv(VARIABLE, "on")
    connection = FakeConnection()
    deliveries = batch_messages(make_document([connection]))

    async def ask(metadata):
        header = {"msgid": "1", "msgtype": "SERVER-INFO-REQ"}
        message = SimpleNamespace(header=header, msgtype="SERVER-INFO-REQ", metadata=metadata)
        answer = await connection.handler.handle(message, connection)
        assert answer.header["reqid"] == "1"

    async def confirm(number):
        await ask({"received": number})

    async def send(count):
        for _ in range(count):
            await connection.send_patch_document(title_change("change"))
        waiting = asyncio.create_task(deliveries.wait())
        await settle()
        return waiting

    async def main():
        assert (await send(3 * MOST_UNCONFIRMED)).done(), "this page confirms nothing"
        await confirm(3 * MOST_UNCONFIRMED)
        assert (await send(MOST_UNCONFIRMED - 1)).done()
        waiting = await send(1)
        # What has been confirmed already, what was never sent, and what is no number.
        for number in (0, 3 * MOST_UNCONFIRMED, 4 * MOST_UNCONFIRMED + 1, True, "7", None):
            await confirm(number)
        await ask(["received"])
        await settle()
        assert not waiting.done()
        await confirm(3 * MOST_UNCONFIRMED + 1)
        await waiting

    asyncio.run(main())


def test_the_switch_leaves_connections_as_they_are(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(VARIABLE, "off")
    connection = FakeConnection()
    assert batch_messages(make_document([connection])) is None
    assert connection.nodelay is None
    assert not hasattr(connection, "send_patch_document")


def test_a_document_without_a_session_has_no_connections():
    batch_messages(SimpleNamespace(session_context=None))


class BusyConnection(FakeConnection):
    """A connection that is still sending something, until `write_lock` is released."""

    def __init__(self):
        super().__init__()
        self.protocol, self.write_lock = Protocol(), Lock()

    def send_now(self, msg):
        self.sent.append(msg)
        return []


def test_a_model_is_sent_by_panel_before_bokeh_sends_a_reference_to_it(monkeypatch):
    monkeypatch.setenv(VARIABLE, "on")
    monkeypatch.setitem(extra_socket_handlers, BusyConnection, BusyConnection.send_now)
    document, page = Document(), Document()
    row, action = Row(name="row"), CustomJS(name="action", code="")
    document.add_root(row)
    document.add_root(action)
    page.replace_with_json(document.to_json())
    document.models.flush_synced()

    def change():
        shown = Div()
        with unlocked():  # as Panel changes its layouts
            row.children = [shown]
        action.args = {"shown": shown}

    async def send():
        session, connection = ServerSession(ID("s"), document, IOLoop.current()), BusyConnection()
        context = SimpleNamespace(session=session)
        document._session_context = lambda: context
        session.subscribe(connection)
        state._thread_id_[document], state._loaded[document] = threading.get_ident(), True
        batch_messages(document)
        with set_curdoc(document):
            with await connection.write_lock.acquire():
                await session.with_document_locked(change)
            while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
                await asyncio.wait(tasks)
        return connection.sent

    for message in asyncio.run(send()):
        message.apply_to_document(page)
    [shown] = page.get_model_by_name("row").children
    assert page.get_model_by_name("action").args == {"shown": shown}
