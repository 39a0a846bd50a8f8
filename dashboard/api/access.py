"""Who may ask, and who may change: the checks on a request's headers and on where it comes from.

Names that a browser could be lured under (DNS rebinding) are refused, as are pages of other sites.
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
    "Changes are accepted from the server's own machine only, since no token is set there; "
    "whoever runs it can set INKLING_TOKEN."
)


def check_host(host: str | None, settings: ApiSettings, known: Collection[str]) -> None:
    """Refuse a request for a name that is not this server's.

    Parameters
    ----------
    host
        The Host header. Addresses in digits pass: nobody can redirect those.
    known
        Names, with or without port, that the app itself goes by.
    """
    if host is None:
        return
    name = host_name(host)
    names = {*LOCAL_NAMES, *settings.hosts, *map(host_name, known)}
    if name not in names and "*" not in names and not _is_address(name):
        raise ApiError(
            403,
            f"This server does not go by the name “{name[:60]}”; whoever runs it can add the name "
            "to INKLING_API_HOSTS.",
        )


def check_origin(origin: str | None, host: str | None, settings: ApiSettings) -> None:
    """Refuse a call from a page of another site that is not on the list."""
    if origin is None or is_listed(origin, settings):
        return
    if host is None or urlsplit(origin).netloc.lower() != host.lower():
        raise ApiError(
            403,
            f"Pages of “{origin[:60]}” may not call this API; whoever runs it can add the site to "
            "INKLING_API_ORIGINS.",
        )


def is_listed(origin: str, settings: ApiSettings) -> bool:
    """Tell whether pages of another site are allowed to call."""
    return origin.lower() in settings.origins


def check_change(settings: ApiSettings, authorization: str | None, *, is_local: bool) -> None:
    """Refuse a change to whoever has neither the token nor, where none is set, the machine."""
    if settings.token is None:
        if not is_local:
            raise ApiError(403, NO_TOKEN)
        return
    kind, _, given = (authorization or "").partition(" ")
    same = hmac.compare_digest(given.strip().encode(), settings.token.encode())
    if kind.lower() != "bearer" or not same:
        raise ApiError(
            401,
            "A change needs the header “Authorization: Bearer …” with the server's token; "
            + ("that token is another one." if authorization else "there was none."),
            headers={"WWW-Authenticate": 'Bearer realm="Inkling"'},
        )


def is_local(peer: str, headers: Mapping[str, str]) -> bool:
    """Tell whether a request comes from this machine itself, not through a proxy on it."""
    address = _address(peer)
    mapped = getattr(address, "ipv4_mapped", None) or address
    at_home = mapped is not None and mapped.is_loopback
    return at_home and not any(name in headers for name in FORWARDING)


def host_name(host: str) -> str:
    """Return the name in `name:port` or `[address]:port`, in small letters; odd ones whole."""
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
