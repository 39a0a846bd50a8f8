import pytest
from bokeh.document import Document

from dashboard.upstream import VARIABLE
from dashboard.upstream.html_pane import HTMLText


@pytest.mark.parametrize(("value", "only_text"), [("on", True), ("off", False)])
def test_a_new_text_changes_the_text_alone(
    value: str, only_text: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, value)
    pane, document = HTMLText("<b>old</b>", stylesheets=["b {}"]), Document()
    model = pane.get_root(document)
    model.css_classes = ["mine"]
    pane.object = "<b>new</b>"

    assert model.text == "&lt;b&gt;new&lt;/b&gt;"
    assert (model.css_classes == ["mine"]) is only_text
