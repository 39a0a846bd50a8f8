"""The part of the controls that talks with a server: send, fetch, reset and restore its weights.

What came of it is said where everything else is said, in the notice at the top.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from html import escape
from typing import Any

import panel as pn

from dashboard.digits.controller import DigitsController
from dashboard.digits.server_link import LinkError, ServerLink, ServerVersion
from dashboard.digits.state import Notice
from dashboard.shell.layout import stack
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.theme import Theme, button

FIRST = "Versions are listed here"
NO_EYE = ".bk-toggle { display: none; }"
"""Bokeh's sign for showing what was typed is drawn for another height of the field."""


class ServerWeights:
    """Buttons for a server's weights; there is nothing to see before `connect`.

    Parameters
    ----------
    page
        How the page is changed.
    """

    def __init__(self, controller: DigitsController, theme: Theme, page: PageWriter) -> None:
        self._controller = controller
        self._page = page
        self._link: ServerLink | None = None
        wide: dict[str, Any] = {
            "stylesheets": [theme.widgets],
            "sizing_mode": "stretch_width",
            "margin": 0,
        }
        self._heading = theme.text("")
        self._choice = pn.widgets.Select(
            label="Version", options={FIRST: 0}, css_classes=["ink-server-version"], **wide
        )
        self._token = pn.widgets.PasswordInput(
            label="Token", placeholder="if the server asks for one", **wide
        )
        self._token.css_classes = ["ink-server-token"]
        self._token.stylesheets = [*self._token.stylesheets, NO_EYE]
        send = button("Send to server", theme, "ink-server-send", self._begin(self._send))
        fetch = button("Fetch from server", theme, "ink-server-fetch", self._begin(self._fetch))
        reset = button("Reset", theme, "ink-server-reset", self._begin(self._reset))
        restore = button("Restore", theme, "ink-server-restore", self._begin(self._restore))
        row = {"margin": 0, "sizing_mode": "stretch_width"}
        self.view = stack(
            theme,
            self._heading,
            pn.Row(send, fetch, stylesheets=[theme.gap], **row),
            pn.Row(self._choice, restore, stylesheets=[theme.gap, theme.bottom], **row),
            pn.Row(self._token, reset, stylesheets=[theme.gap, theme.bottom], **row),
        )
        self.view.visible = False

    def connect(self, link: ServerLink) -> None:
        """Show the buttons, for this server; needs a running event loop."""
        self._link = link
        self._controller.spawn(self._open(link))

    async def _open(self, link: ServerLink) -> None:
        def show() -> None:
            self._heading.object = heading_html(link.name)
            self.view.visible = True

        self._page.write(show)
        try:
            await self._list(link)
        except LinkError as error:
            self._controller.warn(str(error))

    def _begin(self, work: Callable[[ServerLink], Awaitable[str]]) -> Callable[[], None]:
        async def tell() -> None:
            assert self._link is not None, "the buttons are seen once there is a link"
            try:
                self._controller.state.notice = Notice(await work(self._link))
                await self._list(self._link)
            except LinkError as error:
                self._controller.warn(str(error))

        return lambda: self._controller.spawn(tell())

    async def _send(self, link: ServerLink) -> str:
        content = self._controller.save_weights(".npz", "s4")
        if content is None:
            raise LinkError(self._controller.state.notice.text)
        return f"Sent to {link.name}: {_described(await link.send(content, self._token.value))}"

    async def _fetch(self, link: ServerLink) -> str:
        content, number = await link.fetch()
        self._controller.load_weights(content, f"version-{number}.npz")
        notice = self._controller.state.notice
        if notice.kind == "error":
            raise LinkError(notice.text)
        return f"Fetched version {number} from {link.name}. {notice.text}"

    async def _reset(self, link: ServerLink) -> str:
        version = await link.reset(self._token.value)
        return f"{link.name} has its ready-trained net again: {_described(version)}"

    async def _restore(self, link: ServerLink) -> str:
        number = self._choice.value
        if not number:
            raise LinkError("Choose a version to restore.")
        version = await link.restore(number, self._token.value)
        return f"{link.name} has version {number} again: {_described(version)}"

    async def _list(self, link: ServerLink) -> None:
        versions = await link.versions()

        def show() -> None:
            options = {version.title: version.number for version in versions}
            self._choice.param.update(options=options, value=versions[0].number)

        self._page.write(show)


def heading_html(name: str) -> str:
    """Say which server it is."""
    return f"<h2>Weights of {escape(name)}</h2>"


def _described(version: ServerVersion) -> str:
    return (
        f"version {version.number}, a {version.sizes} net that reads "
        f"{100 * version.accuracy:.1f} % of its validation digits."
    )
