"""Downloads of files made in Python, in both runtimes.

Python puts the content into a property of a model, and a script of the page saves it as a file.
"""

from __future__ import annotations

import base64

from dashboard.shell.messages import invisible, make_sender
from dashboard.shell.page_writer import PageWriter

SAVE_FILE = """
const [name, content] = carrier.tags
if (name == null) {
  return
}
// Python need not keep the content any longer.
carrier.tags = []
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
        self._page = page
        self._count = 0
        self._carrier = make_sender(SAVE_FILE)
        self.view = invisible(self._carrier)

    def offer(self, name: str, content: bytes) -> None:
        """Have the browser save `content` under `name`."""
        # The number makes the same file a changed value when it is saved again.
        self._count += 1
        tags = [name, base64.b64encode(content).decode("ascii"), self._count]

        def hand_over() -> None:
            self._carrier.tags = tags

        self._page.write(hand_over)
