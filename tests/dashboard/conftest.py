"""What a visitor's session needs without a server, and a folder for what kills interrupt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import panel as pn
import pytest
from bokeh.document import Document
from killed_writers import folder_in_memory

from dashboard.session import Session, open_session


class Visit:
    """What a visitor's document is asked for, in place of a server."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.loaded: list[Callable[[], None]] = []
        self.left: list[Callable[[object], None]] = []
        self.document = Document()
        monkeypatch.setattr(type(pn.state), "onload", lambda _state, work: self.loaded.append(work))
        monkeypatch.setattr(
            type(pn.state), "on_session_destroyed", lambda _state, work: self.left.append(work)
        )
        monkeypatch.setattr(
            type(pn.state), "curdoc", property(lambda _state: self.document), raising=False
        )

    def open(self) -> Session:
        return open_session()


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Visit:
    return Visit(monkeypatch)


@pytest.fixture
def memory_folder(tmp_path: Path) -> Iterator[str]:
    with folder_in_memory(tmp_path) as folder:
        yield folder
