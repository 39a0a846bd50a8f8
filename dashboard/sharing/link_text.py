"""The text of a link: keys and values, their check, and what becomes of them on the way.

Mail programs and chats cut links, encode them again and add to them. What can be understood is
understood; a link that lost or changed something is refused, because it would mean something else.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import product
from urllib.parse import quote, unquote_plus

from dashboard.languages.text import gettext, gettext_noop
from dashboard.training.settings import shorten

VERSION = "2"
"""Of the format of links; those of the first one have neither version nor check."""

VERSION_KEY, CHECK_KEY = "link", "check"
CHECK_LENGTH = 6

PAGE_KEYS = (
    *("pane", "inside", "hide", "present", "api", "lang", "threads"),
    *("lesson", "lesson-text", "task-text", "step", "done", "answer"),
)
"""Keys that concern the page itself; the check does not cover them."""

FOREIGN = ("utm_", "fbclid", "gclid", "bokeh")
"""Prefixes of keys that other sites and servers add to links; they are ignored."""

POINTS_KEY = "own"
"""The key whose value distinguishes capitals."""

MAX_DECODINGS = 3
"""How often a link may have been percent-encoded once more on the way."""

_AROUND = " \t\r\n()[]{}<>.,;:!?'\"`*…“”„‘’‚«»‹›"
"""Characters that texts put around a link; no value begins or ends with one."""

_AGAIN = gettext_noop(
    "Copy the whole link once more. After changing a link by hand, delete “{version}” and "
    "“{check}” from it."
)


@dataclass(frozen=True)
class LinkText:
    """The keys and values of a link.

    Attributes
    ----------
    values
        The value of each key, without those of the version and the check.
    pane
        The name of the pane that the values are for; "" when the link names none.
    is_checked
        Whether the link has a check, and it fits.
    refusal
        Why no value may be used, in sentences; "" when all may be.
    faults
        Complaints about single keys.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    pane: str = ""
    is_checked: bool = False
    refusal: str = ""
    faults: Sequence[str] = ()

    @property
    def setting_values(self) -> dict[str, str]:
        """The values without those that concern the page or other sites."""
        return {key: value for key, value in self.values.items() if not is_ignored(key)}


def is_ignored(key: str) -> bool:
    """Return whether a key belongs to the page or to other sites."""
    return key in PAGE_KEYS or key.startswith(FOREIGN)


def write_query(pane: str, values: Mapping[str, str]) -> str:
    """Return the query of a link: the version, the values, and the check at the end.

    Parameters
    ----------
    pane
        The name of the pane that the values are for.
    values
        The text of each key.
    """
    pairs = {VERSION_KEY: VERSION, **values, CHECK_KEY: check_of(pane, values)}
    return "&".join(f"{key}={quote(value, safe='')}" for key, value in pairs.items())


def check_of(pane: str, values: Mapping[str, str]) -> str:
    """Return the check of a link, whatever the order of its keys and its capitals.

    It is the beginning of the SHA-256 of all keys and values, in base 32.
    """
    pairs = sorted(f"{key}={_folded(key, value)}" for key, value in values.items())
    digest = sha256("\n".join([pane, *pairs]).encode()).digest()
    return base64.b32encode(digest).decode("ascii")[:CHECK_LENGTH].lower()


def read_query(query: str, known: Collection[str], panes: Sequence[str]) -> LinkText:
    """Return what the query of a link says.

    Parameters
    ----------
    query
        With or without its question mark.
    known
        The keys of all settings.
    panes
        The names of the panes that have links.
    """
    found: dict[str, list[str]] = {}
    for key, value in _split(query.removeprefix("?")):
        others = found.setdefault(key, [])
        if value not in others:
            others.append(value)
    versions, checks = found.pop(VERSION_KEY, None), found.pop(CHECK_KEY, None)
    if versions is None and checks is None:
        return _unchecked(found)
    if versions and versions[0] and versions[0] != VERSION:
        return LinkText(
            _page_values(found),
            refusal=gettext(
                "This link has the format “{versions}”; this version of Inkling reads the "
                "format {version}, so none of its settings was used. {again}",
                versions=shorten(versions[0]),
                version=VERSION,
                again=_copy_again(),
            ),
        )
    check = _plain(checks[0]) if checks else ""
    if len(check) < CHECK_LENGTH:
        return LinkText(
            _page_values(found),
            refusal=gettext(
                "This link is cut off: the check at its end is missing or incomplete, so "
                "none of its settings was used. {again}",
                again=_copy_again(),
            ),
        )
    return _checked(found, check, known, panes)


def _checked(
    found: Mapping[str, list[str]], check: str, known: Collection[str], panes: Sequence[str]
) -> LinkText:
    """Return the reading of a link that fits its check, of all that are possible."""
    page = _page_values(found)
    checks = (check[:CHECK_LENGTH], check.removeprefix("3d")[:CHECK_LENGTH])
    settings = {key: texts for key, texts in found.items() if not is_ignored(key)}
    unknown = [key for key in settings if key not in known]
    for keys, index, read, pane in product(
        (list(settings), [key for key in settings if key in known]),
        (0, -1),  # of a key that is there twice, the first or the last value
        (_compact, _quoted_printable),
        panes,
    ):
        values = {key: _folded(key, read(settings[key][index])) for key in keys}
        if check_of(pane, values) in checks:
            faults = [gettext("there is no setting “{key}”", key=shorten(key)) for key in unknown]
            values = {key: value for key, value in values.items() if key in known}
            return LinkText(page | values, pane, is_checked=True, faults=faults)
    return LinkText(
        page,
        refusal=gettext(
            "This link was cut or changed on its way: its settings do not fit the check "
            "“{check}” at its end, so none of them was used. {again}",
            check=check[:CHECK_LENGTH],
            again=_copy_again(),
        ),
    )


def _copy_again() -> str:
    return gettext(_AGAIN, version=f"{VERSION_KEY}={VERSION}", check=f"{CHECK_KEY}=…")


def _unchecked(found: Mapping[str, list[str]]) -> LinkText:
    """Return the values of a link of the first format, or of one that was written by hand."""
    values, faults = {}, []
    for key, texts in found.items():
        if len(texts) > 1 and not is_ignored(key):
            faults.append(
                gettext(
                    "“{key}” is there {count} times with different values",
                    key=shorten(key),
                    count=len(texts),
                )
            )
        else:
            values[key] = texts[-1] if key in PAGE_KEYS else _folded(key, texts[-1])
    return LinkText(values, values.get("pane", ""), faults=faults)


def _page_values(found: Mapping[str, list[str]]) -> dict[str, str]:
    return {key: texts[-1] for key, texts in found.items() if key in PAGE_KEYS}


def _split(text: str, depth: int = MAX_DECODINGS) -> Iterator[tuple[str, str]]:
    """Yield the keys and values of a query, also of one that was encoded as a whole."""
    text = re.sub(r"[\r\n]+", "", text)  # a mail program has broken the lines
    for part in text.split("&"):
        decoded = unquote_plus(part)
        key, equals, value = part.partition("=")
        key = re.sub(r"^(amp;|#38;|#x26;)+", "", _compact(_decode(key)).lower().lstrip("?"))
        is_encoded = not equals or ("&" in _decode(value) and not is_ignored(key))
        if is_encoded and decoded != part and depth:
            yield from _split(decoded, depth - 1)
            continue
        if key or value:
            yield key, _decode(value).strip(_AROUND)


def _decode(text: str) -> str:
    for _ in range(MAX_DECODINGS):
        text = unquote_plus(text)
    return text


def _compact(text: str) -> str:
    """Return a text without white space and equals signs, which no value has."""
    return re.sub(r"[\s=]+", "", text)


def _quoted_printable(text: str) -> str:
    """Return a text whose equals sign before it was written as =3D."""
    return _compact(text).removeprefix("3D").removeprefix("3d")


def _folded(key: str, value: str) -> str:
    return value if key == POINTS_KEY else value.lower()


def _plain(text: str) -> str:
    """Return the letters and digits of a check, up to what follows it."""
    match = re.match(r"[\W_]*([a-z2-7]*)", _compact(text).lower())
    return match[1] if match else ""
