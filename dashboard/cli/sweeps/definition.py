"""The definition of a sweep: a grid or a random search over settings, as a TOML file says it.

Every trial has a key made of all its settings and its samples, so that a sweep that was stopped
knows what it has computed already, in whatever order.
"""

from __future__ import annotations

import difflib
import hashlib
import itertools
import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import param

from dashboard.cli.arguments import read_flag, read_structure
from dashboard.cli.settings import CommandSettings
from dashboard.cli.train import SETTING_FLAGS
from dashboard.cli.train_job import IDLE_SETTINGS
from dashboard.languages.text import gettext
from dashboard.training.settings import SettingError, setting_names, shorten

GRID, RANDOM = "grid", "random"
SEARCHES = (GRID, RANDOM)
MAX_TRIALS = 10_000

FORMAT = 1
"""Of the keys of trials; it changes when the same settings would give other numbers."""

_KEYS = ("name", "search", "trials", "sampling-seed", "seeds", "settings", "vary")
_DATA_KEYS = ("data-set", "train-path", "validation-path")
_STRUCTURE = "network-structure"
_LOG, _LINEAR = "log", "linear"


@dataclass(frozen=True)
class DataChoice:
    """The samples of a sweep, as the flags of `inkling train` name them; None: not given."""

    data_set: str | None = None
    train_path: str | None = None
    validation_path: str | None = None


@dataclass(frozen=True)
class Trial:
    """One run of a sweep; it can be pickled.

    Attributes
    ----------
    settings
        Values of `CommandSettings` that differ from the defaults or vary, with the seed, by name.
    varied
        Names of the settings that vary.
    data
        The samples.
    """

    settings: Mapping[str, Any]
    varied: Sequence[str]
    data: DataChoice

    def key(self, fingerprint: str, version: str) -> str:
        """Return what identifies the numbers of the trial: equal for equal settings and samples.

        Parameters
        ----------
        fingerprint
            Of the training samples, see `TrainData.fingerprint`.
        version
            Of Inkling.
        """
        settings = CommandSettings(**self.settings)
        values = {
            name: _canonical(settings, name)
            for name in sorted(setting_names(CommandSettings))
            if name not in IDLE_SETTINGS
        }
        content = {"format": FORMAT, "version": version, "data": fingerprint, "settings": values}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def _canonical(settings: CommandSettings, name: str) -> Any:
    """Return a value of which equal ones have one spelling: 1 and 1.0 are the same rate."""
    value = getattr(settings, name)
    is_real = isinstance(settings.param[name], param.Number)
    is_integer = isinstance(settings.param[name], param.Integer)
    return float(value) if is_real and not is_integer and value is not None else value


@dataclass(frozen=True)
class Interval:
    """Values of a random search: from `low` to `high`, evenly on a linear or a log scale."""

    low: float
    high: float
    is_log: bool

    def draw(self, generator: np.random.Generator, is_integer: bool) -> float | int:
        """Return a value, rounded to four digits or to a whole number."""
        share = generator.random()
        if self.is_log:
            value = math.exp(math.log(self.low) * (1 - share) + math.log(self.high) * share)
        else:
            value = self.low * (1 - share) + self.high * share
        return round(value) if is_integer else float(f"{value:.4g}")


Values = Sequence[Any] | Interval


@dataclass(frozen=True)
class SweepDefinition:
    """A sweep.

    Attributes
    ----------
    name
        Under which its runs are stored.
    search
        One of `SEARCHES`.
    fixed
        Values of the settings that are the same in all trials, by name.
    vary
        The values of each setting that varies, by name.
    seeds
        Of every configuration.
    count
        Configurations of a random search.
    sampling_seed
        Of the generator that draws them.
    data
        The samples.
    """

    name: str
    search: str
    fixed: Mapping[str, Any]
    vary: Mapping[str, Values]
    seeds: Sequence[int]
    count: int = 0
    sampling_seed: int = 0
    data: DataChoice = DataChoice()

    def trials(self) -> list[Trial]:
        """Return the trials, those of one configuration together.

        Raises
        ------
        SettingError
            There are too many, or the settings of one are impossible together.
        """
        configurations = self._configurations()
        if len(configurations) * len(self.seeds) > MAX_TRIALS:
            raise SettingError(
                gettext(
                    "A sweep has at most {max_trials:,} trials; found {count:,} "
                    "configurations with {seeds:,} seeds each.",
                    max_trials=MAX_TRIALS,
                    count=len(configurations),
                    seeds=len(self.seeds),
                )
            )
        names = tuple(self.vary)
        trials = [
            Trial({**self.fixed, **values, "seed": seed}, names, self.data)
            for values in configurations
            for seed in self.seeds
        ]
        for trial in trials:
            CommandSettings(**trial.settings)
        return trials

    def _configurations(self) -> list[dict[str, Any]]:
        if self.search == GRID:
            lists: list[Sequence[Any]] = []
            for values in self.vary.values():
                assert not isinstance(values, Interval), "refused when it was read"
                lists.append(values)
            if math.prod(map(len, lists)) > MAX_TRIALS:
                raise SettingError(
                    gettext(
                        "A sweep has at most {max_trials:,} trials; found more.",
                        max_trials=MAX_TRIALS,
                    )
                )
            return [dict(zip(self.vary, it, strict=True)) for it in itertools.product(*lists)]
        # A generator for each, so that a longer search begins with the same configurations.
        return [
            self._draw(np.random.default_rng([self.sampling_seed, number]))
            for number in range(self.count)
        ]

    def _draw(self, generator: np.random.Generator) -> dict[str, Any]:
        drawn = {}
        for name, values in self.vary.items():
            if isinstance(values, Interval):
                is_integer = isinstance(CommandSettings.param[name], param.Integer)
                drawn[name] = values.draw(generator, is_integer)
            else:
                drawn[name] = values[int(generator.integers(len(values)))]
        return drawn


def read_sweep(path: Path) -> SweepDefinition:
    """Return the sweep that a TOML file defines.

    Raises
    ------
    SettingError
        The file is no TOML, has an unknown key, or a value that a setting cannot take.
    OSError
        It cannot be read.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingError(
            gettext("{path}: expected TOML: {error}.", path=path, error=str(error)[:120])
        ) from error
    try:
        return parse_sweep(content, path.stem)
    except SettingError as error:
        raise SettingError(f"{path}: {error}") from error


def parse_sweep(content: Mapping[str, Any], default_name: str) -> SweepDefinition:
    """Return the sweep in the content of a TOML file; SettingError if it is none.

    Parameters
    ----------
    content
        Keys and values.
    default_name
        Its name, if the content has none.
    """
    _check_keys(content, _KEYS, gettext("the keys"))
    search = content.get("search", GRID)
    if search not in SEARCHES:
        raise SettingError(
            gettext("search: expected grid or random, found {search}.", search=_quoted(search))
        )
    fixed_table, vary_table = _table(content, "settings"), _table(content, "vary")
    if not vary_table:
        raise SettingError(
            gettext("vary: expected at least one setting with its values, found none.")
        )
    flags = _setting_names()
    _check_keys(fixed_table, (*flags, *_DATA_KEYS), gettext("the flags of inkling train"))
    _check_keys(
        vary_table, [it for it in flags if it != "seed"], gettext("the settings that can vary")
    )
    data = DataChoice(*(_text(fixed_table, key) for key in _DATA_KEYS))
    fixed = {
        flags[key]: _read(key, value, "settings")
        for key, value in fixed_table.items()
        if key not in _DATA_KEYS
    }
    seed = fixed.pop("seed", CommandSettings.param["seed"].default)
    vary = {flags[key]: _read_values(key, value, search) for key, value in vary_table.items()}
    if twice := sorted(set(fixed) & set(vary)):
        raise SettingError(
            gettext(
                "vary: {twice} is fixed in settings, too; leave out one of them.", twice=twice[0]
            )
        )
    count = 0
    if search == RANDOM:
        count = _integer(content, "trials", None, 1, MAX_TRIALS)
    elif "trials" in content:
        raise SettingError(
            gettext("trials: a grid has all combinations; leave it out, or search = random.")
        )
    return SweepDefinition(
        name=_name(content.get("name", default_name)),
        search=search,
        fixed=fixed,
        vary=vary,
        seeds=_read_seeds(content.get("seeds", 1), seed),
        count=count,
        sampling_seed=_integer(content, "sampling-seed", 0, 0, 2**32 - 1),
        data=data,
    )


def _setting_names() -> dict[str, str]:
    """Return the names of settings by their keys."""
    named = {flag.removeprefix("--"): name for name, flag in SETTING_FLAGS.items()}
    return {**named, _STRUCTURE: "hidden_layers", "calibrate": "calibrate"}


def _check_keys(found: Mapping[str, Any], known: Sequence[str], what: str) -> None:
    for key in found:
        if key not in known:
            close = difflib.get_close_matches(key.replace("_", "-"), known, n=1)
            hint = gettext(" Did you mean “{close}”?", close=close[0]) if close else ""
            raise SettingError(
                gettext(
                    "expected {what} {names}; found “{key}”.{hint}",
                    what=what,
                    names=", ".join(sorted(known)),
                    key=shorten(key),
                    hint=hint,
                )
            )


def _table(content: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    table = content.get(key, {})
    if not isinstance(table, dict):
        raise SettingError(
            gettext("{key}: expected a table, found {table}.", key=key, table=_quoted(table))
        )
    return table


def _text(table: Mapping[str, Any], key: str) -> str | None:
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        raise SettingError(
            gettext(
                "settings: {key}: expected a text, found {value}.", key=key, value=_quoted(value)
            )
        )
    return value


def _name(value: Any) -> str:
    name = " ".join(str(value).split())[:60]
    if not name or not isinstance(value, str):
        raise SettingError(gettext("name: expected a text, found {value}.", value=_quoted(value)))
    return name


def _integer(content: Mapping[str, Any], key: str, default: int | None, low: int, high: int) -> int:
    value = content.get(key, default)
    if type(value) is not int or not low <= value <= high:
        raise SettingError(
            gettext(
                "{key}: expected a whole number from {low:,} to {high:,}, found {value}.",
                key=key,
                low=low,
                high=high,
                value=_quoted(value),
            )
        )
    return value


def _read_seeds(value: Any, first: int) -> list[int]:
    """Return seeds: a list as it is, a number of them from that of the settings on."""
    if type(value) is int and 1 <= value <= 1000:
        return [(first + index) % 2**32 for index in range(value)]
    if isinstance(value, list) and value and all(type(it) is int for it in value):
        seeds = [read_flag("seeds", "seed", str(it)) for it in value]
        if len(set(seeds)) == len(seeds):
            return seeds
    raise SettingError(
        gettext(
            "seeds: expected a number of seeds from 1 to 1,000 or a list of different "
            "seeds, found {value}.",
            value=_quoted(value),
        )
    )


def _read_values(key: str, value: Any, search: str) -> Values:
    if isinstance(value, list) and value:
        values = [_read(key, it, "vary") for it in value]
        if any(values.count(it) > 1 for it in values):
            raise SettingError(
                gettext("vary: {key}: expected different values, found one twice.", key=key)
            )
        return values
    if isinstance(value, dict) and search == RANDOM:
        return _read_interval(key, value)
    expected = gettext("a list of values")
    if search == RANDOM:
        interval = '{ from = 0.001, to = 0.1, scale = "log" }'
        expected = gettext("a list of values or {interval}", interval=interval)
    raise SettingError(
        gettext(
            "vary: {key}: expected {expected}, found {value}.",
            key=key,
            expected=expected,
            value=_quoted(value),
        )
    )


def _read_interval(key: str, table: Mapping[str, Any]) -> Interval:
    where = f"vary: {key}"
    if not set(table) <= {"from", "to", "scale"} or not {"from", "to"} <= set(table):
        raise SettingError(
            gettext(
                "{where}: expected from, to and scale, found {table}.",
                where=where,
                table=_quoted(dict(table)),
            )
        )
    low, high = (_read(key, table[end], where) for end in ("from", "to"))
    scale = table.get("scale", _LINEAR)
    if type(low) not in (int, float) or scale not in (_LOG, _LINEAR):
        raise SettingError(
            gettext("{where}: expected numbers, and the scale linear or log.", where=where)
        )
    if not low < high or (scale == _LOG and low <= 0):
        raise SettingError(
            gettext(
                "{where}: expected from below to, both above 0 on a log scale; found "
                "{low} and {high}.",
                where=where,
                low=low,
                high=high,
            )
        )
    return Interval(float(low), float(high), scale == _LOG)


def _read(key: str, value: Any, where: str) -> Any:
    """Return the value of a setting as `inkling train` would read it."""
    try:
        if key == "calibrate":
            if not isinstance(value, bool):
                raise SettingError(
                    gettext(
                        "calibrate: expected true or false, found {value}.", value=_quoted(value)
                    )
                )
            return value
        if key == _STRUCTURE:
            if not isinstance(value, list):
                raise SettingError(
                    gettext(
                        "{key}: expected a list such as [784, 128, 10], found {value}.",
                        key=key,
                        value=_quoted(value),
                    )
                )
            return read_structure(key, [str(it) for it in value])
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise SettingError(
                gettext(
                    "{key}: expected a number or a text, found {value}.",
                    key=key,
                    value=_quoted(value),
                )
            )
        return read_flag(key, _setting_names()[key], str(value))
    except SettingError as error:
        raise SettingError(f"{where}: {error}") from error


def _quoted(value: Any) -> str:
    return f"“{shorten(str(value))}”"
