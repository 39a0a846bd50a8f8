"""Recipes: TOML or JSON files with the flags of `inkling train`.

Each key is a flag without its leading dashes; flags on the command line override a recipe.
"""

from __future__ import annotations

import argparse
import difflib
import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from dashboard.cli.errors import CommandError
from dashboard.languages.text import gettext
from dashboard.training.settings import SettingError, shorten
from data_cache import DataError
from data_cache.readers.file_kinds import EMPTY, JSON, TEXT, identify
from data_cache.readers.text import decode_text
from nn import PRETRAINED

# A recipe cannot include another one, and resuming is not part of a recipe.
_NOT_IN_RECIPES = ("help", "recipe", "resume")


def apply_recipe(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Fill in missing arguments from the recipe, if one is named.

    Raises
    ------
    SettingError
        If the recipe has an unknown key or an invalid value.
    CommandError
        If the file cannot be read.
    """
    if arguments.recipe is None:
        return
    actions = _actions(parser)
    for key, value in read_recipe(arguments.recipe).items():
        action = actions.get(key)
        if action is None:
            raise SettingError(
                gettext(
                    "--recipe: {recipe}: {fault}",
                    recipe=arguments.recipe,
                    fault=_unknown(key, actions),
                )
            )
        converted = _convert(value, action, f"--recipe: {arguments.recipe}: “{key}”")
        if getattr(arguments, action.dest) == action.default:
            setattr(arguments, action.dest, converted)


def read_recipe(name: str) -> dict[str, Any]:
    """Return the keys and values of a recipe: a file, or that of a pretrained model by name."""
    text = _read_text(name)
    is_json = text.lstrip().startswith("{")
    try:
        content = json.loads(text) if is_json else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        reason = str(error)[:120]
        raise SettingError(
            gettext("--recipe: {name}: expected TOML or JSON: {reason}.", name=name, reason=reason)
        ) from error
    if not isinstance(content, dict):
        raise SettingError(
            gettext("--recipe: {name}: expected keys with values, found none.", name=name)
        )
    return content


def _read_text(name: str) -> str:
    if name in PRETRAINED:
        return files("nn").joinpath("pretrained", f"{name}.toml").read_text(encoding="utf-8")
    try:
        content = Path(name).read_bytes()
    except OSError as error:
        if not name.lower().endswith((".toml", ".json")):
            raise SettingError(
                gettext(
                    "--recipe: expected a file of TOML or JSON, or one of {names}; found “{name}”.",
                    names=", ".join(PRETRAINED),
                    name=shorten(name),
                )
            ) from error
        raise CommandError(
            gettext(
                "--recipe: {name} cannot be read ({strerror}); expected a file of TOML or "
                "JSON, or one of {names}.",
                name=shorten(name),
                strerror=error.strerror,
                names=", ".join(PRETRAINED),
            )
        ) from error
    kind = identify(content)
    if kind not in (TEXT, JSON, EMPTY):
        raise SettingError(
            gettext("--recipe: {refusal}", refusal=kind.refusal(name, gettext("TOML or JSON")))
        )
    try:
        return decode_text(content, name).content.decode("utf-8")
    except (DataError, UnicodeDecodeError) as error:
        raise SettingError(
            gettext("--recipe: {name}: expected text in UTF-8.", name=name)
        ) from error


def _actions(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """Return the command's actions by flag without leading dashes."""
    named = {
        option.removeprefix("--"): action
        for action in parser._actions  # argparse has no public list of actions
        for option in action.option_strings
        if option.startswith("--")
    }
    return {name: action for name, action in named.items() if name not in _NOT_IN_RECIPES}


def _unknown(key: str, actions: dict[str, argparse.Action]) -> str:
    close = difflib.get_close_matches(key.replace("_", "-"), actions, n=1)
    hint = gettext(" Did you mean “{close}”?", close=close[0]) if close else ""
    return gettext(
        "expected one of the keys {names}; found “{key}”.{hint}",
        names=", ".join(sorted(actions)),
        key=shorten(key),
        hint=hint,
    )


def _convert(value: Any, action: argparse.Action, where: str) -> Any:
    """Return a value of a recipe as the command line would have passed it."""
    is_switch = action.nargs == 0
    if is_switch:
        if not isinstance(value, bool):
            raise SettingError(
                gettext(
                    "{where}: expected true or false, found {value!r}.", where=where, value=value
                )
            )
        return value
    if action.nargs == "+":
        if not isinstance(value, list) or not value or not all(map(_is_plain, value)):
            raise SettingError(
                gettext(
                    "{where}: expected a list such as [784, 128, 10], found {value!r}.",
                    where=where,
                    value=value,
                )
            )
        return [str(entry) for entry in value]
    if not _is_plain(value):
        raise SettingError(
            gettext(
                "{where}: expected a number or a string, found {value!r}.", where=where, value=value
            )
        )
    return str(value)


def _is_plain(value: Any) -> bool:
    return isinstance(value, int | float | str) and not isinstance(value, bool)
