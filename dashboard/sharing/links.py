"""What links say: the settings that they name, as text and back, and what a page does with them.

A link contains what differs from `BASE`, never from the defaults, which may be others in the build
that opens it. Unknown or impossible settings are left out with a notice, so that no link can do
harm.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import param

from dashboard.languages.text import gettext
from dashboard.sharing.link_text import POINTS_KEY, LinkText, read_query
from dashboard.training.marks import MARKED_SETTINGS, SettingChange
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
    from dashboard.plane.dataset import PlaneData

DIGITS, SPIRAL = "digits", "spiral"
"""Names of the panes that have links."""

BASE: Mapping[str, Mapping[str, Any]] = {
    DIGITS: {
        "data_set": "digits",
        "training_samples": "all",
        "pretrained_model": "best",
        "fine_tune": False,
        "centre_drawing": True,
        "learning_rate": 0.002,
        "batch_size": 32,
        "optimizer": "adam",
        "l1": 0.0,
        "l2": 0.0,
        "dropout": 0.0,
        "hidden_layers": [128],
        "activation": "relu",
        "initialization": "he",
        "biases": True,
        "seed": 1,
        "architecture": "dense",
        "label_smoothing": 0.0,
        "weight_average": 0.0,
        "cache_size": 5,
        "concurrency": 5,
        "augment": "none",
        "stop_epoch": None,
        "stop_accuracy": None,
        "stop_patience": None,
    },
    SPIRAL: {
        "learning_rate": 0.5,
        "batch_size": 0,
        "optimizer": "sgd",
        "l1": 0.0,
        "l2": 0.001,
        "dropout": 0.0,
        "hidden_layers": [100],
        "activation": "relu",
        "initialization": "normal",
        "biases": True,
        "seed": 1,
        "weight_noise": 0.1,
        "shape": "spiral",
        "points_count": 500,
        "classes": 5,
        "noise": 0.25,
        "arm_angle": 3.1416,
        "train_share": 0.5,
        "inputs": ["x1", "x2"],
    },
}
"""What a link means that does not name a setting, by pane; in all versions the same.

A setting that is added later belongs here with the value that changes nothing.
"""

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

CHANGES_KEY = "changes"
"""The key of the changes that were made during the run."""

MAX_CHANGES = 40
"""A link carries at most so many changes; more make it too long."""

OLD_KEYS = {"net": "pretrained_model", "ready": "fine_tune"}
"""Keys of settings in links of earlier versions, which fine-tuned the first pretrained model."""

DIGITS_SETTINGS = (
    *("data_set", "training_samples", "pretrained_model", "fine_tune", "centre_drawing"),
    *(*setting_names(TrainingSettings), *STOP_SETTINGS),
)
"""The settings of the digits, in the order of the link."""

HIDEABLE = (
    *("controls", "settings", "draw", "inside", "charts", "status"),
    *("model", "about", "present", "tabs"),
    *("learning", "data", "network", "weights", "advanced"),
    *("lessons", "points"),
)
"""What `hide` can hide: parts of the page, then cards; the page's style sheet does it."""

NONE, YES, NO = "none", "yes", "no"


@dataclass(frozen=True)
class Launch:
    """What the page was opened with.

    A static page passes it to its worker as JSON in the worker's name::

        new Worker("worker.js", {name: JSON.stringify({search, tab, resume, language})})

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
        search = search if isinstance(search, str) else None
        return cls(search, tab, bool(values.get("resume")))


@dataclass(frozen=True)
class LinkContents:
    """What a link says.

    Attributes
    ----------
    values
        The settings that it names.
    base
        What it means by not naming the others.
    changes
        Changes of settings during the run, in the order of their iterations.
    points_text
        The painted points, as text; "" when there are none.
    faults
        Why other settings were left out.
    refusal
        Why nothing of it may be used, in sentences; "" otherwise.
    is_checked
        Whether it has a check, so that it describes a run even without a setting.
    """

    values: dict[str, Any] = field(default_factory=dict)
    base: Mapping[str, Any] = field(default_factory=dict)
    changes: list[SettingChange] = field(default_factory=list)
    points_text: str = ""
    faults: list[str] = field(default_factory=list)
    refusal: str = ""
    is_checked: bool = False

    @property
    def settings(self) -> dict[str, Any]:
        """All settings of the pane; none when the link describes no run."""
        return {**self.base, **self.values} if self.values or self.is_checked else {}


async def open_digits_link(controller: DigitsController, query: str) -> None:
    """Apply the settings of a link to the digits, with a notice of what was left out."""
    faults = hiding_faults(query)
    contents = LinkContents()
    if pane_of(query) != SPIRAL:
        contents = read_link(query, controller.state, DIGITS_SETTINGS)
        await controller.apply_link(contents.settings, set(contents.values), contents.changes)
    tell_faults(faults + contents.faults, controller.warn, contents.refusal)


def read_spiral_link(query: str) -> LinkContents:
    """Return the settings of a link to the spiral; none if it opens another pane."""
    from dashboard.plane.settings import PlaneSettings  # noqa: PLC0415 - imported with its pane only

    if pane_of(query) != SPIRAL:
        return LinkContents()
    return read_link(query, PlaneSettings(), setting_names(PlaneSettings), SPIRAL)


def linked_points(contents: LinkContents) -> PlaneData | None:
    """Return the painted points of a link; None without any, or with a fault when unreadable."""
    from dashboard.plane.dataset import make_data  # noqa: PLC0415 - imported with its pane only
    from dashboard.plane.settings import PlaneSettings  # noqa: PLC0415
    from dashboard.sharing.point_text import read_points  # noqa: PLC0415

    if not contents.points_text:
        return None
    settings = PlaneSettings(**contents.settings)
    try:
        data = read_points(contents.points_text, make_data(settings))
        if data.classes != settings.classes:
            raise ValueError(
                gettext(
                    "expected {classes} classes, found {found}",
                    classes=settings.classes,
                    found=data.classes,
                )
            )
    except ValueError as error:
        contents.faults.append(gettext("the painted points: {error}", error=error))
        return None
    return data


def link_key(name: str) -> str:
    """Return the key of a setting in links."""
    return KEYS.get(name, name.replace("_", "-"))


def write_values(values: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings that differ from the base as texts by key."""
    return {
        link_key(name): write_value(value)
        for name, value in values.items()
        if value != base[name] or isinstance(value, bool) != isinstance(base[name], bool)
    }


def write_changes(changes: Sequence[SettingChange]) -> str:
    """Return changes as text: 120_rate_0.01~300_batch_64."""
    return "~".join(f"{it.iteration}_{link_key(it.name)}_{write_value(it.new)}" for it in changes)


def _read_changes(
    text: str, settings: LearningSettings, values: Mapping[str, Any]
) -> list[SettingChange]:
    """Return the changes of such a text; SettingError when one of them is not possible.

    Parameters
    ----------
    text
        Of the link.
    settings
        Bounds the values.
    values
        All settings at the start of the run.
    """
    by_key = {link_key(name): name for name in MARKED_SETTINGS if name in values}
    current = dict(values)
    changes: list[SettingChange] = []
    entries = text.split("~")
    if len(entries) > MAX_CHANGES:
        raise SettingError(
            gettext(
                "A link has at most {most} changes; found {count}.",
                most=MAX_CHANGES,
                count=len(entries),
            )
        )
    for entry in entries:
        number, _, rest = entry.partition("_")
        key, _, value = rest.partition("_")
        name = by_key.get(key)
        earliest = changes[-1].iteration if changes else 1
        is_number = number.isascii() and number.isdecimal() and len(number) < 16
        if name is None or not is_number or int(number) < earliest:
            raise SettingError(
                gettext(
                    "A change is an iteration, a setting and its value, such as "
                    "120_rate_0.01, in the order of the iterations; found “{entry}”.",
                    entry=shorten(entry),
                )
            )
        new = read_value(settings, name, value)
        changes.append(SettingChange(int(number), name, current[name], new))
        current[name] = new
        settings.check_budget(current)
    return changes


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
    return "" if value is None else str(value).replace(" ", ".")


def read_link(
    query: str, settings: LearningSettings, names: Collection[str], pane: str = DIGITS
) -> LinkContents:
    """Return what the query of a link says about a pane.

    Parameters
    ----------
    query
        With or without its question mark.
    settings
        Bounds the values; it is not changed.
    names
        The settings that the link may contain.
    pane
        Whose link it is.
    """
    link = _read(query)
    base = {name: BASE[pane][name] for name in names}
    contents = LinkContents(
        base=base, faults=list(link.faults), refusal=link.refusal, is_checked=link.is_checked
    )
    by_key = {link_key(name): name for name in names}
    by_key |= {key: name for key, name in OLD_KEYS.items() if name in names}
    pairs = link.setting_values
    texts = {key: pairs.pop(key) for key in (CHANGES_KEY, POINTS_KEY) if key in pairs}
    for key, text in pairs.items():
        name = by_key.get(key)
        if name is None:
            contents.faults.append(gettext("there is no setting “{key}”", key=shorten(key)))
            continue
        try:
            contents.values[name] = read_value(settings, name, text)
        except SettingError as error:
            contents.faults.append(str(error).rstrip(".。"))
    if "ready" in pairs and contents.values.get("fine_tune"):
        contents.values["pretrained_model"] = PRETRAINED[0]
    try:
        settings.check_budget({**base, **contents.values})
    except SettingError as error:
        for name in settings.cost_settings:
            contents.values.pop(name, None)
        contents.faults.append(str(error).rstrip(".。"))
    if CHANGES_KEY in texts:
        try:
            start = {**base, **contents.values}
            contents.changes.extend(_read_changes(texts[CHANGES_KEY], settings, start))
        except SettingError as error:
            contents.faults.append(str(error).rstrip(".。"))
    if POINTS_KEY in texts:
        return replace(contents, points_text=texts[POINTS_KEY])
    return contents


def read_value(settings: LearningSettings, name: str, text: str) -> Any:
    """Return the value of a text that `write_value` wrote; SettingError if there is none."""
    parameter = settings.param[name]
    if isinstance(parameter, param.Boolean):
        return _choose(gettext(parameter.label), text, {YES: True, NO: False})
    if isinstance(parameter, param.ListSelector):
        known = {str(item): item for item in parameter.objects}
        return [_choose(gettext(parameter.label), item, known) for item in text.split(".")]
    if name == "data_set":
        return _choose(gettext("Data set"), text, {known: known for known in DATA_SETS})
    if name == "architecture":
        return settings.read(name, text.replace(".", " "))
    return settings.read(name, "" if text == NONE and name == "hidden_layers" else text)


def _choose(label: str, text: str, choices: Mapping[str, Any]) -> Any:
    if text not in choices:
        raise SettingError(
            gettext(
                "{label} is one of {names}; found “{text}”.",
                label=label,
                names=", ".join(choices),
                text=shorten(text),
            )
        )
    return choices[text]


def _read(query: str) -> LinkText:
    known = {link_key(name) for base in BASE.values() for name in base}
    return read_query(query, known | {CHANGES_KEY, POINTS_KEY, *OLD_KEYS}, (DIGITS, SPIRAL))


def pane_of(query: str) -> str:
    """Return the name of the pane that a link is for; "" when it names none."""
    return _read(query).pane


def hiding_faults(query: str) -> list[str]:
    """Return a complaint for each part that a link wants to hide and that cannot be hidden."""
    unknown = [name for name in _read(query).values.get("hide", "").split(",") if name]
    return [
        gettext(
            "“{name}” cannot be hidden, only {names}", name=shorten(name), names=", ".join(HIDEABLE)
        )
        for name in unknown
        if name not in HIDEABLE
    ]


def tell_faults(faults: Sequence[str], warn: Callable[[str], None], refusal: str = "") -> None:
    """Show why a link was refused, and what was left out of it, if anything was."""
    left_out = (
        gettext("Left out of this link: {faults}.", faults="; ".join(faults)) if faults else ""
    )
    if refusal or left_out:
        warn(" ".join(filter(None, (refusal, left_out))))
