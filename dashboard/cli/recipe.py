"""A recipe is a file with the flags of `inkling train`, so that one word reproduces a net.

It is TOML or JSON; each key is the name of a flag without its dashes in front. What stands on the
command line beside `--recipe` overrides it.
"""

from __future__ import annotations

import argparse
import difflib
import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from dashboard.cli.failure import CommandError
from dashboard.training.settings import SettingError, shorten

SHIPPED = ("mlp", "best")
"""The recipes of the nets in the package, by name."""

# A recipe cannot name another, and whether a run is resumed is not part of how a net is made.
_NOT_IN_RECIPES = ("help", "recipe", "resume")


def apply_recipe(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Fill in the arguments that were not given from the recipe that `arguments` name, if any.

    Raises
    ------
    SettingError
        For a key or a value that no flag of the command takes.
    CommandError
        When the file cannot be read.
    """
    if arguments.recipe is None:
        return
    actions = _actions(parser)
    for key, value in read_recipe(arguments.recipe).items():
        action = actions.get(key)
        if action is None:
            raise SettingError(f"--recipe: {arguments.recipe}: {_unknown(key, actions)}")
        converted = _convert(value, action, f"--recipe: {arguments.recipe}: “{key}”")
        if getattr(arguments, action.dest) == action.default:
            setattr(arguments, action.dest, converted)


def read_recipe(name: str) -> dict[str, Any]:
    """Return the keys and values of a recipe, a file or one of `SHIPPED`."""
    text = _read_text(name)
    try:
        content = json.loads(text) if name.lower().endswith(".json") else tomllib.loads(text)
    except ValueError as error:
        raise SettingError(f"--recipe: {name} is not whole TOML or JSON: {error}.") from error
    if not isinstance(content, dict):
        raise SettingError(f"--recipe: {name} needs keys with values, and has none.")
    return content


def _read_text(name: str) -> str:
    if name in SHIPPED:
        return files("nn").joinpath("pretrained", f"{name}.toml").read_text(encoding="utf-8")
    if not name.lower().endswith((".toml", ".json")):
        raise SettingError(
            f"--recipe: a recipe is a .toml or .json file, or one of {', '.join(SHIPPED)}; "
            f"found “{shorten(name)}”."
        )
    try:
        return Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"--recipe: {name} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise SettingError(f"--recipe: {name} is not a text file: {error}.") from error


def _actions(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """Return what the command takes, by the names of its flags without dashes in front."""
    named = {
        option.removeprefix("--"): action
        for action in parser._actions  # argparse has no public list of them
        for option in action.option_strings
        if option.startswith("--")
    }
    return {name: action for name, action in named.items() if name not in _NOT_IN_RECIPES}


def _unknown(key: str, actions: dict[str, argparse.Action]) -> str:
    close = difflib.get_close_matches(key.replace("_", "-"), actions, n=1)
    hint = f" Did you mean “{close[0]}”?" if close else ""
    return f"there is no “{shorten(key)}”.{hint} A recipe knows {', '.join(sorted(actions))}."


def _convert(value: Any, action: argparse.Action, where: str) -> Any:
    """Return a value of a recipe in the form in which the command line would have given it."""
    is_switch = action.nargs == 0
    if is_switch:
        if not isinstance(value, bool):
            raise SettingError(f"{where} takes true or false; found {value!r}.")
        return value
    if action.nargs == "+":
        if not isinstance(value, list) or not value or not all(map(_is_plain, value)):
            raise SettingError(f"{where} takes a list such as [784, 128, 10]; found {value!r}.")
        return [str(entry) for entry in value]
    if not _is_plain(value):
        raise SettingError(f"{where} takes a number or a text; found {value!r}.")
    return str(value)


def _is_plain(value: Any) -> bool:
    return isinstance(value, int | float | str) and not isinstance(value, bool)
