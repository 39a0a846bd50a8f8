"""Commands of client components, as the page sends them."""

from __future__ import annotations

from typing import Any

from bokeh.model import Model

from dashboard.shell.components.client_component import ClientChannel


def channel_of(figure: Model) -> ClientChannel:
    """The channel of the component on a figure."""
    channel = figure.select_one({"type": ClientChannel})
    assert isinstance(channel, ClientChannel)
    return channel


def send_command(figure: Model, name: str, *arguments: Any) -> None:
    """Send the next command of the component on a figure."""
    channel = channel_of(figure)
    number = channel.command[0] + 1 if channel.command else 1
    channel.command = [number, name, *arguments]
