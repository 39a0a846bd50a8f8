import re
from collections.abc import Iterator

import panel as pn
import pytest
from bokeh.core.has_props import HasProps
from bokeh.core.properties import Int, List
from bokeh.core.property.bases import Property
from bokeh.core.property.descriptors import PropertyDescriptor
from bokeh.document import Document
from bokeh.model import Model
from bokeh.models import Button, ColumnDataSource, Div, Slider
from bokeh.plotting import figure
from bokeh.themes import Theme

from dashboard.upstream import VARIABLE
from dashboard.upstream.model_defaults import cache_model_defaults

CHANGED = {
    PropertyDescriptor: ("_get_default", "has_unstable_default"),
    HasProps: ("themed_values", "_overridden_defaults"),
}


def bokeh_methods() -> list[tuple[type, str, object]]:
    return [
        (owner, name, owner.__dict__[name]) for owner, names in CHANGED.items() for name in names
    ]


BOKEHS_OWN = bokeh_methods()


@pytest.fixture
def restore(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave Bokeh as it was before the test."""
    before = bokeh_methods()
    monkeypatch.setenv(VARIABLE, "on")
    yield
    for owner, name, method in before:
        setattr(owner, name, method)


@pytest.fixture
def cached(restore: None) -> None:
    cache_model_defaults()


def open_document() -> str:
    """A document of all sorts as JSON, with its ids in order of appearance."""
    document = Document()
    plot = figure(title="plot", x_axis_type="log")
    plot.line("x", "y", source=ColumnDataSource({"x": [1, 2], "y": [3, 4]}), alpha=0.5)
    plot.scatter([1, 2], [2, 1], size=3)
    column = pn.Column(
        pn.pane.Bokeh(plot), pn.widgets.Select(options=["a", "b"]), pn.pane.HTML("<b>bold</b>")
    )
    document.add_root(column.get_root(document))
    order: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        return order.setdefault(found[0], f"#{len(order)}")

    return re.sub(r"\bp\d+\b|(?<=[A-Za-z])\d{5}\b", number, repr(document.to_json(deferred=False)))


def test_a_document_is_the_one_that_bokeh_alone_makes(restore: None) -> None:
    for owner, name, method in BOKEHS_OWN:
        setattr(owner, name, method)
    expected = open_document()
    cache_model_defaults()

    assert open_document() == expected
    assert open_document() == expected


def test_the_switch_leaves_bokeh_as_it_is(restore: None, monkeypatch: pytest.MonkeyPatch) -> None:
    before = bokeh_methods()
    monkeypatch.setenv(VARIABLE, "off")
    cache_model_defaults()

    assert bokeh_methods() == before


def test_an_immutable_default_is_computed_once_for_a_class(
    cached: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Mine(Div):
        pass

    computed: list[str] = []
    find = Property.themed_default

    def count(self: object, kind: type, name: str, *rest: object, **options: object) -> object:
        computed.append(name)
        return find(self, kind, name, *rest, **options)

    monkeypatch.setattr(Property, "themed_default", count)
    assert [Mine().width for _ in range(3)] == [None] * 3
    assert computed.count("width") == 1


def test_what_a_class_has_in_place_of_its_bases_default_is_kept_apart(cached: None) -> None:
    assert Slider().width == 300
    assert Div().width is None
    assert Button().label == "Button"


def test_models_do_not_share_what_can_be_changed(cached: None) -> None:
    first, second, third = Div(), Div(), Div()
    heard: list[str] = []
    third.on_change("css_classes", lambda attribute, old, new: heard.append(attribute))
    first.css_classes.append("mine")
    third.css_classes.append("yours")

    assert first.css_classes == ["mine"]
    assert second.css_classes == []
    assert heard == ["css_classes"]


def test_what_a_function_makes_is_made_for_every_model(cached: None) -> None:
    class Mine(Model):
        made = List(Int, default=lambda: [] if not numbers else [numbers.pop()])

    numbers: list[int] = []
    assert Mine().made == []
    numbers.append(1)
    assert Mine().made == [1]


def test_a_theme_holds_for_its_document_alone(cached: None) -> None:
    plain, themed = Div(), Div()
    assert (plain.width, themed.width) == (None, None)
    document = Document(theme=Theme(json={"attrs": {"Div": {"width": 50}}}))
    document.add_root(themed)

    assert (plain.width, themed.width) == (None, 50)
    document.remove_root(themed)
    themed.unapply_theme()
    assert themed.width is None
