"""A file that a page sends in parts, as it should and otherwise."""

import base64

import pytest

from dashboard.shell.file_upload import FileUpload


class Receiver:
    """A field, and what came of the parts that it was sent."""

    def __init__(self, largest=100):
        self.files, self.refusals = [], []
        self.field = FileUpload(
            lambda content, name: self.files.append((content, name)),
            self.refusals.append,
            largest=largest,
        )

    def send(self, start, content, size=6, number=1, name="a.npz"):
        text = content if isinstance(content, str) else base64.b64encode(content).decode()
        self.field.part = [number, name, size, start, text]


def test_a_file_in_parts_arrives_whole():
    receiver = Receiver()
    receiver.send(0, b"abc")
    assert receiver.field.taken == [1, 3]
    assert receiver.files == []
    receiver.send(3, b"def")
    assert receiver.files == [(b"abcdef", "a.npz")]
    assert receiver.field.taken == [1, 6]


def test_a_new_file_replaces_one_that_is_under_way():
    receiver = Receiver()
    receiver.send(0, b"abc")
    receiver.send(0, b"123456", number=2, name="b.npz")
    receiver.send(3, b"def")
    assert receiver.files == [(b"123456", "b.npz")]


@pytest.mark.parametrize(
    ("start", "content", "size"),
    [(0, b"abcdefg", 6), (0, "no base64!", 6), (0, b"", 101), (0, b"a", -1)],
    ids=["more than announced", "no base64", "too large", "a negative size"],
)
def test_a_damaged_file_is_refused_by_name_and_can_be_sent_again(start, content, size):
    receiver = Receiver()
    receiver.send(start, content, size)
    (refusal,) = receiver.refusals
    assert "a.npz" in refusal
    assert receiver.field.taken == [1, size]  # which ends the upload in the page
    receiver.send(0, b"abcdef", number=2)
    assert receiver.files == [(b"abcdef", "a.npz")]


@pytest.mark.parametrize("part", [[1], [1, "a", 6, 0, None], ["1", "a", 6, 0, "YWJj"], [1, 2, 3]])
def test_a_part_of_another_form_is_refused(part):
    receiver = Receiver()
    receiver.field.part = part
    assert len(receiver.refusals) == 1
    assert receiver.files == []
