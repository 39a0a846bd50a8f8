"""The field for a file, in both runtimes; the page compares its size with the limit first.

Served, a file is sent in parts, since a large message would end the connection; in a worker Panel's
own field hands it over at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import panel as pn

from dashboard.shell.notices import size_refusal

_TOO_LARGE = "too-large/"
"""Before the bytes of a file that the page did not read, as its type."""


def file_field(
    on_file: Callable[[bytes, str], object],
    on_refusal: Callable[[str], None],
    *,
    largest: int,
    **params: Any,
) -> pn.viewable.Viewable:
    """Return a field for one file of any kind.

    Parameters
    ----------
    on_file
        Called with the content and the name of a file.
    on_refusal
        Called with a sentence that refuses a file of more than `largest` bytes.
    largest
        In bytes.
    params
        Of the widget.
    """
    if sys.platform != "emscripten":
        from dashboard.shell.file_upload import FileUpload  # noqa: PLC0415 - served alone

        return FileUpload(on_file, on_refusal, largest=largest, **params)
    # The page does not read larger files; see dashboard/upstream/site_build/file_limits.js.
    field = pn.widgets.FileInput(tags=[{"largest": largest}], **params)

    def read(*_events: object) -> None:
        # The content and the name of a file arrive one after the other.
        content, name = field.value, field.filename
        reported = (field.mime_type or "").partition(_TOO_LARGE)[2]
        if not name or (content is None and not reported):
            return
        size = int(reported) if reported.isdigit() else len(content or b"")
        field.clear()
        field.param.update(value=None, filename=None, mime_type=None)
        if size > largest:
            on_refusal(size_refusal(name, size, largest))
        elif content is not None:
            on_file(content, name)

    field.param.watch(read, ["value", "filename", "mime_type"])
    return field
