from types import SimpleNamespace

import pytest

from dashboard.served_page import ServedPage


class FakeDocument:
    """A document that runs what was asked for when it is told to."""

    def __init__(self, sockets=()):
        connections = [SimpleNamespace(_socket=socket) for socket in sockets]
        self.callbacks = []
        session = SimpleNamespace(_subscribed_connections=connections)
        self.session_context = SimpleNamespace(session=session)

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


def test_every_connection_of_the_page_is_told_not_to_wait():
    told = []
    document = FakeDocument([SimpleNamespace(set_nodelay=told.append) for _ in range(2)])
    ServedPage(document).send_at_once()
    assert told == [True, True]
    document.session_context = None  # a page that is made without a server
    ServedPage(document).send_at_once()
