import asyncio
from types import SimpleNamespace

import pytest

from dashboard.upstream import VARIABLE
from dashboard.upstream.served_messages import batch_messages


class FakeConnection:
    """A connection that notes its messages, and whether Nagle's algorithm was switched off."""

    def __init__(self):
        self.sent, self.nodelay = [], None
        self.protocol = SimpleNamespace(create=lambda kind, events: (kind, list(events)))
        self._socket = self

    def set_nodelay(self, value):
        self.nodelay = value

    async def send_message(self, message):
        self.sent.append(message)


def make_document(connections):
    session = SimpleNamespace(_subscribed_connections=connections)
    return SimpleNamespace(session_context=SimpleNamespace(session=session))


def test_what_changes_together_leaves_in_one_message_for_each_connection(monkeypatch):
    monkeypatch.setenv(VARIABLE, "on")
    connections = [FakeConnection(), FakeConnection()]
    batch_messages(make_document(connections))

    async def change_twice():
        for events in (["a", "b", "c"], ["d"]):
            # Bokeh collects the coroutines while the document is locked, and then awaits them.
            work = [c.send_patch_document(event) for event in events for c in connections]
            for coroutine in work:
                await coroutine

    asyncio.run(change_twice())
    for connection in connections:
        assert connection.nodelay is True
        assert connection.sent == [("PATCH-DOC", ["a", "b", "c"]), ("PATCH-DOC", ["d"])]


def test_the_switch_leaves_connections_as_they_are(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(VARIABLE, "off")
    connection = FakeConnection()
    batch_messages(make_document([connection]))
    assert connection.nodelay is None
    assert not hasattr(connection, "send_patch_document")


def test_a_document_without_a_session_has_no_connections():
    batch_messages(SimpleNamespace(session_context=None))
