"""Validation of the commands that the page sends about the plane and the maps of units.

A command is a list [number, name, arguments ...]; every command is complete by itself, so that a
lost or repeated message does no harm.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

Command = Callable[..., None]
"""Called with the arguments of a command."""

PLANE_COMMANDS: Mapping[str, tuple[type, ...]] = {
    "look": (float, float),
    "leave": (),
    "line": (float, float, float, float),
    "no-line": (),
    "paint": (str, int, list),
    "move": (str, int, float, float),
    "delete": (str, int),
}
"""Commands about the plane, with the types of their arguments."""

UNIT_COMMANDS: Mapping[str, tuple[type, ...]] = {"look": (int,), "toggle": (int,)}
"""Commands about the maps of units, with the types of their arguments."""


def read_command(
    message: list[Any], signatures: Mapping[str, tuple[type, ...]]
) -> tuple[str, list[Any]]:
    """Return the name of a command and its arguments.

    Parameters
    ----------
    message
        [number, name, arguments ...] as the page sent it.
    signatures
        The types of the arguments of every command. `float` accepts integers too; `list` stands
        for a list of pairs of finite numbers, flattened.

    Raises
    ------
    ValueError
        If the message is not one of these commands.
    """
    name = message[1] if len(message) > 1 else None
    types = signatures.get(name) if isinstance(name, str) else None
    arguments = message[2:]
    if types is None or len(arguments) != len(types) or not all(map(_fits, arguments, types)):
        expected = "; ".join(
            " ".join([known, *(kind.__name__ for kind in kinds)])
            for known, kinds in signatures.items()
        )
        raise ValueError(f"a command from the page is one of: {expected}; found {message!r}")
    return str(name), arguments


def _fits(value: Any, expected: type) -> bool:
    if expected is list:
        return (
            isinstance(value, list) and len(value) % 2 == 0 and all(_fits(v, float) for v in value)
        )
    if isinstance(value, bool):
        return False
    if expected is float:
        return isinstance(value, int | float) and math.isfinite(value)
    return isinstance(value, expected)
