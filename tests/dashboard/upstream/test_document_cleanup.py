import gc
import weakref
from collections.abc import Iterator
from functools import partial
from types import SimpleNamespace

import pytest
from bokeh.document import Document
from bokeh.document.models import DocumentModelManager
from bokeh.models import Button
from cache_helpers import run, settle, tasks_left
from controller_helpers import until
from panel.io.document import _destroy_document

from dashboard.session import visitors
from dashboard.upstream import VARIABLE
from dashboard.upstream.document_cleanup import free_models_at_once

MOST_LEFT = 8_000
"""Objects of a session for the collection of garbage; 33,000 without the patch."""


@pytest.fixture
def freed_at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Apply the patch, and leave Bokeh as it was before the test."""
    before = DocumentModelManager.destroy
    monkeypatch.setenv(VARIABLE, "on")
    free_models_at_once()
    yield
    DocumentModelManager.destroy = before


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Collect what others have left, and then nothing."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def destroy(document: Document) -> None:
    """Destroy a document as Panel does."""
    document.destroy = partial(_destroy_document, document)
    document.destroy(None)


def test_an_ended_session_leaves_few_objects_to_the_collection_of_garbage(
    visit, freed_at_once, uncollected
) -> None:
    visitors()  # not in a loop, in which it begins what ends with the process

    async def use() -> None:
        document = visit.document
        visit.open().page.template.server_doc(document)
        for work in visit.loaded:
            work()
        await settle()
        context = SimpleNamespace(_document=document, id="session")
        left = [*visit.left, *document.session_destroyed_callbacks]
        destroy(document)
        for work in left:
            work(context)
        await until(lambda: not tasks_left())

    run(use())
    visit.loaded.clear()
    visit.left.clear()
    visit.document = None
    assert gc.collect() < MOST_LEFT


def test_the_models_of_a_destroyed_document_are_freed_without_a_collection(
    freed_at_once, uncollected
) -> None:
    document, button = Document(), Button()
    button.on_event("button_click", partial(button.update, label="clicked"))
    document.add_root(button)
    assert button.tags == []
    model = weakref.ref(button)
    destroy(document)
    del button
    assert model() is None
