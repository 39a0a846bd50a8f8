"""What mails, chats and people do to links: it is understood, or named, and never read as others.

`INKLING_LINKS=10000 pytest tests/dashboard/sharing/test_damaged_links.py` tries more of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dashboard.digits.state import DigitsState
from dashboard.plane.settings import PlaneSettings
from dashboard.sharing.link_text import write_query
from dashboard.sharing.links import (
    BASE,
    CHANGES_KEY,
    DIGITS,
    SPIRAL,
    LinkContents,
    pane_of,
    read_link,
    write_values,
)
from dashboard.training.settings import SettingError
from data_cache import DATA_SETS, PLANE_SHAPES
from nn import ACTIVATIONS, OPTIMIZERS

LINKS = int(os.environ.get("INKLING_LINKS", "300"))
SETTINGS = {DIGITS: DigitsState, SPIRAL: PlaneSettings}

common = {
    "learning_rate": st.floats(0, 10, exclude_min=True),
    "optimizer": st.sampled_from(list(OPTIMIZERS)),
    "l2": st.floats(0, 1),
    "dropout": st.floats(0, 0.9),
    "hidden_layers": st.lists(st.integers(1, 300), max_size=4),
    "activation": st.sampled_from(list(ACTIVATIONS)),
    "biases": st.booleans(),
    "seed": st.integers(0, 2**32 - 1),
}
chosen = {
    DIGITS: common
    | {
        "batch_size": st.integers(1, 512),
        "data_set": st.sampled_from(list(DATA_SETS)),
        "architecture": st.sampled_from(["dense", "small", "conv5x8 pool2 conv5x16 pool3"]),
        "stop_accuracy": st.floats(0, 100, exclude_min=True),
    },
    SPIRAL: common
    | {
        "shape": st.sampled_from(list(PLANE_SHAPES)),
        "points_count": st.integers(10, 900),
        "noise": st.floats(0, 1),
    },
}


@st.composite
def links(draw: st.DrawFn) -> tuple[str, dict[str, object], str, list[str]]:
    """A pane, its settings, the text of changes during the run, and the parts of the query."""
    pane = draw(st.sampled_from([DIGITS, SPIRAL]))
    values = {**BASE[pane], **draw(st.fixed_dictionaries({}, optional=chosen[pane]))}
    try:
        SETTINGS[pane]().check_budget(values)
    except SettingError:
        assume(False)
    texts = write_values(values, BASE[pane])
    steps = sorted(draw(st.lists(st.integers(1, 99_999), max_size=3, unique=True)))
    changes = "~".join(f"{step}_rate_{draw(st.integers(1, 9))}" for step in steps)
    if changes:
        texts[CHANGES_KEY] = changes
    return pane, values, changes, write_query(pane, texts).split("&")


Damage = Callable[[st.DrawFn, list[str]], str]


def place(draw: st.DrawFn, text: str) -> int:
    return draw(st.integers(1, len(text)))


def insert(what: st.SearchStrategy[str]) -> Damage:
    def damage(draw: st.DrawFn, parts: list[str]) -> str:
        text = "&".join(parts)
        at = place(draw, text)
        return text[:at] + draw(what) + text[at:]

    return damage


def cut(draw: st.DrawFn, parts: list[str]) -> str:
    text = "&".join(parts)
    return text[: place(draw, text)]


def cut_out(draw: st.DrawFn, parts: list[str]) -> str:
    text = "&".join(parts)
    start, end = sorted((place(draw, text), place(draw, text)))
    return text[:start] + text[end:]


def exchange(draw: st.DrawFn, parts: list[str]) -> str:
    text = "&".join(parts)
    at = place(draw, text) - 1
    return text[:at] + draw(st.sampled_from("0123456789abcxyz.-_%&=~")) + text[at + 1 :]


def drop(draw: st.DrawFn, parts: list[str]) -> str:
    at = draw(st.integers(0, len(parts) - 1))
    return "&".join(parts[:at] + parts[at + 1 :])


def reorder(draw: st.DrawFn, parts: list[str]) -> str:
    return "&".join(draw(st.permutations(parts)))


def double_one(draw: st.DrawFn, parts: list[str]) -> str:
    at = draw(st.integers(0, len(parts) - 1))
    key, _, value = parts[at].partition("=")
    other = draw(st.sampled_from([value, "1", "0.5", "no", "64"]))
    return "&".join(draw(st.permutations([*parts, f"{key}={other}"])))


def double(_draw: st.DrawFn, parts: list[str]) -> str:
    return "&".join(parts) + "https://example.org/?" + "&".join(parts)


def encode(draw: st.DrawFn, parts: list[str]) -> str:
    text, keep = "&".join(parts), draw(st.sampled_from(["", "&", "&=", "="]))
    for _ in range(draw(st.integers(1, 2))):
        text = quote(text, safe=keep)
    return text


UNDERSTOOD: dict[str, Damage] = {
    "whole": lambda _draw, parts: "&".join(parts),
    "reordered": reorder,
    "doubled": double,
    "encoded": encode,
    "entities": lambda draw, parts: draw(st.sampled_from(["&amp;", "&amp;amp;"])).join(parts),
    "capitals": lambda _draw, parts: "&".join(parts).upper(),
    "around": lambda draw, parts: "&".join(parts) + draw(st.text(").]>,;:!?'\"*…”", max_size=4)),
    "broken lines": insert(st.sampled_from(["\n", "\r\n", " ", "%20", "+", "%0A"])),
    "tracked": lambda _draw, parts: "&".join([*parts, "utm_source=x", "fbclid=IwAR1", "mc_cid=7"]),
}
"""What leaves the settings as they are."""

DAMAGED: dict[str, Damage] = {
    "cut": cut,
    "soft line breaks": insert(st.sampled_from(["=\n", "=\r\n", "=%0A"])),
    "part cut out": cut_out,
    "letter changed": exchange,
    "letters inserted": insert(st.text("0123456789abcxyz.-_%&=~", min_size=1, max_size=3)),
    "setting dropped": drop,
    "name doubled": double_one,
}
"""What may change the settings."""


def read(pane: str, query: str) -> LinkContents:
    settings = SETTINGS[pane]
    return read_link("?" + query, settings(), tuple(BASE[pane]), pane)


def says(contents: LinkContents) -> tuple[dict[str, object], str]:
    changes = "~".join(f"{it.iteration}_rate_{it.new:g}" for it in contents.changes)
    return contents.settings, changes


many = settings(max_examples=LINKS, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(links(), st.sampled_from(list(UNDERSTOOD)), st.data())
@many
def test_what_leaves_a_link_whole_is_understood(link, name, data):
    pane, values, changes, parts = link
    query = UNDERSTOOD[name](data.draw, parts)
    contents = read(pane, query)
    assert (says(contents), contents.refusal) == ((values, changes), "")
    assert contents.faults == ([] if name != "tracked" else ["there is no setting “mc_cid”"])
    assert pane_of(query) == pane


@given(links(), st.sampled_from(list(DAMAGED)), st.data())
@many
def test_what_changes_a_link_is_named_and_never_read_as_other_settings(link, name, data):
    pane, values, changes, parts = link
    assume("=" in parts[0])
    query = DAMAGED[name](data.draw, parts)
    contents = read(pane, query)
    if not (contents.refusal or contents.faults):
        assert says(contents) == (values, changes)
    elif contents.settings and name != "setting dropped":
        assert contents.refusal == ""


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("link=2&hidden=12", "cut off"),
        ("link=2&hidden=128-64&seed=7", "cut off"),
        ("link=2&seed=7&check=abc", "cut off"),
        ("link=", "cut off"),
        ("link=2&seed=7&check=abcdef", "cut or changed"),
        ("link=3&seed=7&check=abcdef", "format “3”"),
    ],
)
def test_a_link_that_lost_something_is_named_and_sets_nothing(query, named):
    contents = read(DIGITS, query)
    assert named in contents.refusal
    assert (contents.settings, contents.changes) == ({}, [])


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("?RATE=0.01&Optimizer=SGD", {"learning_rate": 0.01, "optimizer": "sgd"}),
        ("?rate=0.01&amp;seed=7).", {"learning_rate": 0.01, "seed": 7}),
        ("?rate%3D0.01%26seed%3D7", {"learning_rate": 0.01, "seed": 7}),
        ("?seed=7&seed=7", {"seed": 7}),
        ("?seed=7&seed=8&rate=0.01", {"learning_rate": 0.01}),
    ],
)
def test_links_without_a_check_are_read_as_leniently(query, values):
    contents = read(DIGITS, query)
    assert contents.values == values
    assert len(contents.faults) == (1 if "seed=8" in query else 0)
    assert contents.settings == {**BASE[DIGITS], **values}
