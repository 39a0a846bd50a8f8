"""The links to the settings of all panes, for the button “Copy link”.

The page has them before the click, because browsers allow copying only in the click's own handler.
What is not in a link can be saved as a file instead.
"""

from __future__ import annotations

from collections.abc import Callable

from bokeh.models import Spacer

from dashboard.shell.messages import invisible, make_receiver
from dashboard.shell.page_writer import PageWriter


class ShareLink:
    """An invisible part of the page, which has the links in its `tags`.

    Each of them is a list of a pane's name, the query of its link, and what is not in the link.

    Attributes
    ----------
    save_file
        Called when the page asks for a file of all work.
    """

    def __init__(self, page: PageWriter) -> None:
        self._page = page
        self._links: dict[str, tuple[str, str]] = {}
        self._carrier = Spacer(width=0, height=0, name="inkling-link", tags=[])
        self.save_file: Callable[[], None] = lambda: None
        request = make_receiver("inkling-work-file", lambda _tags: self.save_file())
        self.view = invisible(self._carrier, request)

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
