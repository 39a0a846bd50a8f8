"""The sentence at the top of a pane that says what happened last."""

from __future__ import annotations

from html import escape

from dashboard.digits.state import Notice


def notice_html(notice: Notice) -> str:
    """Show a sentence, so that it is also read aloud."""
    return f'<div class="notice {notice.kind}" role="status">{escape(notice.text)}</div>'
