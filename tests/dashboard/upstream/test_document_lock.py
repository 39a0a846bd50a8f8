import asyncio
from types import SimpleNamespace

import pytest

from dashboard.upstream.document_lock import ServedPage, sleep_longer_when_busy


class FakeDocument:
    """A document that runs what was asked for when it is told to."""

    def __init__(self, connections=()):
        self.callbacks = []
        session = SimpleNamespace(_subscribed_connections=connections)
        self.session_context = SimpleNamespace(session=session)

        self.held = []

    def hold(self, policy):
        self.held.append(policy)

    def unhold(self):
        self.held.append(None)

    def add_next_tick_callback(self, callback):
        self.callbacks.append(callback)

    def tick(self):
        callbacks, self.callbacks = self.callbacks, []
        for callback in callbacks:
            callback()


class Drawing:
    def __init__(self, page):
        self.page, self.count = page, 0

    def draw(self):
        self.count += 1

    def draw_again(self):
        self.count += 1
        if self.count < 3:
            self.page.change(self.draw_again)


def test_a_change_that_is_waiting_is_not_queued_twice():
    document = FakeDocument()
    page = ServedPage(document)
    drawing = Drawing(page)
    for _ in range(5):
        page.change(drawing.draw)
    assert len(document.callbacks) == 1
    document.tick()
    assert drawing.count == 1
    page.change(drawing.draw)
    document.tick()
    assert drawing.count == 2


def test_changes_are_held_so_that_they_leave_together_also_after_one_that_fails():
    document = FakeDocument()
    page = ServedPage(document)
    seen = []

    def change():
        seen.append(list(document.held))
        raise ValueError("no")

    page.change(change)
    with pytest.raises(ValueError, match="no"):
        document.tick()
    assert seen == [["combine"]]
    assert document.held == ["combine", None]


def test_different_changes_are_made_in_their_order():
    document = FakeDocument()
    page = ServedPage(document)
    made = []
    for number in range(3):
        page.change(lambda number=number: made.append(number))
    document.tick()
    assert made == [0, 1, 2]


def test_a_change_may_ask_for_itself_once_more():
    document = FakeDocument()
    drawing = Drawing(ServedPage(document))
    drawing.page.change(drawing.draw_again)
    for _ in range(5):
        document.tick()
    assert drawing.count == 3


def test_a_change_that_fails_can_be_asked_for_again():
    document = FakeDocument()
    page = ServedPage(document)

    def fail():
        raise ZeroDivisionError

    for _ in range(2):
        page.change(fail)
        with pytest.raises(ZeroDivisionError):
            document.tick()


def test_a_closed_page_is_left_alone():
    document = FakeDocument()
    page = ServedPage(document)
    page.close()
    page.change(lambda: None)
    assert document.callbacks == []


class FakeConnection:
    """A connection that notes its messages, and whether it was told not to wait."""

    def __init__(self):
        self.sent, self.nodelay = [], None
        self.protocol = SimpleNamespace(create=lambda kind, events: (kind, list(events)))
        self._socket = self

    def set_nodelay(self, value):
        self.nodelay = value

    async def send_message(self, message):
        self.sent.append(message)


def test_what_changes_together_leaves_in_one_message_for_each_connection():
    connections = [FakeConnection(), FakeConnection()]
    ServedPage(FakeDocument(connections)).send_at_once()

    async def change_twice():
        for events in (["a", "b", "c"], ["d"]):
            # Bokeh collects the work while the document is locked, and then awaits it.
            work = [c.send_patch_document(event) for event in events for c in connections]
            for coroutine in work:
                await coroutine

    asyncio.run(change_twice())
    for connection in connections:
        assert connection.nodelay is True
        assert connection.sent == [("PATCH-DOC", ["a", "b", "c"]), ("PATCH-DOC", ["d"])]


def test_a_page_without_a_server_has_no_connections():
    document = FakeDocument()
    document.session_context = None
    ServedPage(document).send_at_once()


@pytest.mark.parametrize(("lag", "more"), [(0.0, 0.0), (0.02, 0.2), (5.0, 2.0)])
def test_redraws_come_less_often_where_the_process_comes_late(lag, more):
    waits, now = [], [0.0]

    async def sleep(seconds):
        waits.append(seconds)
        now[0] += seconds + lag

    asyncio.run(sleep_longer_when_busy(0.1, sleep=sleep, clock=lambda: now[0]))
    assert waits == pytest.approx([0.1, more])
