"""The file of a report: complete, closed to the network, and true to hostile names."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_helpers import few_samples, in_event_loop

from dashboard.evaluation.report import evaluate_network
from dashboard.languages.language import find_language
from dashboard.languages.text import use_language
from dashboard.report.content import (
    SHOWN_ERRORS,
    RepeatCode,
    ReportContent,
    most_confident_errors,
)
from dashboard.report.document import report_html
from dashboard.report.figures import HEIGHT, WIDTH, Series, line_chart, round_ticks
from dashboard.report.repeat_code import MAX_CHANGES, command_of_training, script_of_run
from dashboard.report.weight_sheet import SHOWN_UNITS, weight_sheet
from dashboard.runs.curve import Line, RunCurve
from dashboard.training.marks import SettingChange
from nn import create_network, read_layer_spec

HOSTILE = "</pre></style><script>alert(1)</script><img src=//evil.example onerror=x> & \"'"


class Elements(HTMLParser):
    """All elements of a document with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def some_curve() -> RunCurve:
    places = np.arange(1, 21, dtype=np.float32)
    line = Line(places, places / 10, places / 100, 1 / places, 1 - 1 / places)
    return RunCurve(line, line, 1)


async def some_content(name: str = "Run 1", **values) -> ReportContent:
    samples = few_samples(200)
    network = create_network((784, 20, 10), generator=np.random.default_rng(1))
    evaluation = await evaluate_network(network, samples)
    given_values = {
        "title": name,
        "model": name,
        "date": "2026-11-27",
        "facts": [("Seed", "1"), (name, name)],
        "settings": [(name, name)],
        "events": [name],
        "link": f"https://example.org/?x={name}",
        "link_note": name,
        "curve": some_curve(),
        "evaluated_on": name,
        "class_names": (name, *map(str, range(1, 10))),
        "evaluation": evaluation,
        "errors": most_confident_errors(evaluation, samples.images),
        "inside": weight_sheet(network),
        "repeat": RepeatCode(name, name),
    }
    return ReportContent(**{**given_values, **values})


@in_event_loop
async def test_hostile_names_stay_text_and_nothing_is_requested() -> None:
    elements = Elements(report_html(await some_content(HOSTILE)))
    tags = [tag for tag, _ in elements.found]
    assert "script" not in tags
    assert elements.text.count(HOSTILE) >= 8
    assert not any(name.startswith("on") for _, attributes in elements.found for name in attributes)
    sources = [attributes["src"] or "" for tag, attributes in elements.found if tag == "img"]
    assert len(sources) == SHOWN_ERRORS + 1
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert not {"link", "iframe", "object", "form"} & set(tags)
    policy = next(it for tag, it in elements.found if it.get("http-equiv"))
    assert policy["content"].startswith("default-src 'none'")


@in_event_loop
async def test_a_report_is_in_the_language_of_whom_it_is_for() -> None:
    content = await some_content()
    with use_language(find_language("de")):
        elements = Elements(report_html(content))
    assert dict(elements.found)["html"] == {"lang": "de", "dir": "ltr"}
    assert "Konfusionsmatrix" in elements.text
    assert f"{100 * content.evaluation.metrics.accuracy:.2f}".replace(".", ",") in elements.text


@in_event_loop
async def test_a_link_of_another_scheme_is_no_link() -> None:
    for link, count in (("javascript:alert(1)", 0), ("?rate=1", 0), ("https://a.example/?b", 1)):
        elements = Elements(report_html(await some_content(link=link)))
        assert sum(tag == "a" for tag, _ in elements.found) == count
        assert link in elements.text


@in_event_loop
async def test_scores_and_matrix_are_those_of_the_evaluation() -> None:
    content = await some_content()
    elements = Elements(report_html(content))
    scores = next(it for _, it in elements.found if it.get("class") == "scores")
    metrics = content.evaluation.metrics
    assert float(scores["data-accuracy"] or "nan") == metrics.accuracy
    wrong = content.evaluation.mistakes[:SHOWN_ERRORS]
    assert all(f"sample {it.index}" in elements.text for it in wrong)
    for count in metrics.confusion_matrix[metrics.confusion_matrix > 0].tolist():
        assert str(count) in elements.text


@given(st.lists(st.tuples(st.floats(width=32), st.floats(width=32)), max_size=20), st.booleans())
def test_every_chart_is_well_formed_and_inside_its_picture(points, is_share) -> None:
    x = np.abs([place for place, _ in points])
    y = np.abs([value for _, value in points])
    if is_share:
        y = y % 1.0001 if np.isfinite(y).all() else np.clip(y, 0, 1)
    series = Series("a & b", x, y, "#123456", True)
    with np.errstate(all="ignore"):
        svg = line_chart([series], title="<t>", x="x", y="y", is_share=is_share)
    root = ET.fromstring(svg)
    for circle in root.iter("circle"):
        assert 0 <= float(circle.get("cx", "nan")) <= WIDTH
        assert -1 <= float(circle.get("cy", "nan")) <= HEIGHT


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 470, [0, 100, 200, 300, 400]),
        (0, 2.3, [0, 0.5, 1, 1.5, 2]),
        (0, 0, [0]),
        (0, float("inf"), [0]),
    ],
)
def test_ticks_are_round(low, high, ticks) -> None:
    assert round_ticks(low, high) == pytest.approx(ticks)


def test_the_weight_sheet_has_a_tile_for_each_shown_unit_or_filter() -> None:
    generator = np.random.default_rng(1)
    dense = weight_sheet(create_network((784, 100, 10), generator=generator))
    assert dense is not None
    assert dense.pixels.shape == (SHOWN_UNITS // 16 * 86, 16 * 86, 4)
    spec = read_layer_spec("conv5x8 pool2")
    filters = weight_sheet(create_network((784, 10), generator=generator, layer_spec=spec))
    assert filters is not None
    assert filters.pixels.shape == (27, 8 * 27, 4)
    assert filters.share_of_width == 0.5
    assert weight_sheet(create_network((2, 5, 3), generator=generator)) is None


def test_a_run_with_obstacles_has_no_code_but_reasons() -> None:
    fields = {"version": "1", "steps": 3, "settings": {}, "data_set": "digits"}
    changes = [SettingChange(step, "l2", 0.0, 0.1) for step in range(MAX_CHANGES + 1)]
    for given_values in ({"changes": [], "obstacles": ["because"]}, {"changes": changes}):
        code = script_of_run(**fields, training_samples="all", **given_values)
        assert not code.code
        assert code.obstacles


def test_arguments_of_the_command_are_quoted() -> None:
    words = ["inkling", "train", "--train-path", "my data; rm -rf x", "--l2", "0"]
    code = command_of_training(words, version="1").code
    assert code == "inkling train \\\n  --train-path 'my data; rm -rf x' \\\n  --l2 0\n"
