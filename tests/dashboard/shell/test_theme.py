import re

import pytest
from bokeh.document import Document

from dashboard.shell import read_asset
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


def luminance(color: str) -> float:
    """The relative luminance of #rrggbb, by WCAG 2.2."""
    shares = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in shares]
    return float(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def colors_of(theme: str) -> dict[str, str]:
    selector = ":root {" if theme == "light" else f':root[data-theme="{theme}"] {{'
    block = read_asset("page.css").split(selector, 1)[1].split("}")[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_outline_of_what_has_the_focus_and_all_texts_have_the_contrast_of_wcag(theme: str):
    colors = colors_of(theme)
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    for ground in ("background", "card", "field", "hover"):
        assert contrast(colors["accent"], colors[ground]) >= 3
        for text in ("text", "text-quiet", "warning-text", "error-text"):
            assert contrast(colors[text], colors[ground]) >= 4.5, (text, ground)
    assert contrast(colors["accent-text"], colors["accent"]) >= 4.5
