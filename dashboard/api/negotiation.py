"""Content negotiation and entity tags (RFC 9110, sections 8.8, 12.5 and 13.1).

Pure functions of header values.
"""

from __future__ import annotations

from collections.abc import Sequence


def choose_type(accept: str | None, offers: Sequence[str]) -> str | None:
    """Return the offered media type with the highest quality in an Accept header, or None.

    Of equal qualities the earlier offer wins; without a header the first offer does.
    """
    ranges = _parse_accept(accept or "*/*")
    ranked = [(_quality(offer, ranges), offer) for offer in offers]
    best = max(quality for quality, _ in ranked)
    return next((offer for quality, offer in ranked if quality == best > 0), None)


def accepts_gzip(accept_encoding: str | None) -> bool:
    """Return whether an Accept-Encoding header accepts gzip."""
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
    """Return the quality of a media type: that of the most specific range that matches it."""
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
    """Return the part of an entity tag that identifies the content, without its representation."""
    return tag.partition(".")[0]
