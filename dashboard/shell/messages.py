"""Messages between the script of the page and Python, carried by the `tags` of invisible models.

The script finds a model by its name and writes into it; Python writes, and a script is run there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import panel as pn
from bokeh.model import Model
from bokeh.models import CustomJS, Spacer

from dashboard.shell.components.client_component import Command, read_command
from dashboard.shell.page_writer import PageWriter
from dashboard.upstream.model_search import search_once


def make_receiver(
    name: str, receive: Callable[[list[Any]], None], tags: Sequence[Any] = ()
) -> Spacer:
    """Return a model into whose `tags` the page writes messages.

    Parameters
    ----------
    name
        By which the page finds it.
    receive
        Called with the message, a list of anything: the page may have been tampered with.
    tags
        The message before the first one.
    """
    model = Spacer(width=0, height=0, name=name, tags=list(tags))

    def changed(_attribute: str, _old: list[Any], message: list[Any]) -> None:
        with search_once(model.document):
            receive(message)

    model.on_change("tags", changed)
    return model


def make_text_receiver(
    name: str, receive: Callable[[str], None], tags: Sequence[str] = ()
) -> Spacer:
    """Return a model like `make_receiver` for messages of one text; others are ignored."""

    def read(message: list[Any]) -> None:
        if message and isinstance(message[0], str):
            receive(message[0])

    return make_receiver(name, read, tags)


def make_command_receiver(name: str, commands: Mapping[str, Command]) -> Spacer:
    """Return a model like `make_receiver` for commands with two integers; see `read_command`."""
    signatures = dict.fromkeys(commands, (int, int))

    def read(message: list[Any]) -> None:
        command, arguments = read_command(message, signatures)
        commands[command](*arguments)

    return make_receiver(name, read)


def make_sender(script: str, name: str = "") -> Spacer:
    """Return a model whose `tags` Python writes.

    Parameters
    ----------
    script
        JavaScript that is run then in the page, with the model as `carrier`.
    name
        Of the model.
    """
    model = Spacer(width=0, height=0, name=name, tags=[])
    run_script(model, script)
    return model


TAKE_MESSAGE = """
const message = carrier.tags
if (message.length === 0) {
  return
}
// Python need not keep the message any longer.
carrier.tags = []
"""


class MessageSender:
    """Sends messages to a script of the page, also the same one again.

    Parameters
    ----------
    page
        How the page is changed.
    script
        JavaScript that is run for each `message`.
    name
        Of the model.

    Attributes
    ----------
    model
        It has to be in the page.
    """

    def __init__(self, page: PageWriter, script: str, name: str = "") -> None:
        self._page = page
        self._count = 0
        self.model = make_sender(TAKE_MESSAGE + script, name)

    def send(self, *values: Any) -> None:
        """Have the script run with the values as its message."""
        # The number makes the same message a changed value when it is sent again.
        self._count += 1
        message = [*values, self._count]

        def hand_over() -> None:
            self.model.tags = message

        self._page.write(hand_over)


def run_script(model: Spacer, script: str) -> None:
    """Run a script in the page, with the model as `carrier`, when its `tags` change."""
    model.js_on_change("tags", CustomJS(args={"carrier": model}, code=script))


def invisible(*models: Model) -> pn.viewable.Viewable:
    """Return models that carry messages between the page and Python, and cannot be seen."""
    panes = [pn.pane.Bokeh(one, width=0, height=0, margin=0) for one in models]
    return panes[0] if len(panes) == 1 else pn.Row(*panes, margin=0)
