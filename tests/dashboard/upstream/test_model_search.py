import pytest
from bokeh.document import Document
from bokeh.document.models import DocumentModelManager
from bokeh.models import Button, Column
from cache_helpers import run, settle

from dashboard.session import visitors
from dashboard.shell.messages import make_receiver
from dashboard.upstream import VARIABLE
from dashboard.upstream.model_search import search_once


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Hold a number for each search of any document."""
    found: list[int] = []
    search = DocumentModelManager.recompute

    def counted(models: DocumentModelManager) -> None:
        found.append(len(found))
        search(models)

    monkeypatch.setenv(VARIABLE, "on")
    monkeypatch.setattr(DocumentModelManager, "recompute", counted)
    return found


def make_document() -> tuple[Document, Column]:
    document, column = Document(), Column(children=[Button(name="first")])
    document.add_root(column)
    return document, column


def replace_children(column: Column, times: int) -> None:
    for number in range(times):
        column.children = [Button(name=f"child {number}")]


def test_many_changes_need_one_search_after_which_the_document_has_the_new_models(searches) -> None:
    document, column = make_document()
    searches.clear()
    with search_once(document), search_once(document):
        replace_children(column, 5)
        assert not searches
    assert len(searches) == 1
    assert document.get_model_by_name("child 4").document is document
    assert document.get_model_by_name("first") is None
    replace_children(column, 5)
    assert len(searches) == 6


def test_changes_without_models_need_no_search_and_a_failed_one_is_searched(searches) -> None:
    document, column = make_document()
    searches.clear()
    with search_once(document):
        column.spacing = 3
    with search_once(None):
        pass
    assert not searches
    with pytest.raises(ValueError, match="spacing"), search_once(document):
        column.update(children=[Button(name="child")], spacing="wide")
    assert len(searches) == 1
    assert document.get_model_by_name("child") is not None


def test_what_changes_inside_reaches_the_listeners_of_the_document(searches) -> None:
    document, column = make_document()
    changed = []
    document.on_change(lambda event: changed.append(event.attr))
    with search_once(document):
        replace_children(column, 2)
        column.spacing = 3
    assert changed == ["children", "children", "spacing"]


def test_a_message_of_the_page_needs_one_search_and_each_change_its_own_without_the_patch(
    searches, monkeypatch
) -> None:
    document, column = make_document()
    receiver = make_receiver("message", lambda message: replace_children(column, message[0]))
    document.add_root(receiver)
    searches.clear()
    receiver.tags = [4]
    assert len(searches) == 1
    monkeypatch.setenv(VARIABLE, "off")
    receiver.tags = [3]
    assert len(searches) == 4


def test_a_pane_is_opened_with_one_search(visit, searches) -> None:
    visitors()  # not in a loop, in which it begins what ends with the process

    async def use() -> None:
        document = visit.document
        session = visit.open()
        session.page.template.server_doc(document)
        for work in visit.loaded:
            work()
        await settle()
        for pane in ("spiral", "evaluate", "runs"):
            searches.clear()
            document.get_model_by_name("inkling-pane").tags = [pane]
            assert len(searches) == 1
        session.end()
        await settle()

    run(use(), seconds=60)
