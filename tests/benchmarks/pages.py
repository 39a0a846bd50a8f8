"""Runs contestants in a headless Chromium, each in a page and a worker of its own.

All that the pages load is laid out in one folder under build/ and served from this machine.
"""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from browser_page import launch
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as BrowserError
from static_server import static_server

from benchmarks.contestant import Contestant
from benchmarks.peers import BUILD, NODE
from benchmarks.processes import ROOT
from benchmarks.rounds import ContestantError

HERE = Path(__file__).parent
FOLDER = BUILD / "bench-pages"
ANSWER_SECONDS = 120

OUR_PACKAGES = (
    (ROOT, "nn"),
    (ROOT, "data_cache"),
    (ROOT, "dashboard"),
    (HERE.parent, HERE.name),
)
"""Folders with Python for Pyodide, and the packages in them."""


class PageContestant(Contestant):
    """A contestant whose script is in `pages/`; it starts at the first question."""

    def __init__(self, browser: Browser, address: str, script: str, **settings: str) -> None:
        self._browser = browser
        self._url = f"{address}contestant.html?{urlencode({'script': script, **settings})}"
        self._page: Page | None = None

    def close(self) -> None:
        if self._page is not None:
            self._page.close()

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            page = self._page = self._page or self._open()
            answer = page.evaluate(_ASK, [request, ANSWER_SECONDS])
        except BrowserError as error:
            raise ContestantError(f"its page failed: {error.message.splitlines()[0]}") from error
        if "error" in answer:
            raise ContestantError(str(answer["error"]))
        return dict(answer)

    def _open(self) -> Page:
        page = self._browser.new_page()
        page.goto(self._url)
        return page


# A page that never answers must not hold the bench up for ever.
_ASK = """
([request, seconds]) => Promise.race([
  ask(request),
  new Promise((resolve) => {
    setTimeout(() => resolve({error: `no answer within ${seconds} s`}), 1000 * seconds)
  }),
])
"""


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start a headless Chromium; `ContestantError` if there is none."""
    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
        except BrowserError as error:
            raise ContestantError(f"no browser: {error.message.splitlines()[0]}") from error
        yield browser
        browser.close()


@contextmanager
def served_pages(pyodide: dict[str, bytes], lock: dict[str, Any]) -> Iterator[str]:
    """Lay out the pages, Pyodide, our Python and the packages of npm; gives their address."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(HERE / "pages", FOLDER)
    (FOLDER / "pyodide").mkdir()
    for name, content in pyodide.items():
        (FOLDER / "pyodide" / name).write_bytes(content)
    (FOLDER / "pyodide" / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    _write_python(FOLDER / "python.zip")
    os.symlink(NODE / "node_modules", FOLDER / "node", target_is_directory=True)
    with static_server(FOLDER) as address:
        yield address


def _write_python(path: Path) -> None:
    """Write what Inkling's page needs beside Pyodide: its packages, and the contestants."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for parent, package in OUR_PACKAGES:
            for file in sorted((parent / package).rglob("*")):
                if file.is_file() and "__pycache__" not in file.parts:
                    archive.write(file, file.relative_to(parent))
