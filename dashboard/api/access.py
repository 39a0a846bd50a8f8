"""Access control: checks of the Host, Origin and Authorization headers, for the API and the page.

Unknown host names (DNS rebinding) and pages of unlisted origins are rejected. The address of the
peer gives no rights, because behind a proxy every request comes from the server's own machine.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from dashboard.api.errors import ApiError
from dashboard.api.settings import ApiSettings
from dashboard.languages.text import gettext

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
READ_ONLY = (
    "This server accepts no changes, because it has no token; the operator can set INKLING_TOKEN, "
    "or allow changes by anybody with --open-api."
)


def check_host(host: str | None, settings: ApiSettings, known: Collection[str]) -> None:
    """Raise ApiError 403 if the Host header names another host than this server.

    Parameters
    ----------
    host
        The Host header. IP addresses pass, since DNS cannot redirect them.
    settings
        Lists additional host names.
    known
        Host names of the app, with or without port.
    """
    if host is None:
        return
    name = host_name(host)
    names = {*LOCAL_NAMES, *settings.hosts, *map(host_name, known)}
    if name not in names and "*" not in names and not _is_address(name):
        raise ApiError(
            403,
            gettext(
                "Expected a host name of this server, found “{name}”; the operator can add it with "
                "--allow-origin {name}, or to INKLING_API_HOSTS.",
                name=name[:60],
            ),
        )


def check_origin(origin: str | None, host: str | None, settings: ApiSettings) -> None:
    """Raise ApiError 403 for a cross-origin request of an unlisted origin."""
    if origin is None or is_listed(origin, settings):
        return
    if host is None or urlsplit(origin).netloc.lower() != host.lower():
        raise ApiError(
            403,
            gettext(
                "Pages of “{origin}” may not use this server; the operator can add the origin to "
                "INKLING_API_ORIGINS.",
                origin=origin[:60],
            ),
        )


def is_listed(origin: str, settings: ApiSettings) -> bool:
    """Return whether an origin is listed in the settings."""
    return origin.lower() in settings.origins


def check_change(settings: ApiSettings, authorization: str | None) -> None:
    """Raise ApiError 401 or 403 unless a request may change the server's weights.

    Parameters
    ----------
    settings
        Has the token; without one nothing may be changed, unless the API is open.
    authorization
        The Authorization header.
    """
    if settings.is_open:
        return
    if settings.token is None:
        raise ApiError(403, READ_ONLY)
    kind, _, given = (authorization or "").partition(" ")
    same = hmac.compare_digest(given.strip().encode(), settings.token.encode())
    if kind.lower() != "bearer" or not same:
        raise ApiError(
            401,
            "Expected the header “Authorization: Bearer …” with the server's token, found "
            + ("another token." if authorization else "none."),
            headers={"WWW-Authenticate": 'Bearer realm="Inkling"'},
        )


def page_fault(headers: Mapping[str, str], settings: ApiSettings) -> str:
    """Return why the page must not be opened by a request with these headers; empty if it may.

    The same rules hold as for the API, so that no page of another site, and no host name that
    was redirected to this machine, can act as a visitor.
    """
    host, origin = headers.get("Host"), headers.get("Origin")
    try:
        check_host(host, settings, ())
        check_origin(origin, host, settings)
    except ApiError as error:
        return error.sentence
    return ""


def host_name(host: str) -> str:
    """Return the lower-case host of `host:port` or `[address]:port`; other texts unchanged."""
    name, colon, port = host.lower().rpartition(":")
    if not colon or not (port.isdigit() or port == "*"):
        name = host.lower()
    return name[1:-1] if name.startswith("[") and name.endswith("]") else name


def _is_address(name: str) -> bool:
    return _address(name) is not None


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
