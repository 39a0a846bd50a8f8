"""Downloads of files made in Python, in both runtimes.

Python puts the content into a property of a model, and a script of the page saves it as a file.
"""

from __future__ import annotations

import base64

from dashboard.shell.messages import MessageSender, invisible
from dashboard.shell.page_writer import PageWriter

SAVE_FILE = """
const [name, content] = message
const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))
const link = document.createElement("a")
link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }))
link.download = name
link.click()
setTimeout(() => URL.revokeObjectURL(link.href), 60000)
"""


class Download:
    """An invisible part of the page that saves files.

    Parameters
    ----------
    page
        How the page is changed.
    """

    def __init__(self, page: PageWriter) -> None:
        self._sender = MessageSender(page, SAVE_FILE)
        self.view = invisible(self._sender.model)

    def offer(self, name: str, content: bytes) -> None:
        """Have the browser save `content` under `name`."""
        self._sender.send(name, base64.b64encode(content).decode("ascii"))
