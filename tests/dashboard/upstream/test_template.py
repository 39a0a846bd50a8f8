import re

import panel as pn
import pytest
from bokeh.document import Document
from bokeh.document.models import DocumentModelManager

from dashboard.upstream.template import QuickTemplate

HTML = """
{% extends base %}
{% block contents %}{{ embed(roots.first) }}{{ embed(roots.second) }}{% endblock %}
"""


def open_document(kind: type[pn.Template]) -> Document:
    template = kind(HTML)
    shared = pn.widgets.TextInput(label="text")
    template.add_panel("first", pn.Column(shared, pn.widgets.Button(label="press")))
    template.add_panel("second", pn.Row(pn.pane.HTML("<b>bold</b>"), shared))
    return template.server_doc(Document(), title="The title")


def content(document: Document) -> str:
    """The document as JSON, with its ids and Panel's numbers of parts in order of appearance."""
    order: dict[str, str] = {}
    text = repr(document.to_json())

    def number(found: re.Match[str]) -> str:
        return order.setdefault(found[0], f"#{len(order)}")

    return re.sub(r"\bp\d+\b|(?<=[A-Za-z])\d{5}\b", number, text)


def test_the_document_is_the_one_that_panels_template_makes() -> None:
    quick = open_document(QuickTemplate)

    assert content(quick) == content(open_document(pn.Template))
    assert quick.title == "The title"
    assert all(model.document is quick for model in quick.models)


def test_the_models_are_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    searched = []
    recompute = DocumentModelManager.recompute

    def count(models: DocumentModelManager) -> None:
        searched.append(models)
        recompute(models)

    monkeypatch.setattr(DocumentModelManager, "recompute", count)
    open_document(QuickTemplate)

    assert len(searched) == 1


def test_its_name_in_a_log_is_short() -> None:
    template = QuickTemplate(HTML, items={"first": pn.pane.HTML("x" * 1000)})

    assert repr(template) == "QuickTemplate(first)"
