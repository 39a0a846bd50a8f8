"""Links that carry settings: read when a page is opened, written whenever a setting changes.

A link contains what differs from the defaults; unknown or impossible settings are left out with a
notice, so that no link can do harm.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

import param

from dashboard.digits.state import Origin
from dashboard.training.settings import (
    LearningSettings,
    SettingError,
    TrainingSettings,
    setting_names,
    shorten,
)
from dashboard.training.stopping import STOP_SETTINGS
from data_cache import DATA_SETS
from nn import PRETRAINED

if TYPE_CHECKING:
    from dashboard.digits.controller import DigitsController
    from dashboard.plane.state import PlaneState

DIGITS, SPIRAL = "digits", "spiral"
"""Names of the panes that have links."""

KEYS = {
    "learning_rate": "rate",
    "batch_size": "batch",
    "hidden_layers": "hidden",
    "initialization": "init",
    "data_set": "data",
    "training_samples": "samples",
    "shape": "data",
    "cache_size": "cache",
    "points_count": "points",
    "arm_angle": "angle",
    "train_share": "share",
    "pretrained_model": "model",
    "fine_tune": "fine-tune",
    "centre_drawing": "centre",
}
"""Keys of settings in links; the others have their own names, with hyphens."""

OLD_KEYS = {"net": "pretrained_model", "ready": "fine_tune"}
"""Keys of settings in links of earlier versions, which fine-tuned the first pretrained model."""

DIGITS_SETTINGS = (
    *("data_set", "training_samples", "pretrained_model", "fine_tune", "centre_drawing"),
    *(*setting_names(TrainingSettings), *STOP_SETTINGS),
)
"""The settings of the digits, in the order of the link."""

PAGE_KEYS = ("pane", "inside", "hide", "present", "api")
"""Keys that concern the page itself."""

FOREIGN = ("utm_", "fbclid", "gclid", "bokeh")
"""Prefixes of keys that other sites and servers add to links; they are ignored."""

HIDEABLE = (
    *("controls", "settings", "draw", "inside", "charts", "status"),
    *("model", "about", "present", "tabs"),
    *("learning", "data", "network", "weights", "advanced"),
    *("lessons", "points"),
)
"""What `hide` can hide: parts of the page, then cards; the page's style sheet does it."""

NONE, YES, NO = "none", "yes", "no"

SetLink = Callable[[str, str], None]
"""Takes the name of a pane and the query of its link."""


@dataclass(frozen=True)
class Launch:
    """What the page was opened with.

    A static page passes it to its worker as JSON in the worker's name::

        new Worker("worker.js", {name: JSON.stringify({search, tab, resume})})

    Attributes
    ----------
    search
        Query of the link (`location.search`); None: Panel delivers it later.
    tab
        Name of the tab, the same in each of its loads (`sessionStorage`), for the autosave.
    resume
        Whether to restore earlier work without asking, because the last worker crashed or the site
        was updated. The page leaves it out when workers crash repeatedly.
    """

    search: str | None
    tab: str
    resume: bool

    @classmethod
    def from_worker_name(cls, name: str) -> Launch:
        """Return what the page passed to this worker; other names than JSON pass nothing."""
        try:
            values = json.loads(name)
        except ValueError:
            values = None
        values = values if isinstance(values, dict) else {}
        search = values.get("search")
        tab = str(values.get("tab") or secrets.token_hex(8))
        return cls(search if isinstance(search, str) else None, tab, bool(values.get("resume")))


@dataclass(frozen=True)
class LinkContents:
    """The settings in a link by name, and why others were left out."""

    values: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


async def open_digits_link(controller: DigitsController, query: str) -> None:
    """Apply the settings of a link to the digits, with a notice of what was left out."""
    faults = hiding_faults(query)
    if pane_of(query) != SPIRAL:
        contents = read_link(query, controller.state, DIGITS_SETTINGS)
        faults += contents.faults
        await controller.apply_link(contents.values)
    tell_faults(faults, controller.warn)


def read_spiral_link(query: str) -> LinkContents:
    """Return the settings of a link to the spiral; none if it opens another pane."""
    from dashboard.plane.settings import PlaneSettings  # noqa: PLC0415 - imported with its pane only

    if pane_of(query) != SPIRAL:
        return LinkContents()
    return read_link(query, PlaneSettings(), setting_names(PlaneSettings))


def digits_link(controller: DigitsController) -> str:
    """Return the query of the link that reproduces the present curve, or the next one."""
    state = controller.state
    values = {name: getattr(state, name) for name in DIGITS_SETTINGS}
    if state.snapshot.iteration:
        values |= state.built_settings
        values["fine_tune"] = state.origin == Origin.FINE_TUNED
    if state.origin not in (Origin.PRETRAINED, Origin.FINE_TUNED):
        del values["pretrained_model"]  # it has no part in this model
    return write_link(values, type(state))


def track_digits_link(controller: DigitsController, set_link: SetLink) -> None:
    """Update the page's link to the digits at every change."""

    def update(*_events: Any) -> None:
        set_link(DIGITS, digits_link(controller))

    controller.state.param.watch(
        update, [*DIGITS_SETTINGS, "built_settings", "running", "origin", "history"]
    )


def track_spiral_link(state: PlaneState, set_link: SetLink) -> None:
    """Update the page's link to the spiral at every change; painted points are in no link."""
    from dashboard.plane.settings import PlaneSettings  # noqa: PLC0415 - imported with its pane only

    names = setting_names(PlaneSettings)

    def update(*_events: Any) -> None:
        set_link(SPIRAL, write_link({name: getattr(state, name) for name in names}, PlaneSettings))

    state.param.watch(update, list(names))
    update()


def link_key(name: str) -> str:
    """Return the key of a setting in links."""
    return KEYS.get(name, name.replace("_", "-"))


def write_link(values: Mapping[str, Any], defaults: type[LearningSettings]) -> str:
    """Return settings as the query of a link, without those that have their default."""
    return urlencode(
        [
            (link_key(name), write_value(value))
            for name, value in values.items()
            if value != defaults.param[name].default
        ]
    )


def write_value(value: Any) -> str:
    """Return the text of a value in links: 0.01, 128-64, yes, adam."""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, list):
        separator = "." if any(isinstance(item, str) for item in value) else "-"
        return separator.join(str(item) for item in value) or NONE
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    return str(value)


def read_link(query: str, settings: LearningSettings, names: Collection[str]) -> LinkContents:
    """Return the settings in the query of a link.

    Parameters
    ----------
    query
        With or without its question mark.
    settings
        Bounds the values; it is not changed.
    names
        The settings that the link may contain.
    """
    by_key = {link_key(name): name for name in names}
    by_key |= {key: name for key, name in OLD_KEYS.items() if name in names}
    contents = LinkContents()
    pairs = _parse(query)
    for key, text in pairs.items():
        if key in PAGE_KEYS or key.startswith(FOREIGN):
            continue
        name = by_key.get(key)
        if name is None:
            contents.faults.append(f"there is no setting “{shorten(key)}”")
            continue
        try:
            contents.values[name] = read_value(settings, name, text)
        except SettingError as error:
            contents.faults.append(str(error).rstrip("."))
    if "ready" in pairs and contents.values.get("fine_tune"):
        contents.values["pretrained_model"] = PRETRAINED[0]
    try:
        settings.check_budget(contents.values)
    except SettingError as error:
        for name in settings.cost_settings:
            contents.values.pop(name, None)
        contents.faults.append(str(error).rstrip("."))
    return contents


def read_value(settings: LearningSettings, name: str, text: str) -> Any:
    """Return the value of a text that `write_value` wrote; SettingError if there is none."""
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


def _parse(query: str) -> dict[str, str]:
    return dict(parse_qsl(query.removeprefix("?"), keep_blank_values=True))


def pane_of(query: str) -> str:
    """Return the name of the pane that a link opens; "" when it names none."""
    return _parse(query).get("pane", "")


def hiding_faults(query: str) -> list[str]:
    """Return a complaint for each part that a link wants to hide and that cannot be hidden."""
    unknown = [name for name in _parse(query).get("hide", "").split(",") if name]
    return [
        f"“{shorten(name)}” cannot be hidden, only {', '.join(HIDEABLE)}"
        for name in unknown
        if name not in HIDEABLE
    ]


def tell_faults(faults: Sequence[str], warn: Callable[[str], None]) -> None:
    """Show what was left out of a link, if anything was."""
    if faults:
        warn(f"Left out of this link: {'; '.join(faults)}.")
