"""The latest message to the person at the page, and how the top of a pane shows it.

Controllers set notices as parameters of their state, so this module imports nothing of Panel.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Notice:
    """A sentence for the person at the page; `kind` is "info", "warning" or "error"."""

    text: str
    kind: str = "info"


def notice_html(notice: Notice) -> str:
    """Return a notice as HTML that screen readers announce."""
    return (
        f'<div class="notice {notice.kind}" role="status" data-kind="{notice.kind}">'
        f"{escape(notice.text)}</div>"
    )
