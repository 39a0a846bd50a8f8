"""Copies texts made in Python to the clipboard, in both runtimes.

A browser may refuse it, as on a page without HTTPS, or when the click was too long ago; the page
then shows the text in a dialog, whose button copies it.
"""

from __future__ import annotations

from collections.abc import Callable

from dashboard.shell.messages import MessageSender, invisible, make_receiver
from dashboard.shell.page_writer import PageWriter

COPY_TEXT = """
const [text, title] = message
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
        self._sender = MessageSender(page, COPY_TEXT, "inkling-copy")
        receiver = make_receiver("inkling-copied", lambda _tags: copied())
        self.view = invisible(self._sender.model, receiver)

    def copy(self, text: str, title: str) -> None:
        """Have the browser copy a text; `title` says what it is where the browser refuses."""
        self._sender.send(text, title)
