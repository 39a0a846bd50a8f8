"""Access control: checks on the Host, Origin and Authorization headers and on the peer address.

Unknown host names (DNS rebinding) and pages of unlisted origins are refused.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from dashboard.api.errors import ApiError
from dashboard.api.settings import ApiSettings

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
FORWARDING = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")
NO_TOKEN = (
    "No token is set, so changes are accepted only from the server's own machine; the operator can "
    "set INKLING_TOKEN."
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
            f"Expected a host name of this server, found “{name[:60]}”; the operator can add it to "
            "INKLING_API_HOSTS.",
        )


def check_origin(origin: str | None, host: str | None, settings: ApiSettings) -> None:
    """Raise ApiError 403 for a cross-origin request of an unlisted origin."""
    if origin is None or is_listed(origin, settings):
        return
    if host is None or urlsplit(origin).netloc.lower() != host.lower():
        raise ApiError(
            403,
            f"Pages of “{origin[:60]}” may not call this API; the operator can add the origin to "
            "INKLING_API_ORIGINS.",
        )


def is_listed(origin: str, settings: ApiSettings) -> bool:
    """Return whether an origin is listed in the settings."""
    return origin.lower() in settings.origins


def check_change(settings: ApiSettings, authorization: str | None, *, is_local: bool) -> None:
    """Raise ApiError 401 or 403 unless the request has the token or, without one, is local."""
    if settings.token is None:
        if not is_local:
            raise ApiError(403, NO_TOKEN)
        return
    kind, _, given = (authorization or "").partition(" ")
    same = hmac.compare_digest(given.strip().encode(), settings.token.encode())
    if kind.lower() != "bearer" or not same:
        raise ApiError(
            401,
            "Expected the header “Authorization: Bearer …” with the server's token, found "
            + ("another token." if authorization else "none."),
            headers={"WWW-Authenticate": 'Bearer realm="Inkling"'},
        )


def is_local(peer: str, headers: Mapping[str, str]) -> bool:
    """Return whether a request comes from this machine, and not through a proxy."""
    address = _address(peer)
    mapped = getattr(address, "ipv4_mapped", None) or address
    is_loopback = mapped is not None and mapped.is_loopback
    return is_loopback and not any(name in headers for name in FORWARDING)


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
