"""A field for a file that arrives in parts, so that a large one does not end the connection.

The browser compares the size with the limit before it sends anything.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent

from dashboard.languages.text import gettext
from dashboard.shell.notices import size_refusal


class FileUpload(JSComponent):
    """A field for one file of at most `largest` bytes; any kind may be chosen.

    Parameters
    ----------
    on_file
        Called with the content and the name of a file when all of it has arrived.
    on_refusal
        Called with a sentence that refuses a file.
    """

    label = param.String(doc="What to choose.")
    largest = param.Integer(doc="Bytes that a file may have.")
    part = param.List([], doc="The newest part from the page; see file_upload.js.")
    taken = param.List([], doc="The number of an upload, and how many bytes of it are here.")

    _esm = Path(__file__).parent / "components" / "file_upload.js"

    def __init__(
        self,
        on_file: Callable[[bytes, str], object],
        on_refusal: Callable[[str], None],
        **params: Any,
    ) -> None:
        self._on_file = on_file
        self._on_refusal = on_refusal
        self._number = 0
        self._content = bytearray()
        super().__init__(**params)
        self.param.watch(lambda event: self._take(event.new), "part")

    def _take(self, part: list[Any]) -> None:
        """Append a part; one that does not follow the last one is ignored.

        Errors are notices, since Panel logs an exception with everything that the page sent.
        """
        kinds = (int, str, int, int, str)
        if len(part) != len(kinds) or not all(map(isinstance, part, kinds)):
            self._on_refusal(
                gettext("The file was not sent as this page sends files. Choose it again.")
            )
            return
        number, name, size, start, text = part
        if start == 0:
            self._number, self._content = number, bytearray()
        if number != self._number or start != len(self._content):
            return
        if size > self.largest:
            self._refuse(size_refusal(name, size, self.largest), number, size)
            return
        try:
            self._content += base64.b64decode(text, validate=True)
        except ValueError:
            self._refuse(_damaged(name, "base64", gettext("another text")), number, size)
            return
        if len(self._content) > size:
            self._refuse(
                _damaged(name, gettext("{size:,} bytes as announced", size=size), gettext("more")),
                number,
                size,
            )
            return
        if len(self._content) < size and text:
            self.taken = [number, len(self._content)]
            return
        content, self._content = bytes(self._content), bytearray()
        self.taken = [number, size]
        self._on_file(content, name)

    def _refuse(self, sentence: str, number: int, size: int) -> None:
        self._content = bytearray()
        self.taken = [number, size]
        self._on_refusal(sentence)


def _damaged(name: str, expected: str, found: str) -> str:
    return gettext(
        "{name} was damaged on the way: expected {expected}, found {found}. Choose it again.",
        name=name[:80],
        expected=expected,
        found=found,
    )
