from types import SimpleNamespace

import pytest
from bokeh.protocol import Protocol
from bokeh.server.connection import ServerConnection
from tornado.websocket import WebSocketClosedError

from dashboard.training.budget import PAGE_BUDGET
from dashboard.upstream.page_messages import (
    Allowance,
    PageMessageError,
    guard_pings,
)


def change(model, attribute="value"):
    return [{"kind": "ModelChanged", "model": {"id": model}, "attr": attribute, "new": 1}]


def test_a_page_may_change_models_and_send_events_but_not_replace_or_extend_its_document():
    allowance = Allowance()
    allowance.check("PATCH-DOC", [*change("p1"), {"kind": "MessageSent"}], 100)
    allowance.check("PULL-DOC-REQ", None, 100)
    for kind, events in (
        ("PUSH-DOC", None),
        ("PATCH-DOC", [{"kind": "RootAdded"}]),
        ("PATCH-DOC", ["ModelChanged"]),
        ("PATCH-DOC", None),
    ):
        with pytest.raises(PageMessageError):
            allowance.check(kind, events, 100)


def test_the_parts_of_one_message_have_a_limit_together():
    allowance = Allowance()
    for _ in range(2):
        allowance.count_fragment(PAGE_BUDGET.message_bytes - 1, is_whole=True)
    allowance.count_fragment(PAGE_BUDGET.message_bytes - 1, is_whole=False)
    with pytest.raises(PageMessageError):
        allowance.count_fragment(2, is_whole=False)


def test_the_newest_values_of_all_properties_have_a_limit_together():
    allowance, size = Allowance(), PAGE_BUDGET.stored_bytes // 3
    for _ in range(10):
        allowance.check("PATCH-DOC", change("p1"), size)  # each replaces the one before
    allowance.check("PATCH-DOC", change("p2"), size)
    allowance.check("PATCH-DOC", change("p2", "name"), size)
    with pytest.raises(PageMessageError):
        allowance.check("PATCH-DOC", change("p3"), size)


def test_a_connection_waits_when_it_sends_faster_than_a_page_does():
    now = [0.0]
    allowance = Allowance(lambda: now[0])
    assert not any(allowance.wait("PATCH-DOC") for _ in range(int(PAGE_BUDGET.burst)))
    assert allowance.wait("PATCH-DOC") == pytest.approx(1 / PAGE_BUDGET.messages_per_second)
    assert allowance.wait("PULL-DOC-REQ") > 10 / PAGE_BUDGET.messages_per_second
    now[0] = 1000.0
    assert not allowance.wait("PATCH-DOC")


def test_a_ping_that_finds_a_connection_closed_leaves_its_end_to_the_handler(monkeypatch):
    class ClosedSocket:
        def ping(self, _data):
            raise WebSocketClosedError

    # It replaces this one, which is put back at the end.
    monkeypatch.setattr(ServerConnection, "send_ping", ServerConnection.send_ping)
    guard_pings()
    session = SimpleNamespace(subscribe=lambda _connection: None)
    connection = ServerConnection(Protocol(), ClosedSocket(), None, session)

    # Bokeh calls `client_lost` if this raises, and later `on_close` needs the session.
    connection.send_ping()
    assert connection.session is session
