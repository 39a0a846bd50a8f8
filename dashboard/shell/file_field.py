"""The field for a file, in both runtimes.

Served, a file is sent in parts, since a large message would end the connection; in a worker Panel's
own field hands it over at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import panel as pn


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
    field = pn.widgets.FileInput(**params)

    def read(*_events: object) -> None:
        # The content and the name of a file arrive one after the other.
        content, name = field.value, field.filename
        if content is None or not name:
            return
        field.clear()
        field.param.update(value=None, filename=None)
        if len(content) > largest:
            on_refusal(f"{name}: expected a file of at most {largest // 1_000_000} MB.")
        else:
            on_file(content, name)

    field.param.watch(read, ["value", "filename"])
    return field
