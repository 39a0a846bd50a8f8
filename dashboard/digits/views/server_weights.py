"""Controls of the weights of a server: send, fetch, reset and restore them.

Results and refusals are shown as notices.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from html import escape
from typing import Any

import panel as pn

from dashboard.digits.controller import DigitsController
from dashboard.digits.server_weights import ServerWeights, ServerWeightsError, WeightsVersion
from dashboard.languages.numbers import format_percent
from dashboard.languages.text import gettext, gettext_noop
from dashboard.shell.layout import stack
from dashboard.shell.notices import Notice
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.theme import Theme, button

PLACEHOLDER = gettext_noop("Versions are listed here")
NO_TOGGLE = ".bk-toggle { display: none; }"
"""Bokeh's button that shows the password does not fit the height of the field."""


class ServerWeightsControls:
    """Buttons for the weights of a server; hidden until `connect`."""

    def __init__(self, controller: DigitsController, page: PageWriter, theme: Theme) -> None:
        self._controller = controller
        self._page = page
        self._server: ServerWeights | None = None
        wide: dict[str, Any] = {
            "stylesheets": [theme.widgets],
            "sizing_mode": "stretch_width",
            "margin": 0,
        }
        self._heading = theme.text("")
        self._choice = pn.widgets.Select(
            label=gettext("Version"),
            options={gettext(PLACEHOLDER): 0},
            css_classes=["ink-server-version"],
            **wide,
        )
        self._token = pn.widgets.PasswordInput(
            label=gettext("Token"), placeholder=gettext("if the server asks for one"), **wide
        )
        self._token.css_classes = ["ink-server-token"]
        self._token.stylesheets = [*self._token.stylesheets, NO_TOGGLE]
        send = button(
            gettext("Send to server"), theme, "ink-server-send", self._command(self._send)
        )
        fetch = button(
            gettext("Fetch from server"), theme, "ink-server-fetch", self._command(self._fetch)
        )
        reset = button(gettext("Reset"), theme, "ink-server-reset", self._command(self._reset))
        restore = button(
            gettext("Restore"), theme, "ink-server-restore", self._command(self._restore)
        )
        row = {"margin": 0, "sizing_mode": "stretch_width"}
        self.view = stack(
            theme,
            self._heading,
            pn.Row(send, fetch, stylesheets=[theme.gap], **row),
            pn.Row(self._choice, restore, stylesheets=[theme.gap, theme.bottom], **row),
            pn.Row(self._token, reset, stylesheets=[theme.gap, theme.bottom], **row),
        )
        self.view.visible = False

    def connect(self, server: ServerWeights) -> None:
        """Show the buttons for a server; needs a running event loop."""
        self._server = server
        self._controller.spawn(self._open(server))

    async def _open(self, server: ServerWeights) -> None:
        def show() -> None:
            self._heading.object = heading_html(server.name)
            self.view.visible = True

        self._page.write(show)
        try:
            await self._list_versions(server)
        except ServerWeightsError as error:
            self._controller.warn(str(error))

    def _command(self, work: Callable[[ServerWeights], Awaitable[str]]) -> Callable[[], None]:
        """Return a function for a button that runs a request and shows its result."""

        async def run() -> None:
            assert self._server is not None, "the buttons are hidden until connect"
            try:
                self._controller.state.notice = Notice(await work(self._server))
                await self._list_versions(self._server)
            except ServerWeightsError as error:
                self._controller.warn(str(error))

        return lambda: self._controller.spawn(run())

    async def _send(self, server: ServerWeights) -> str:
        content = self._controller.save_weights(".npz", "s4")
        if content is None:
            raise ServerWeightsError(self._controller.state.notice.text)
        version = await server.send(content, self._token.value)
        return gettext(
            "Sent to {server}: {version}", server=server.name, version=_describe(version)
        )

    async def _fetch(self, server: ServerWeights) -> str:
        content, number = await server.fetch()
        await self._controller.load_weights(content, f"version-{number}.npz")
        notice = self._controller.state.notice
        if notice.kind == "error":
            raise ServerWeightsError(notice.text)
        fetched = gettext(
            "Fetched version {number} from {server}.", number=number, server=server.name
        )
        return f"{fetched} {notice.text}"

    async def _reset(self, server: ServerWeights) -> str:
        version = await server.reset(self._token.value)
        return gettext(
            "{server} has the pretrained model again: {version}",
            server=server.name,
            version=_describe(version),
        )

    async def _restore(self, server: ServerWeights) -> str:
        number = self._choice.value
        if not number:
            raise ServerWeightsError(gettext("Choose a version to restore."))
        version = await server.restore(number, self._token.value)
        return gettext(
            "{server} has version {number} again: {version}",
            server=server.name,
            number=number,
            version=_describe(version),
        )

    async def _list_versions(self, server: ServerWeights) -> None:
        versions = await server.versions()

        def show() -> None:
            options = {version.title: version.number for version in versions}
            self._choice.param.update(options=options, value=versions[0].number)

        self._page.write(show)


def heading_html(name: str) -> str:
    """Return the heading of the controls."""
    return f"<h2>{gettext('Weights of {server}', server=escape(name))}</h2>"


def _describe(version: WeightsVersion) -> str:
    return gettext(
        "version {number}, a {sizes} net with {accuracy} accuracy on its validation digits.",
        number=version.number,
        sizes=version.sizes,
        accuracy=format_percent(version.accuracy),
    )
