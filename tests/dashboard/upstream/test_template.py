import re

import panel as pn
import pytest
from bokeh.document import Document
from bokeh.document.models import DocumentModelManager

from dashboard.upstream import VARIABLE
from dashboard.upstream.template import FastTemplate, make_template

HTML = """
{% extends base %}
{% block contents %}{{ embed(roots.first) }}{{ embed(roots.second) }}{% endblock %}
"""


def open_document(template: pn.Template) -> Document:
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
    document = open_document(FastTemplate(HTML))

    assert content(document) == content(open_document(pn.Template(HTML)))
    assert document.title == "The title"
    assert all(model.document is document for model in document.models)


def test_the_models_are_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    searched = []
    recompute = DocumentModelManager.recompute

    def count(models: DocumentModelManager) -> None:
        searched.append(models)
        recompute(models)

    monkeypatch.setattr(DocumentModelManager, "recompute", count)
    open_document(FastTemplate(HTML))

    assert len(searched) == 1


def test_its_name_in_a_log_is_short() -> None:
    template = FastTemplate(HTML, items={"first": pn.pane.HTML("x" * 1000)})

    assert repr(template) == "FastTemplate(first)"


@pytest.mark.parametrize(("value", "kind"), [("on", FastTemplate), ("off", pn.Template)])
def test_the_switch_chooses_the_template(
    value: str, kind: type[pn.Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, value)

    assert type(make_template(HTML)) is kind
