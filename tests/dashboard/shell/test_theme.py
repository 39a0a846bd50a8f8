from bokeh.document import Document

from dashboard.shell.theme import Theme


def test_a_changed_text_changes_nothing_but_the_text_of_the_page() -> None:
    text = Theme().text("<b>old</b>", css_classes=["ink-words"])
    document, changed = Document(), []
    model = text.get_root(document)
    document.add_root(model)
    document.on_change(lambda event: changed.append((event.attr, event.new)))
    text.object = "<b>new & shiny</b>"
    assert changed == [("text", "&lt;b&gt;new &amp; shiny&lt;/b&gt;")]
    assert "ink-words" in model.css_classes
    text.object = ""
    assert model.text == ""
