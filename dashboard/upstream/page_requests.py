"""Who asks for a page gets a session of its own; no address names another one.

- **Changes**: `get_session` of `bokeh.server.views.session_handler.SessionHandler` (Bokeh 3.9), and
  `get` and `options` of `panel.io.server.AutoloadJsHandler` (Panel 1.9).
- **Why**: with `?bokeh-session-id=` or `?bokeh-token=` in its address, or in headers, a page joins
  the session of that name. Who sends somebody such a link sees what is drawn there. An empty name,
  a token or an address that is none, and OPTIONS without an origin end with a traceback.
- **Measured**: `tests/dashboard/test_page_access.py`.
- **Upstream**: no issue yet: "server: a setting to refuse session ids that clients have chosen".
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from dashboard.upstream import is_applied

CHOICES = ("bokeh-session-id", "bokeh-token")
HEADERS = ("Bokeh-Session-Id", "Bokeh-Token")


def give_own_sessions() -> None:
    """Apply the patch to this process, unless it is turned off."""
    from bokeh.server.views.session_handler import SessionHandler  # noqa: PLC0415 - server only
    from panel.io.server import AutoloadJsHandler  # noqa: PLC0415 - server only

    if not is_applied("page_requests") or hasattr(SessionHandler, "_inkling_own_sessions"):
        return
    SessionHandler._inkling_own_sessions = True
    get_session = SessionHandler.get_session
    get, options = AutoloadJsHandler.get, AutoloadJsHandler.options

    async def get_own_session(handler: Any) -> Any:
        request = handler.request
        for arguments in (request.arguments, request.query_arguments, request.body_arguments):
            for name in CHOICES:
                arguments.pop(name, None)
        for name in HEADERS:
            request.headers.pop(name, None)
        return await get_session(handler)

    async def get_script(handler: Any, *arguments: Any, **settings: Any) -> None:
        try:
            urlsplit(handler.get_argument("bokeh-absolute-url", ""))
        except ValueError:
            handler.send_error(400, reason="bokeh-absolute-url is no address")
            return
        await get(handler, *arguments, **settings)

    async def answer_options(handler: Any, *arguments: Any, **settings: Any) -> None:
        if "Origin" in handler.request.headers:  # else no page of another origin asks
            await options(handler, *arguments, **settings)

    SessionHandler.get_session = get_own_session
    AutoloadJsHandler.get, AutoloadJsHandler.options = get_script, answer_options
