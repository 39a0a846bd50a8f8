import pytest

from dashboard.shell.page_writer import LATER_SECONDS, DirectPageWriter, ServedPageWriter


class FakeDocument:
    """A document that runs its callbacks when `tick` is called, and notes when it is held."""

    def __init__(self):
        self.callbacks, self.held = [], []

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


def test_a_direct_writer_changes_the_page_before_it_returns():
    made = []
    DirectPageWriter().write(lambda: made.append("change"), key="part")
    assert made == ["change"]


@pytest.mark.parametrize("is_served", [False, True])
def test_what_is_written_later_comes_after_what_is_written_and_is_made_once_for_its_key(is_served):
    waiting, made, document = [], [], FakeDocument()
    direct = DirectPageWriter(lambda seconds, change: waiting.append((seconds, change)))
    page = ServedPageWriter(document) if is_served else direct
    for number in range(3):
        page.write_later(lambda number=number: made.append(number), key="picture")
    page.write_later(lambda: made.append("other"), key="text")
    assert made == []
    for seconds, change in waiting:
        assert seconds == LATER_SECONDS
        change()
    document.tick()
    assert made == [0, "other"]


def test_a_direct_writer_without_a_timer_writes_at_once_what_can_be_later():
    made = []
    DirectPageWriter().write_later(lambda: made.append("change"), key="part")
    assert made == ["change"]


def test_served_changes_run_on_the_next_tick_in_their_order():
    document, made = FakeDocument(), []
    page = ServedPageWriter(document)
    for number in range(3):
        page.write(lambda number=number: made.append(number))
    assert made == []
    document.tick()
    assert made == [0, 1, 2]


def test_a_change_whose_key_is_waiting_is_dropped():
    document, made = FakeDocument(), []
    page = ServedPageWriter(document)
    for number in range(5):
        page.write(lambda number=number: made.append(number), key="chart")
    page.write(lambda: made.append("other"), key="text")
    document.tick()
    assert made == [0, "other"]
    page.write(lambda: made.append("again"), key="chart")
    document.tick()
    assert made == [0, "other", "again"]


def test_changes_that_wait_for_the_same_tick_leave_in_one_message():
    document, made = FakeDocument(), []
    page = ServedPageWriter(document)
    page.write(lambda: made.append("answer"))
    page.write_later(lambda: made.append("picture"), key="picture")
    page.write(lambda: made.append("notice"))
    document.tick()
    assert made == ["answer", "notice", "picture"]
    assert document.held == ["combine", None] * 2


def test_a_change_that_fails_does_not_stop_those_that_wait_with_it():
    document, made = FakeDocument(), []
    page = ServedPageWriter(document)

    def fail():
        page.write(lambda: made.append("requested meanwhile"))
        raise ValueError("no")

    page.write(lambda: made.append("before"))
    page.write(fail)
    page.write(lambda: made.append("after"))
    with pytest.raises(ValueError, match="no"):
        document.tick()
    document.tick()
    assert made == ["before", "after", "requested meanwhile"]


def test_a_change_may_request_itself_again_under_its_key():
    document, made = FakeDocument(), []
    page = ServedPageWriter(document)

    def change():
        made.append(len(made))
        if len(made) < 3:
            page.write(change, key="part")

    page.write(change, key="part")
    for _ in range(5):
        document.tick()
    assert made == [0, 1, 2]


def test_a_change_is_held_so_that_it_leaves_in_one_message_even_when_it_fails():
    document, seen = FakeDocument(), []
    page = ServedPageWriter(document)

    def fail():
        seen.append(list(document.held))
        raise ValueError("no")

    for _ in range(2):  # the key of a change that failed is free again
        page.write(fail, key="part")
        with pytest.raises(ValueError, match="no"):
            document.tick()
    assert seen == [["combine"], ["combine", None, "combine"]]
    assert document.held == ["combine", None] * 2


def test_a_closed_writer_leaves_the_document_alone():
    document = FakeDocument()
    page = ServedPageWriter(document)
    page.close()
    page.write(lambda: None)
    assert document.callbacks == []
