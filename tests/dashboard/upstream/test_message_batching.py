import json

import numpy as np
import pytest
from bokeh.document import Document
from bokeh.models import ColumnDataSource, Div, Row

from dashboard.upstream.message_batching import PageLink


class Page:
    """What the browser's side would do: apply patches to a document of its own."""

    def __init__(self, document: Document) -> None:
        self.document = Document.from_json(document.to_json())
        self.patches: list[tuple[dict, dict[str, bytes]]] = []

    def take(self, patch: str, arrays: dict[str, bytes]) -> None:
        content = json.loads(patch)
        self.patches.append((content, arrays))


class Turn:
    def __init__(self) -> None:
        self.waiting: list = []

    def schedule(self, function) -> None:
        self.waiting.append(function)

    def end(self) -> None:
        waiting, self.waiting = self.waiting, []
        for function in waiting:
            function()


@pytest.fixture
def parts():
    document = Document()
    text, source = Div(text="old"), ColumnDataSource({"x": np.zeros(3, np.float32)})
    row = Row(children=[text])
    document.add_root(row)
    document.add_root(source)
    turn, page = Turn(), Page(document)
    link = PageLink(document, page.take, turn.schedule)
    document.models.flush_synced()
    return document, row, text, source, turn, page, link


def test_all_changes_of_a_turn_leave_in_one_message_and_in_order(parts) -> None:
    _, _, text, source, turn, page, _ = parts
    text.text = "new"
    source.data = {"x": np.ones(2, np.float32)}
    text.text = "newer"
    assert page.patches == []
    turn.end()
    ((patch, arrays),) = page.patches
    assert [event["kind"] for event in patch["events"]] == [
        "ModelChanged",
        "ColumnDataChanged",
        "ModelChanged",
    ]
    page.document.apply_json_patch({"events": [patch["events"][0], patch["events"][2]]})
    assert page.document.get_model_by_id(text.id).text == "newer"
    assert list(arrays.values()) == [np.ones(2, np.float32).tobytes()]
    turn.end()
    assert len(page.patches) == 1


def test_a_new_model_is_written_out_once_and_known_afterwards(parts) -> None:
    _, row, text, _, turn, page, _ = parts
    added = Div(text="added")
    row.children = [text, added]
    added.text = "changed at once"
    turn.end()
    added.text = "later"
    turn.end()
    for patch, _ in page.patches:
        page.document.apply_json_patch(patch)
    assert page.document.get_model_by_id(added.id).text == "later"
    assert '"added"' not in json.dumps(page.patches[1][0])


def test_what_the_page_itself_has_sent_is_not_sent_back(parts) -> None:
    document, _, text, _, turn, page, _ = parts
    change = {"kind": "ModelChanged", "model": {"id": text.id}, "attr": "text", "new": "typed"}
    document.apply_json_patch({"events": [change]}, setter=PageLink.PAGE)
    turn.end()
    assert text.text == "typed"
    assert page.patches == []


def test_a_model_that_waits_while_the_page_sends_something_is_written_out(parts) -> None:
    _, row, text, _, turn, page, link = parts
    added = Div(text="added")
    row.children = [text, added]
    change = {"kind": "ModelChanged", "model": {"id": text.id}, "attr": "text", "new": "typed"}
    link.receive({"events": [change]})
    added.text = "later"
    turn.end()
    for patch, _ in page.patches:
        page.document.apply_json_patch(patch)
    assert page.document.get_model_by_id(added.id).text == "later"
    assert text.text == "typed"


def test_a_flush_ahead_of_the_turns_end_leaves_nothing_for_it(parts) -> None:
    _, _, text, _, turn, page, link = parts
    text.text = "new"
    link.flush()
    link.flush()
    turn.end()
    assert len(page.patches) == 1


def test_numbers_that_json_has_no_words_for_travel_too(parts) -> None:
    _, _, _, source, turn, page, _ = parts
    source.data = {"x": [float("nan"), float("inf")]}
    turn.end()
    ((patch, _),) = page.patches
    page.document.apply_json_patch(patch)
    found = page.document.get_model_by_id(source.id).data["x"]
    assert np.isnan(found[0])
    assert found[1] == np.inf
