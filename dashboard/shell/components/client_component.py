"""A client component: a script of the page that handles gestures on a Bokeh figure by itself.

It answers on the client first and sends commands to Python, which checks and executes them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from bokeh.core.properties import Any as AnyValue
from bokeh.core.properties import List
from bokeh.model import DataModel
from bokeh.models import CustomJS
from bokeh.plotting import figure

from dashboard.upstream.page_messages import PageMessageError

Signatures = Mapping[str, tuple[type, ...]]
"""The types of the arguments of every command. `float` accepts integers too; `list` stands for a
list of pairs of finite numbers, flattened."""
Command = Callable[..., None]
"""Called with the arguments of a command."""

IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w.]+)"$', re.MULTILINE)
EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


class ClientChannel(DataModel):
    """Carries the commands of one component from the page to Python."""

    command = List(
        AnyValue,
        help="""
    The newest command: [number, name, arguments ...]. Every command holds whole values and has a
    number of its own, so it does no harm if one of several of the same kind is left out.
    """,
    )


class ClientComponent:
    """A figure with the script that handles its gestures, and the channel of its commands.

    The script is set up for every view of the figure, and removed with it.

    Parameters
    ----------
    script
        The name of an ES module beside this file. Its default export is called with the parts
        whenever the figure has been laid out.
    figure
        The figure with the gestures.
    parts
        Further models and values that the script needs, by name. What is None is left out.
    signatures
        The commands that the script may send.
    commands
        What executes each of them.
    """

    def __init__(
        self,
        script: str,
        figure: figure,
        *,
        parts: Mapping[str, Any],
        signatures: Signatures,
        commands: Mapping[str, Command],
    ) -> None:
        self._signatures = signatures
        self._commands = commands
        self.channel = ClientChannel()
        self.channel.on_change("command", self._receive)
        # Panel's own messages turn None within a mapping into undefined, which BokehJS refuses.
        given = {name: part for name, part in parts.items() if part is not None}
        args = {"figure": figure, "channel": self.channel, **given}
        self.callback = CustomJS(args=args, code=read_module(script), module=True)
        figure.js_on_change("inner_width", self.callback)

    def _receive(self, _attribute: str, _old: list[Any], command: list[Any]) -> None:
        name, arguments = read_command(command, self._signatures)
        self._commands[name](*arguments)


def read_command(message: list[Any], signatures: Signatures) -> tuple[str, list[Any]]:
    """Return the name of a command and its arguments.

    Parameters
    ----------
    message
        [number, name, arguments ...] as the page sent it.
    signatures
        The commands that are allowed.

    Raises
    ------
    PageMessageError
        If the message is not one of these commands; a ValueError.
    """
    name = message[1] if len(message) > 1 else None
    types = signatures.get(name) if isinstance(name, str) else None
    arguments = message[2:]
    if types is None or len(arguments) != len(types) or not all(map(_fits, arguments, types)):
        expected = "; ".join(
            " ".join([known, *(kind.__name__ for kind in kinds)])
            for known, kinds in signatures.items()
        )
        raise PageMessageError(
            f"a command from the page is one of: {expected}; found {message!r:.200}"
        )
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


def read_module(name: str) -> str:
    """Return the text of an ES module of this folder, with the modules that it imports in place.

    The page gets each component as one text, which has no address for imports to start from.
    """
    text = (files(__package__) / name).read_text(encoding="utf-8")
    return IMPORT.sub(lambda found: EXPORT.sub("", read_module(found[1])), text)
