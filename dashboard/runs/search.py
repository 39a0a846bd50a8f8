"""A small grid or random search over one or two settings, in the page; and the same as TOML.

Every configuration is repeated with the same seeds, so a search is a comparison of many
configurations; `inkling sweep` reads the TOML.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, gettext_noop
from dashboard.runs.seeds import Configuration, SeedComparison
from dashboard.runs.trials import Trials, changed_settings, label_of, value_text
from dashboard.training.settings import SettingError

MAX_CONFIGURATIONS = 36
"""Most configurations of a search in the page."""

GRID, RANDOM = "grid", "random"
SEARCHES = {gettext_noop("all combinations"): GRID, gettext_noop("some at random"): RANDOM}

FLAGS = {
    "learning_rate": "learning-rate",
    "batch_size": "batch-size",
    "optimizer": "optimizer",
    "dropout": "dropout",
    "l1": "l1",
    "l2": "l2",
    "augment": "augment",
    "hidden_layers": "network-structure",
    "activation": "activation-function",
    "initialization": "initialization",
    "architecture": "architecture",
    "label_smoothing": "label-smoothing",
    "weight_average": "weight-average",
}
"""Keys of `inkling sweep` by the names of settings."""


@dataclass(frozen=True, eq=False)
class Search:
    """A search and its runs.

    Attributes
    ----------
    vary
        The values of each setting that varies, by name.
    comparison
        The configurations and their runs.
    """

    vary: Mapping[str, Sequence[Any]]
    comparison: SeedComparison

    def ranking(self) -> list[tuple[Configuration, list[float]]]:
        """Return the configurations with the last accuracies of their finished runs, best first.

        Those without a finished run come last.
        """
        results = [
            (configuration, list(self.comparison.finals(index).values()))
            for index, configuration in enumerate(self.comparison.configurations)
        ]
        return sorted(results, key=lambda it: -np.mean(it[1]) if it[1] else 1.0)


def read_values(trials: Trials, name: str, text: str) -> list[Any]:
    """Return the different values of a setting that were typed, separated by semicolons or commas.

    Raises
    ------
    SettingError
        One of them is none that the setting can take, or there are none.
    """
    is_list = isinstance(getattr(trials.controller.state, name), list)
    separated = text if is_list else text.replace(",", ";")
    values: list[Any] = []
    for part in filter(str.strip, separated.split(";")):
        value = changed_settings(trials, name, part)[name]
        if value not in values:
            values.append(value)
    if not values:
        example = "64; 128 32" if is_list else "0.001; 0.003; 0.01"
        raise SettingError(
            gettext(
                "{setting}: expected values between semicolons, such as {example}; found none.",
                setting=label_of(trials, name),
                example=example,
            )
        )
    return values


def make_search(
    trials: Trials,
    vary: Mapping[str, Sequence[Any]],
    seeds: Sequence[int],
    epochs: int,
    *,
    count: int | None = None,
) -> Search:
    """Return a search that has not begun.

    Parameters
    ----------
    trials
        Knows the settings.
    vary
        The values of each setting that varies, by name.
    seeds
        Of every configuration; the first one also draws the random configurations.
    epochs
        Of every run.
    count
        Configurations that are drawn at random from all; None: all of them.

    Raises
    ------
    SettingError
        There are too many configurations, or one of them is beyond the budget.
    """
    names = list(vary)
    combinations: list[tuple[Any, ...]] = [()]
    for name in names:
        combinations = [(*before, value) for before in combinations for value in vary[name]]
    if count is not None and count < len(combinations):
        order = np.random.default_rng(seeds[0]).permutation(len(combinations))[:count]
        combinations = [combinations[place] for place in order]
    if len(combinations) > MAX_CONFIGURATIONS:
        raise SettingError(
            gettext(
                "A search has at most {most} configurations; found {count}. Leave out some values, "
                "or take some at random.",
                most=MAX_CONFIGURATIONS,
                count=format_number(len(combinations)),
            )
        )
    configurations = []
    for values in combinations:
        changes = dict(zip(names, values, strict=True))
        trials.settings(**changes)
        title = ", ".join(
            f"{label_of(trials, name)} {value_text(value)}" for name, value in changes.items()
        )
        configurations.append(Configuration(title, changes, seeds))
    return Search(vary, SeedComparison(configurations, epochs))


def search_html(search: Search | None, is_running: bool) -> str:
    """Return the results so far as a table, the best configuration first."""
    if search is None:
        return ""
    comparison = search.comparison
    rows = []
    for configuration, finals in search.ranking():
        mean = format_percent(float(np.mean(finals)), 2) if finals else "–"
        deviation = ""
        if len(finals) > 1:
            deviation = f"± {format_number(100 * float(np.std(finals, ddof=1)), '.2f')}"
        rows.append(
            f'<tr><th scope="row">{escape(configuration.title)}</th><td class="number">{mean} '
            f"{deviation}</td>"
            f'<td class="number">{len(finals)}</td></tr>'
        )
    told = gettext(
        "{done} of {total} runs. Held-out accuracy at the end: mean and standard deviation over "
        "seeds. The best of many is partly the best by chance: repeat it with other seeds.",
        done=format_number(comparison.done),
        total=format_number(comparison.total),
    )
    return (
        f'<div data-state="{"running" if is_running else "done"}" data-done="{comparison.done}" '
        f'data-total="{comparison.total}"><p>{told}</p>'
        f'<table class="two"><thead><tr><th>{gettext("Configuration")}</th>'
        f'<th scope="col" class="number">{gettext("Accuracy")}</th>'
        f'<th scope="col" class="number">{gettext("Seeds")}</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def search_toml(trials: Trials, search: Search, *, data_set: str) -> str:
    """Return the definition of a search on digits for `inkling sweep`.

    Its random configurations are written as the grid that they are drawn from.

    Parameters
    ----------
    trials
        Have the other settings.
    search
        The search.
    data_set
        The opened data set.

    Raises
    ------
    SettingError
        A setting has no flag of `inkling train`.
    """
    if "biases" in search.vary or not trials.settings().biases:
        raise SettingError(
            gettext("Networks without biases are trained in the page alone, so no TOML.")
        )
    comparison, settings = search.comparison, trials.settings()
    seeds = list(comparison.configurations[0].seeds)
    lines = [f"seeds = {seeds}", "", "[settings]", f"data-set = {json.dumps(data_set)}"]
    lines += [f"num-epochs = {comparison.length}", 'schedule = "constant"']
    for name, flag in FLAGS.items():
        if name not in search.vary:
            lines.append(f"{flag} = {_toml(name, getattr(settings, name))}")
    lines += ["", "[vary]"]
    for name, values in search.vary.items():
        lines.append(f"{FLAGS[name]} = [{', '.join(_toml(name, it) for it in values)}]")
    return "".join(f"{line}\n" for line in lines)


def _toml(name: str, value: Any) -> str:
    if name == "hidden_layers":
        return json.dumps([784, *value, 10])
    return json.dumps(value)
