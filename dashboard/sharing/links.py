"""Writes settings into a link and reads them back: what differs from the defaults, in plain words.

A link never does harm: whatever it says that is unknown or impossible is left out and named.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import param

from dashboard.training.settings import LearningSettings, SettingError, TrainingSettings, shorten
from data_cache import DATA_SETS

SHORT = {
    "learning_rate": "rate",
    "batch_size": "batch",
    "hidden_layers": "hidden",
    "initialization": "init",
    "data_set": "data",
    "shape": "data",
    "cache_size": "cache",
    "points_count": "points",
    "arm_angle": "angle",
    "train_share": "share",
    "drawing_model": "net",
    "fine_tune": "ready",
}
"""How links spell settings; the others are spelt by their names, with hyphens."""

DIGITS = (
    "data_set",
    "drawing_model",
    "fine_tune",
    *(name for name in TrainingSettings.param if name != "name"),
)
"""The settings of the digits, in the order of the link."""

OF_THE_PAGE = ("pane", "hide", "api")
"""What links say to the page itself."""

FOREIGN = ("utm_", "fbclid", "gclid", "bokeh")
"""How the names begin that other sites and servers put into links; they mean nothing here."""

HIDEABLE = (
    *("controls", "draw", "charts", "status", "about", "tabs"),
    *("learning", "data", "network", "weights", "lessons", "points"),
)
"""What `hide` can hide: parts of the page, then cards at its side. The page's style does it."""

NONE = "none"
YES, NO = "yes", "no"


@dataclass(frozen=True)
class Opened:
    """What a link asks for: settings by name, and sentences on what was left out."""

    values: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def spell(name: str) -> str:
    """Return how links spell a setting."""
    return SHORT.get(name, name.replace("_", "-"))


def write_link(values: Mapping[str, Any], defaults: type[LearningSettings]) -> str:
    """Write settings as the query of a link, without those that have their default."""
    return urlencode(
        [
            (spell(name), write_value(value))
            for name, value in values.items()
            if value != defaults.param[name].default
        ]
    )


def write_value(value: Any) -> str:
    """Write one setting the way links spell it: 0.01, 128-64, yes, adam."""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, list):
        between = "." if any(isinstance(item, str) for item in value) else "-"
        return between.join(str(item) for item in value) or NONE
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    return str(value)


def read_link(query: str, settings: LearningSettings, names: Collection[str]) -> Opened:
    """Read the query of a link.

    Parameters
    ----------
    query
        With or without its question mark.
    settings
        Says what each setting can be; it is not changed.
    names
        The settings that the link may speak of.
    """
    spelling = {spell(name): name for name in names}
    opened = Opened()
    for key, text in dict(parse_qsl(query.removeprefix("?"), keep_blank_values=True)).items():
        if key in OF_THE_PAGE or key.startswith(FOREIGN):
            continue
        name = spelling.get(key)
        if name is None:
            opened.faults.append(f"nothing here is called “{shorten(key)}”")
            continue
        try:
            opened.values[name] = read_value(settings, name, text)
        except SettingError as error:
            opened.faults.append(str(error).rstrip("."))
    return opened


def read_value(settings: LearningSettings, name: str, text: str) -> Any:
    """Read one setting as `write_value` spells it; a SettingError says what is wrong."""
    parameter = settings.param[name]
    if isinstance(parameter, param.Boolean):
        return _choose(parameter.label, text, {YES: True, NO: False})
    if isinstance(parameter, param.ListSelector):
        known = {str(item): item for item in parameter.objects}
        return [_choose(parameter.label, item, known) for item in text.split(".")]
    if name == "data_set":
        return _choose("Data set", text, {known: known for known in DATA_SETS})
    return settings.read(name, "" if text == NONE and name == "hidden_layers" else text)


def _choose(label: str, text: str, choices: Mapping[str, Any]) -> Any:
    if text not in choices:
        raise SettingError(f"{label} is one of {', '.join(choices)}; found “{shorten(text)}”.")
    return choices[text]


def pane_of(query: str) -> str:
    """Return the name of the pane that a link opens; "" when it names none."""
    return dict(parse_qsl(query.removeprefix("?"))).get("pane", "")


def faults_of_hiding(query: str) -> list[str]:
    """Name what a link wants to hide that cannot be hidden."""
    wanted = dict(parse_qsl(query.removeprefix("?"))).get("hide", "")
    unknown = [name for name in wanted.split(",") if name and name not in HIDEABLE]
    return [f"“{shorten(name)}” cannot be hidden, only {', '.join(HIDEABLE)}" for name in unknown]


def tell_faults(faults: Sequence[str], warn: Callable[[str], None]) -> None:
    """Say what of a link was left out, if anything was."""
    if faults:
        warn(f"Left out of this link: {'; '.join(faults)}.")
