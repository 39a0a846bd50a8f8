"""Serves the app in its two runtimes, once for all browser tests."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_page import LabPage, begin_lab, checked, launch, open_lab, opened, other_hosts
from cache_helpers import idx_bytes
from playwright.sync_api import Browser, BrowserContext, Error, sync_playwright
from served_app import wait_for_answer
from static_server import static_server

from dashboard.site import build_site
from data_cache import load_digits

ROOT = Path(__file__).parents[2]
RUNTIMES = ("served", "site")


class SharedDesk:
    """One open page for many tests, which finds its desk tidied each time."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url
        self._lab: LabPage | None = None

    def tidied(self) -> LabPage:
        """Give the page with all as it was opened; one that cannot be tidied is opened anew."""
        if self._lab is not None:
            try:
                tidy(self._lab)
            except (AssertionError, Error):
                self.leave()
        if self._lab is None:
            self._lab = open_lab(self._browser, self._url)
            tidy(self._lab)
        return self._lab

    def leave(self) -> None:
        if self._lab is not None:
            self._lab.page.close()
            self._lab = None


def tidy(lab: LabPage) -> None:
    """Reset what tests with a shared page change: the network, the pad, the choice of a sample."""
    lab.complaints.clear()
    lab.requests.clear()
    page = lab.page
    lab.choose_model("CNN (pretrained)")
    page.get_by_role("button", name="Pen", exact=True).click()
    if "bk-active" in str(page.locator(".ink-grid button").get_attribute("class")):
        lab.click("ink-grid")
    lab.click("ink-clear")
    page.get_by_label("Split").select_option(label="test")
    page.locator(".ink-sample-class select").select_option(label="any")
    page.get_by_label("Index").fill("")
    page.locator(".ink-speed select").select_option(label="Full")
    lab.wait_data(".ink-model", model="best", origin="pretrained")
    lab.wait_text(".ink-train", "Train")
    lab.wait_status(iteration=0, state="paused")
    lab.wait_blank()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of data sets with a small “MNIST” in it: 1,200 and 300 of the bundled digits."""
    folder = tmp_path_factory.mktemp("data")
    digits = load_digits()
    (folder / "mnist").mkdir()
    for half, samples in (("train", digits.train[:1200]), ("t10k", digits.train[1200:1500])):
        images = samples.images.reshape(-1, 28, 28)
        (folder / "mnist" / f"{half}-images-idx3-ubyte").write_bytes(idx_bytes(images))
        (folder / "mnist" / f"{half}-labels-idx1-ubyte").write_bytes(idx_bytes(samples.labels))
    return folder


@pytest.fixture(scope="session")
def served_url(tmp_path_factory: pytest.TempPathFactory, data_folder: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("served") / "log.txt"
    command = [sys.executable, "-m", "panel", "serve", "dashboard/app.py", "--port", str(port)]
    command += ["--plugins", "document_plugin"]
    # A proxy that is not there: what the server tries to fetch never leaves this machine.
    closed_door = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    paths = os.pathsep.join((str(ROOT / "tests" / "support"), os.environ.get("PYTHONPATH", "")))
    folders = {"INKLING_DATA": str(data_folder), "INKLING_API_STATE": str(log.parent / "state")}
    environment = os.environ | closed_door | folders | {"PYTHONPATH": paths}
    with log.open("w") as output:
        server = subprocess.Popen(
            command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, env=environment
        )
        try:
            wait_for_answer(server, f"http://localhost:{port}/app", log)
            yield f"http://localhost:{port}/app"
        finally:
            server.terminate()
            server.wait()
    assert unexpected_errors(log.read_text()) == []


def unexpected_errors(log: str) -> list[str]:
    """Last lines of the tracebacks in a server's log.

    Tornado reports a page that was closed while something was being sent to it; that is the
    page's good right.
    """
    last_lines = re.findall(r"^Traceback .*?^(\S[^\n]*)", log, re.DOTALL | re.MULTILINE)
    closed = ("tornado.websocket.WebSocketClosedError", "tornado.iostream.StreamClosedError")
    return [line for line in last_lines if not line.startswith((*closed, "During", "The above"))]


@pytest.fixture(scope="session")
def site_folder(tmp_path_factory: pytest.TempPathFactory, data_folder: Path) -> Path:
    folder = tmp_path_factory.mktemp("site") / "site"
    build_site(folder, data_folder=data_folder)
    return folder


@pytest.fixture(scope="session")
def site_url(site_folder: Path) -> Iterator[str]:
    """The site under its own Content-Security-Policy."""
    policy = (site_folder / "_headers").read_text().partition("Content-Security-Policy: ")[2]
    with static_server(site_folder, {"Content-Security-Policy": policy.strip()}) as address:
        yield address


@pytest.fixture(params=RUNTIMES)
def url(request: pytest.FixtureRequest) -> str:
    address: str = request.getfixturevalue(f"{request.param}_url")
    return address


@pytest.fixture(scope="session")
def begun_labs() -> Iterator[dict[str, LabPage]]:
    """Pages that have been begun for the tests to come, by their addresses."""
    begun: dict[str, LabPage] = {}
    yield begun
    for lab in begun.values():
        lab.page.close()


@pytest.fixture
def own_lab(
    request: pytest.FixtureRequest, browser: Browser, url: str, begun_labs: dict[str, LabPage]
) -> Iterator[LabPage]:
    """A page for one test alone, for whatever cannot be tidied away.

    Meanwhile the page of the next such test opens, which takes most of the time of many tests.
    """
    with checked(begun_labs.pop(url, None) or begin_lab(browser, url)) as lab:
        if has_successor(request.node):
            begun_labs[url] = begin_lab(browser, url)
        yield lab


def has_successor(test: pytest.Function) -> bool:
    """Return whether a later test needs a page of its own in the same runtime."""
    items = test.session.items
    return any(
        "own_lab" in item.fixturenames and item.callspec.params == test.callspec.params
        for item in items[items.index(test) + 1 :]
        if isinstance(item, pytest.Function)
    )


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser of its own for one test, in which a test opens pages."""
    made = browser.new_context(viewport={"width": 1280, "height": 800})
    yield made
    made.close()


@pytest.fixture
def served_lab(browser: Browser, served_url: str) -> Iterator[LabPage]:
    """A served page for one test alone, where nothing depends on the runtime."""
    with opened(browser, served_url) as page:
        yield page


@pytest.fixture(scope="module")
def served(browser: Browser, served_url: str) -> Iterator[LabPage]:
    """One served page for the tests of a module that leave it as they need it."""
    with opened(browser, served_url) as page:
        yield page


@pytest.fixture(scope="session", params=RUNTIMES)
def desk(request: pytest.FixtureRequest, browser: Browser) -> Iterator[SharedDesk]:
    shared = SharedDesk(browser, request.getfixturevalue(f"{request.param}_url"))
    yield shared
    shared.leave()


@pytest.fixture
def lab(desk: SharedDesk) -> Iterator[LabPage]:
    """A tidied page that tests share, since opening one takes longer than most of them."""
    page = desk.tidied()
    yield page
    assert page.complaints == [], page.complaints
    assert other_hosts(page) == []
