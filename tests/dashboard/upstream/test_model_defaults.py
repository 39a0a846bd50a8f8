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

from dashboard.upstream import model_defaults as quick_models
from dashboard.upstream.model_defaults import quicken_models

CHANGED = {
    PropertyDescriptor: ("_get_default", "has_unstable_default"),
    HasProps: ("themed_values", "_overridden_defaults"),
}


@pytest.fixture
def quicken() -> Iterator[None]:
    """Bokeh as another test may have left it is put back at the end."""
    before = [
        (owner, name, owner.__dict__[name]) for owner, names in CHANGED.items() for name in names
    ]
    quicken_models()
    yield
    for owner, name, method in before:
        setattr(owner, name, method)


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


def test_a_document_is_the_one_that_bokeh_alone_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as alone:
        alone.setattr(PropertyDescriptor, "_get_default", quick_models._bokehs_default)
        alone.setattr(PropertyDescriptor, "has_unstable_default", quick_models._bokehs_unstable)
        alone.setattr(HasProps, "_overridden_defaults", quick_models._bokehs_overrides)
        alone.setattr(
            HasProps, "themed_values", lambda model: getattr(model, "__themed_values__", None)
        )
        expected = open_document()
    for owner, names in CHANGED.items():
        for name in names:
            monkeypatch.setattr(owner, name, owner.__dict__[name])
    quicken_models()

    assert open_document() == expected
    assert open_document() == expected


def test_a_plain_default_is_looked_for_once_in_a_class(
    quicken: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Mine(Div):
        pass

    looked_for: list[str] = []
    find = Property.themed_default

    def count(self: object, kind: type, name: str, *rest: object, **options: object) -> object:
        looked_for.append(name)
        return find(self, kind, name, *rest, **options)

    monkeypatch.setattr(Property, "themed_default", count)
    assert [Mine().width for _ in range(3)] == [None] * 3
    assert looked_for.count("width") == 1


def test_what_a_class_has_in_place_of_its_bases_default_is_kept_apart(quicken: None) -> None:
    assert Slider().width == 300
    assert Div().width is None
    assert Button().label == "Button"


def test_models_do_not_share_what_can_be_changed(quicken: None) -> None:
    first, second, third = Div(), Div(), Div()
    told: list[str] = []
    third.on_change("css_classes", lambda attribute, old, new: told.append(attribute))
    first.css_classes.append("mine")
    third.css_classes.append("yours")

    assert first.css_classes == ["mine"]
    assert second.css_classes == []
    assert told == ["css_classes"]


def test_what_a_function_makes_is_made_for_every_model(quicken: None) -> None:
    class Mine(Model):
        made = List(Int, default=lambda: [] if not numbers else [numbers.pop()])

    numbers: list[int] = []
    assert Mine().made == []
    numbers.append(1)
    assert Mine().made == [1]


def test_a_theme_holds_for_its_document_alone(quicken: None) -> None:
    plain, themed = Div(), Div()
    assert (plain.width, themed.width) == (None, None)
    document = Document(theme=Theme(json={"attrs": {"Div": {"width": 50}}}))
    document.add_root(themed)

    assert (plain.width, themed.width) == (None, 50)
    document.remove_root(themed)
    themed.unapply_theme()
    assert themed.width is None
