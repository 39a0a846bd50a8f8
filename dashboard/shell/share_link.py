"""The links to the settings of all panes, for the button “Copy link”.

The page has them before the click, because browsers allow copying only in the click's own handler.
"""

from __future__ import annotations

import panel as pn
from bokeh.models import Spacer

from dashboard.shell.page_writer import PageWriter


class ShareLink:
    """An invisible part of the page, which has the links in its `tags`.

    Each of them is a list of a pane's name, the query of its link, and what is not in the link.
    """

    def __init__(self, page: PageWriter) -> None:
        self._page = page
        self._links: dict[str, tuple[str, str]] = {}
        self._carrier = Spacer(width=0, height=0, name="inkling-link", tags=[])
        self.view = pn.pane.Bokeh(self._carrier, width=0, height=0, margin=0)

    def set(self, pane: str, query: str, missing: str = "") -> None:
        """Set a pane's link; the page is written only if it has changed.

        Parameters
        ----------
        pane
            Its name.
        query
            Of the link.
        missing
            Sentences on what is not in the link.
        """
        if self._links.get(pane) == (query, missing):
            return
        self._links[pane] = (query, missing)

        def hand_over() -> None:
            self._carrier.tags = [[name, *link] for name, link in self._links.items()]

        self._page.write(hand_over)
