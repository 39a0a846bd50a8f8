"""Implementations in a headless Chromium, each in a page and a worker of its own.

Everything that the pages load is copied into one folder under build/ and served from this machine.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from browser_page import launch
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as BrowserError
from static_server import static_server

from benchmarks.benchmark import Implementation, Implementations, note_facts
from benchmarks.cases import DIGITS_FILE, load_digit_arrays
from benchmarks.peers import BUILD, NODE, node_peer
from benchmarks.processes import ROOT
from benchmarks.results import Section
from benchmarks.runner import BenchmarkError
from dashboard.site import SiteError
from dashboard.site.pyodide_files import obtain_pyodide, pinned

HERE = Path(__file__).parent
FOLDER = BUILD / "bench-pages"
RESPONSE_SECONDS = 120
DIGITS = 10_000
"""Real digits that the pages can train on."""

ISOLATION = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
"""Headers that isolate a page."""

OUR_PACKAGES = (
    (ROOT, "nn"),
    (ROOT, "data_cache"),
    (ROOT, "dashboard"),
    (HERE.parent, HERE.name),
)
"""Folders with Python for Pyodide, and the packages in them."""


@dataclass(frozen=True)
class PageSpec:
    """A script in `pages/`, its parameters in the page's query, and the npm packages it needs.

    Only a page that is isolated, by the headers of its server, has threads.
    """

    script: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    is_isolated: bool = False


def inkling_page(backend: str, module: str = "inkling") -> PageSpec:
    """Return the page of a module of `benchmarks.implementations` in Pyodide, with a backend."""
    parameters = {"backend": backend, "module": module, "library": pinned()["library"]}
    return PageSpec("inkling.js", parameters)


class PageImplementation(Implementation):
    """An implementation in a page, which is opened by the first request."""

    def __init__(self, browser: Browser, address: str, page: PageSpec) -> None:
        self._browser = browser
        self._url = f"{address}worker.html?{urlencode({'script': page.script, **page.parameters})}"
        self._page: Page | None = None

    def close(self) -> None:
        if self._page is not None:
            self._page.close()

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            page = self._page = self._page or self._open()
            response = page.evaluate(_ASK, [request, RESPONSE_SECONDS])
        except BrowserError as error:
            raise BenchmarkError(f"its page failed: {error.message.splitlines()[0]}") from error
        if "error" in response:
            raise BenchmarkError(str(response["error"]))
        return dict(response)

    def _open(self) -> Page:
        page = self._browser.new_page()
        page.goto(self._url)
        return page


# With a timeout, so that a page that never responds does not block the run.
_ASK = """
([request, seconds]) => Promise.race([
  ask(request),
  new Promise((resolve) => {
    setTimeout(() => resolve({error: `no response within ${seconds} s`}), 1000 * seconds)
  }),
])
"""


def open_pages(
    section: Section, pages: Mapping[str, PageSpec], stack: ExitStack
) -> Implementations:
    """Open pages by title and record their facts; a missing one is replaced by its error."""
    section.notes.append("headless Chromium, each implementation in its own worker")
    try:
        browser = stack.enter_context(open_browser())
        address = stack.enter_context(served_pages())
        isolated = stack.enter_context(static_server(FOLDER, ISOLATION))
    except BenchmarkError as error:
        return dict.fromkeys(pages, error)
    section.facts["browser"] = {"chromium": browser.version}
    found: dict[str, Implementation | BenchmarkError] = {}
    for title, page in pages.items():
        try:
            node_peer(*page.packages)
        except BenchmarkError as error:
            found[title] = error
        else:
            host = isolated if page.is_isolated else address
            found[title] = stack.enter_context(PageImplementation(browser, host, page))
    return note_facts(section, found)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start a headless Chromium; raise BenchmarkError if there is none."""
    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
        except BrowserError as error:
            raise BenchmarkError(f"no browser: {error.message.splitlines()[0]}") from error
        yield browser
        browser.close()


def find_pyodide() -> dict[str, bytes]:
    """Return Pyodide's files as the site's build finds them; raise BenchmarkError if it cannot."""
    named = os.environ.get("PYODIDE_DIST")

    def log(line: str) -> None:
        print(line, file=sys.stderr)  # noqa: T201

    try:
        return obtain_pyodide(Path(named) if named else None, BUILD, log)
    except SiteError as error:
        raise BenchmarkError(f"no Pyodide: {error}") from error


@contextmanager
def served_pages() -> Iterator[str]:
    """Serve the pages with Pyodide, our Python and the npm packages; yield their address."""
    pyodide = find_pyodide()
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(HERE / "pages", FOLDER)
    (FOLDER / "pyodide").mkdir()
    for name, content in pyodide.items():
        (FOLDER / "pyodide" / name).write_bytes(content)
    lock = json.dumps(pinned()["lock"])
    (FOLDER / "pyodide" / "pyodide-lock.json").write_text(lock, encoding="utf-8")
    (FOLDER / DIGITS_FILE.name).write_bytes(_digits())
    shutil.copy(ROOT / "nn" / "backends" / "kernels" / "thread.js", FOLDER)
    _write_python(FOLDER / "python.zip")
    os.symlink(NODE / "node_modules", FOLDER / "node", target_is_directory=True)
    with static_server(FOLDER) as address:
        yield address


def _write_python(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for parent, package in OUR_PACKAGES:
            for file in sorted((parent / package).rglob("*")):
                if file.is_file() and "__pycache__" not in file.parts:
                    archive.write(file, file.relative_to(parent))
        archive.write(FOLDER / DIGITS_FILE.name, DIGITS_FILE.name)


def _digits() -> bytes:
    images, labels = load_digit_arrays()
    return images[:DIGITS].tobytes() + labels[:DIGITS].tobytes()
