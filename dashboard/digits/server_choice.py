"""Finds the server whose weights a page may talk with: its own, or the one that its address names.

A served page never calls other servers, for the request would come from this machine, not from the
visitor's; in the browser form it is the visitor's browser that calls.
"""

from __future__ import annotations

import sys
from typing import Any

from dashboard.digits.server_link import HttpServerLink, ServerLink, server_in

IN_BROWSER = sys.platform == "emscripten"
PLUGIN = "dashboard.api.plugin"


def find_server(document: Any, search: str | None) -> ServerLink | None:
    """Return the line to the page's server; None when there is none.

    Parameters
    ----------
    document
        Of the page.
    search
        The page's query; in the browser form `?api=ADDRESS` names a server.

    Raises
    ------
    LinkError
        When `?api=` names something that is no address.
    """
    if IN_BROWSER:
        address = server_in(search)
        return None if address is None else HttpServerLink(address)
    plugin = sys.modules.get(PLUGIN)
    return None if plugin is None else _own_server(plugin, document)


def _own_server(plugin: Any, document: Any) -> ServerLink:
    from dashboard.api.server_link import LocalServerLink  # noqa: PLC0415 - not for the browser form

    request = getattr(document.session_context, "request", None)
    context = getattr(getattr(request, "connection", None), "context", None)
    address = getattr(context, "address", None)
    peer = str(address[0]) if isinstance(address, tuple) and address else ""
    return LocalServerLink(plugin.SERVER, peer, getattr(request, "headers", {}))
