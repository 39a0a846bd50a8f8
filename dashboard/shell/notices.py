"""The latest message to the person at the page, and how the top of a pane shows it.

Controllers set notices as parameters of their state, so this module imports nothing of Panel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext

_MEGABYTE = 1_000_000


def size_refusal(name: str, size: int, largest: int, kind: str = "") -> str:
    """Return the sentence that refuses a file of `size` bytes."""
    return gettext(
        "{name}: expected {kind} of at most {largest} MB, found {size} MB.",
        name=name[:80],
        kind=kind or gettext("a file"),
        largest=format_number(largest / _MEGABYTE, "g"),
        size=format_number(size / _MEGABYTE, ",.1f"),
    )


@dataclass(frozen=True)
class Mend:
    """What probably corrects a file: the label of a button, and what it does."""

    label: str
    apply: Callable[[], None]


@dataclass(frozen=True)
class Notice:
    """A sentence for the person at the page.

    Attributes
    ----------
    text
        The sentence.
    kind
        "info", "warning" or "error".
    mend
        What a button beside the sentence does; None: there is no button.
    """

    text: str
    kind: str = "info"
    mend: Mend | None = None


LONG = 90
"""Characters of a notice from which on it can be opened to be read in full."""


def notice_html(notice: Notice) -> str:
    """Return a notice as HTML that screen readers announce; a long one can be opened."""
    # A text that is translated already is none of the catalogue.
    sentence = gettext(notice.text)
    text = f'<span class="text">{escape(sentence)}</span>'
    style = f'class="notice {notice.kind}"'
    told = f'role="status" data-kind="{notice.kind}"'
    if len(sentence) < LONG and "\n" not in sentence:
        return f"<div {style} {told}>{text}</div>"
    more = (
        f'<span class="more" data-open="{gettext("Read all")}" data-close="{gettext("Close")}">'
        "</span>"
    )
    # A part that opens has no role besides its own.
    return f"<div {told}><details {style}><summary>{text}{more}</summary></details></div>"
