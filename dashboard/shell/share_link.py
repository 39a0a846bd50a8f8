"""The links to the settings of all panes, for the button “Copy link”.

The page has them before the click, because browsers allow copying only in the click's own handler.
"""

from __future__ import annotations

import panel as pn
from bokeh.models import Spacer

from dashboard.shell.page_writer import PageWriter


class ShareLink:
    """An invisible part of the page; its `tags` are pairs of a pane's name and its query."""

    def __init__(self, page: PageWriter) -> None:
        self._page = page
        self._queries: dict[str, str] = {}
        self._carrier = Spacer(width=0, height=0, name="inkling-link", tags=[])
        self.view = pn.pane.Bokeh(self._carrier, width=0, height=0, margin=0)

    def set(self, pane: str, query: str) -> None:
        """Set the query of a pane's link; the page is written only if it has changed."""
        if self._queries.get(pane, "") == query:
            return
        self._queries[pane] = query

        def hand_over() -> None:
            self._carrier.tags = [[name, text] for name, text in self._queries.items()]

        self._page.write(hand_over)
