"""Which form of an answer a client wants, can unpack, or has already (RFC 9110, 8.8, 12.5, 13.1).

These are functions of header texts alone.
"""

from __future__ import annotations

from collections.abc import Sequence


def choose_type(accept: str | None, offers: Sequence[str]) -> str | None:
    """Return the media type that an Accept header likes best; None when it takes none of them.

    Of types that it likes equally the earlier offer wins; without a header the first.
    """
    ranges = _parse_accept(accept or "*/*")
    liked = [(_quality(offer, ranges), offer) for offer in offers]
    best = max(quality for quality, _ in liked)
    return next((offer for quality, offer in liked if quality == best > 0), None)


def takes_gzip(accept_encoding: str | None) -> bool:
    """Tell whether an Accept-Encoding header takes gzip."""
    qualities = dict(_parse_accept(accept_encoding or ""))
    return qualities.get("gzip", qualities.get("*", 0.0)) > 0


def _parse_accept(header: str) -> list[tuple[str, float]]:
    ranges = []
    for item in header.split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        if name:
            ranges.append((name, _read_quality(parameters)))
    return ranges


def _read_quality(parameters: list[str]) -> float:
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def _quality(offer: str, ranges: list[tuple[str, float]]) -> float:
    """How much a type is liked: the most specific range that it falls under says it."""
    kind = offer.partition("/")[0]
    for pattern in (offer, f"{kind}/*", "*/*"):
        found = [quality for name, quality in ranges if name == pattern]
        if found:
            return max(found)
    return 0.0


def read_tags(header: str) -> list[str]:
    """Return the entity tags in an If-Match or If-None-Match header, without W/ and quotes.

    `*` stays as it is; a tag without quotes is none.
    """
    tags = []
    for item in header.split(","):
        tag = item.strip().removeprefix("W/")
        if tag == "*":
            tags.append(tag)
        elif len(tag) >= 2 and tag[0] == tag[-1] == '"':
            tags.append(tag[1:-1])
    return tags


def content_of(tag: str) -> str:
    """Return the part of a tag that names the content, whatever form it was sent in."""
    return tag.partition(".")[0]
