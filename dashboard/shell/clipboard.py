"""Copies texts made in Python to the clipboard, in both runtimes.

A browser may refuse it, as on a page without HTTPS, or when the click was too long ago; the page
then shows the text in a dialog, whose button copies it.
"""

from __future__ import annotations

from collections.abc import Callable

from dashboard.shell.messages import invisible, make_receiver, make_sender
from dashboard.shell.page_writer import PageWriter

COPY_TEXT = """
const [text, title] = carrier.tags
if (text == null) {
  return
}
// Python need not keep the text any longer.
carrier.tags = []
dispatchEvent(new CustomEvent("inkling-copy", { detail: { text, title } }))
"""


class Clipboard:
    """An invisible part of the page that copies texts.

    Parameters
    ----------
    page
        How the page is changed.
    copied
        Called after a text was copied.

    Attributes
    ----------
    view
        It has to be in the page.
    """

    def __init__(self, page: PageWriter, copied: Callable[[], None]) -> None:
        self._page = page
        self._count = 0
        self._carrier = make_sender(COPY_TEXT, "inkling-copy")
        self.view = invisible(
            self._carrier, make_receiver("inkling-copied", lambda _tags: copied())
        )

    def copy(self, text: str, title: str) -> None:
        """Have the browser copy a text; `title` says what it is where the browser refuses."""
        # The number makes the same text a changed value when it is copied again.
        self._count += 1
        tags = [text, title, self._count]

        def hand_over() -> None:
            self._carrier.tags = tags

        self._page.write(hand_over)
