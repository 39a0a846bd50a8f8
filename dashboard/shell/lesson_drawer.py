"""The drawer of the page that contains the lessons, beside every pane.

It is empty until the page reports that it was opened, or sends the lesson of its address.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from html import escape

import panel as pn

from dashboard.languages.text import gettext
from dashboard.shell.messages import invisible, make_sender, make_text_receiver
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.theme import Theme

logger = logging.getLogger("inkling.page")

SHOW_LESSON = """
const [query, pane, score, is_complete] = carrier.tags
dispatchEvent(new CustomEvent("inkling-lesson", { detail: { query, pane, score, is_complete } }))
"""


class LessonDrawer:
    """The drawer, and the two invisible models of the messages between it and the page.

    Parameters
    ----------
    theme
        The style sheets.
    writer
        How the page is changed.

    Attributes
    ----------
    view
        The drawer.
    carriers
        The invisible models.
    opened
        Called with the query of a lesson, such as "lesson=overfitting&step=2", when the page opens
        one; with "" when it opens the drawer alone. It returns what the drawer contains.
    """

    def __init__(self, theme: Theme, writer: PageWriter) -> None:
        self._theme = theme
        self._writer = writer
        self.opened: Callable[[str], pn.viewable.Viewable] | None = None
        self.view = pn.Column(
            theme.text(f'<p class="opening">{gettext("Opening the lessons …")}</p>'),
            sizing_mode="stretch_width",
            margin=0,
        )
        self._to_page = make_sender(SHOW_LESSON)
        self.carriers = invisible(make_text_receiver("inkling-lesson", self.open), self._to_page)

    def report(self, query: str, pane: str, score: float, is_complete: bool) -> None:
        """Send the page which lesson is open and how much of it is done.

        Parameters
        ----------
        query
            For the address.
        pane
            Name of the pane that the lesson is about.
        score
            From 0 to 100.
        is_complete
            Whether all of it is done.
        """
        self._writer.write(lambda: self._to_page.update(tags=[query, pane, score, is_complete]))

    def open(self, query: str) -> None:
        """Open a lesson in the drawer."""
        if self.opened is None:
            return
        try:
            content = self.opened(query)
        except Exception as error:
            logger.exception("the lessons could not be opened")
            content = self._theme.text(f'<p role="alert">{escape(_fault(error))}</p>')
        if list(self.view) != [content]:
            self.view[:] = [content]


def _fault(error: Exception) -> str:
    return gettext(
        "The lessons could not be opened: {error}. Close them, load the page again, and open them "
        "once more.",
        error=repr(error)[:200],
    )
