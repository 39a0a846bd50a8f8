"""A served page notices that its server is gone, says so, and comes back with the work.

INKLING_CUTS sets how many random cuts are made, INKLING_CUTS_SEED which ones.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe import violations_in_both_themes
from breakable_line import BreakableLine, BreakableServer
from browser_page import (
    CHROMIUM_ARGUMENTS,
    DEADLINE_MS,
    DEEP,
    SEVEN,
    LabPage,
    find_chromium,
)
from crash_helpers import WATCH
from playwright.sync_api import Browser, BrowserContext
from spiral_page import choose_tool, click_plane, drawn

pytestmark = pytest.mark.ui

CUTS = int(os.environ.get("INKLING_CUTS", "0"))
SEED = int(os.environ.get("INKLING_CUTS_SEED", "1"))
LONGEST_SECONDS = 60.0
NOTICED_WITHIN = 5.0
LOST_AT_MOST = 5.0

CONNECTION = "document.documentElement.dataset.connection"
SEEN_SECONDS = "(performance.now() - window.seen[0][0]) / 1000"
ALERT = ".ink-connection"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BreakableServer]:
    made = BreakableServer(tmp_path_factory.mktemp("breakable"))
    made.start()
    yield made
    made.close()
    assert "Traceback" not in made.log(), made.log()


@pytest.fixture
def line(server: BreakableServer) -> Iterator[BreakableLine]:
    made = BreakableLine(server.port)
    yield made
    made.close()


# Keeps the page's thread busy for longer than an answer may take; gives the states told meanwhile.
BUSY = """async () => {
  const [told, root] = [[], document.documentElement]
  const tell = () => told.push(root.dataset.connection)
  const observer = new MutationObserver(tell)
  observer.observe(root, {attributeFilter: ["data-connection"]})
  for (const end = performance.now() + 2500; performance.now() < end;) {}
  await new Promise((resolve) => setTimeout(resolve, 300))
  observer.disconnect()
  return told
}"""


def open_tab(context: BrowserContext, line: BreakableLine, query: str = "") -> LabPage:
    page = context.new_page()
    page.set_default_timeout(DEADLINE_MS)
    page.add_init_script(DEEP)
    lab = LabPage(page, f"http://127.0.0.1:{line.port}/app{query}")
    page.goto(lab.url)
    lab.wait_ready()
    return lab


def wait_kept(lab: LabPage) -> None:
    lab.page.wait_for_function("document.documentElement.dataset.saved === 'yes'")


def wait_noticed(lab: LabPage) -> None:
    lab.page.wait_for_function(CONNECTION)
    lab.page.locator(f"{ALERT} [role=alert]").wait_for(state="visible")


def wait_back(lab: LabPage) -> None:
    """Wait until the page is connected again, loaded anew or not."""
    lab.page.wait_for_function(f"{CONNECTION} === undefined")


def restored_iteration(lab: LabPage) -> int:
    text = lab.wait_text(".ink-notice", r"Restored at iteration [\d,]+")
    return int(re.search(r"iteration ([\d,]+)", text)[1].replace(",", ""))


def test_a_cut_line_is_told_and_the_page_comes_back_with_the_work(
    context: BrowserContext, line: BreakableLine
) -> None:
    lab = open_tab(context, line)
    page = lab.page
    lab.draw(SEVEN)
    lab.wait_digit(7)
    lab.press_train("Train")
    lab.wait_text(".ink-status", r"iteration [1-9]")
    wait_kept(lab)
    assert not page.evaluate(ASKS)
    assert page.evaluate(BUSY) == [], "a busy page was told as cut off"
    # The server's messages still arrive, but they do not answer the page.
    line.silence_page()
    wait_noticed(lab)
    assert page.evaluate(CONNECTION) == "silent"
    line.mend()
    wait_back(lab)
    before = lab.iteration()
    line.cut()
    wait_noticed(lab)
    # Nothing that belongs to the lost server looks as if it worked.
    assert not page.locator("footer .ink-status").is_visible()
    assert not page.locator(".panes .running").first.is_visible()
    parts = "[...document.querySelectorAll('.bar, main > *')]"
    assert page.evaluate(f"{parts}.every((it) => it.inert)")
    assert "connects again by itself" in page.locator(ALERT).inner_text()
    assert violations_in_both_themes(page) == []
    line.mend()
    wait_back(lab)
    assert restored_iteration(lab) >= before
    lab.wait_digit(7)
    lab.wait_text(".ink-train", "Pause")
    assert page.locator(ALERT).count() == 0


# Holds back the page's question whether the server is there, as behind a queue of other messages
# that a busy server works through, and sends such messages.
QUEUE = """() => {
  const send = WebSocket.prototype.send
  const held = []
  let parts = 0
  WebSocket.prototype.send = function (frame) {
    parts = /"inkling-/.test(frame) ? 3 : parts
    if (parts > 0) held.push(() => send.call(this, frame))
    else send.call(this, frame)
    parts = Math.max(parts - 1, 0)
  }
  const model = Bokeh.documents[0].get_model_by_name("inkling-connection")
  let number = 0
  const timer = setInterval(() => { model.tags = ["queued", number++] }, 100)
  window.answerQueue = () => {
    clearInterval(timer)
    WebSocket.prototype.send = send
    for (const pass of held) pass()
  }
}"""


def test_a_page_stays_while_a_busy_server_works_through_what_it_had_sent_before(
    context: BrowserContext, line: BreakableLine
) -> None:
    lab = open_tab(context, line)
    page, asked = lab.page, []
    page.on("requestfinished", lambda request: asked.append(request.url.endswith("/metadata")))
    page.evaluate(QUEUE)
    wait_noticed(lab)
    assert page.evaluate(CONNECTION) == "silent"
    lab.wait_until(lambda: sum(asked) > 3, "the page does not ask whether the server is there")
    page.evaluate("answerQueue()")  # the page would be another one by now
    wait_back(lab)
    assert page.locator(ALERT).count() == 0


def test_points_come_back_after_a_reload_and_a_copied_tab_leaves_them_alone(
    context: BrowserContext, line: BreakableLine
) -> None:
    lab = open_tab(context, line, "?pane=spiral")
    choose_tool(lab, "Paint")
    click_plane(lab, 1, 1)
    lab.wait_until(lambda: drawn(lab)["train"] == 501, "no point was painted")
    wait_kept(lab)
    name = lab.page.evaluate("sessionStorage['inkling-tab']")
    lab.page.reload()
    lab.wait_ready()
    lab.wait_until(lambda: drawn(lab).get("train") == 501, "the painted point is lost")
    # What browsers do when they duplicate a tab.
    context.add_init_script(f"sessionStorage['inkling-tab'] ??= '{name}'")
    copy = open_tab(context, line, "?pane=spiral")
    copy.wait_until(
        lambda: copy.page.evaluate("sessionStorage['inkling-tab']") != name,
        "the copy has the name of the original",
    )
    assert drawn(copy)["train"] == 500
    assert not copy.page.locator(".ink-offer").is_visible()
    copy.page.close()
    assert drawn(lab)["train"] == 501


# Whether closing the page would be asked about.
ASKS = """() => {
  const event = new Event("beforeunload", {cancelable: true})
  dispatchEvent(event)
  return event.defaultPrevented
}"""

NO_STORAGE = """
for (const name of ["localStorage", "sessionStorage"]) {
  Object.defineProperty(window, name, { get() { throw new DOMException("no", "SecurityError") } })
}
"""


def test_a_proxy_that_refuses_websockets_is_told_and_a_page_asks_only_where_work_would_be_lost(
    context: BrowserContext, line: BreakableLine
) -> None:
    line.passes_upgrades = False
    page = context.new_page()
    page.add_init_script(NO_STORAGE)
    page.goto(f"http://127.0.0.1:{line.port}/app")
    alert = page.locator(f"{ALERT} [role=alert]")
    alert.wait_for(state="visible")
    assert "Upgrade" in alert.inner_text()
    line.passes_upgrades = True
    page.locator(f"{ALERT} button").click()
    page.wait_for_function(f"document.querySelector('{ALERT}') == null")
    page.locator(".ink-step button").wait_for(state="visible")
    assert not page.evaluate(ASKS)
    page.locator(".ink-step button").click()
    page.wait_for_function("document.documentElement.dataset.saved === 'no'")
    assert page.evaluate(ASKS)


@contextmanager
def own_browser(browser: Browser, folder: Path) -> Iterator[tuple[Browser, int]]:
    """Start a browser whose processes can be stopped; give it with their group."""
    program = find_chromium() or browser.browser_type.executable_path
    options = ["--headless", f"--user-data-dir={folder}", "--remote-debugging-port=0"]
    process = subprocess.Popen(
        [program, *CHROMIUM_ARGUMENTS, *options, "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        port_file = folder / "DevToolsActivePort"
        while process.poll() is None and not (port_file.exists() and port_file.read_text()):
            continue
        port = port_file.read_text().split()[0]
        yield browser.browser_type.connect_over_cdp(f"http://127.0.0.1:{port}"), process.pid
    finally:
        os.killpg(process.pid, signal.SIGCONT)
        process.kill()
        process.wait()


class Breaker:
    """Breaks the connection of a page that trains, in one of several ways, and mends it."""

    def __init__(
        self, server: BreakableServer, line: BreakableLine, lab: LabPage, browser_group: int = 0
    ) -> None:
        self._lab, self._group = lab, browser_group
        self.ways: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
            "server killed": (server.kill, server.start),
            "server stopped": (server.stop, server.resume),
            "line cut": (line.cut, line.mend),
            "line silent": (line.silence, line.mend),
            "page reloaded": (lambda: None, lambda: None),
        }
        if browser_group:
            self.ways["browser asleep"] = (self._sleep, self._wake)

    def _sleep(self) -> None:
        os.killpg(self._group, signal.SIGSTOP)

    def _wake(self) -> None:
        os.killpg(self._group, signal.SIGCONT)

    def cut(self, way: str, seconds: float, trained: float) -> tuple[float | None, float]:
        """Cut and mend; return the seconds until it was told, and the seconds of work lost.

        Before, so many seconds of training are shown.
        """
        lab = self._lab
        lab.page.evaluate(f"window.seen ?? ({WATCH})()")
        lab.page.evaluate("window.isOld = true")
        wait_kept(lab)
        lab.wait_until(lambda: lab.page.evaluate(SEEN_SECONDS) > trained, "nothing was trained")
        begin, end = self.ways[way]
        seen, now = lab.page.evaluate("[window.seen, performance.now()]")
        begun = time.monotonic()
        begin()
        noticed = None
        if way == "page reloaded":
            lab.page.reload()
        elif way != "browser asleep":
            wait_noticed(lab)
            noticed = time.monotonic() - begun
            seen = lab.page.evaluate("window.seen")
        time.sleep(max(0.0, seconds - (time.monotonic() - begun)))
        end()
        wait_back(lab)
        is_old = lab.page.evaluate("window.isOld === true")
        found = lab.iteration() if is_old else restored_iteration(lab)
        shown = [moment for moment, iteration in seen if iteration > found]
        lab.wait_until(lambda: lab.iteration() > found, "training did not continue")
        return noticed, max(0.0, now - shown[0]) / 1000 if shown else 0.0


def test_a_killed_and_a_stopped_server_are_told_and_their_work_comes_back(
    context: BrowserContext, server: BreakableServer, line: BreakableLine
) -> None:
    lab = open_tab(context, line, "?batch=256")
    lab.press_train("Train")
    breaker = Breaker(server, line, lab)
    for way, trained in (("server killed", 3.0), ("server stopped", 0.0)):
        noticed, lost = breaker.cut(way, 0.0, trained)
        assert noticed is not None
        assert noticed <= NOTICED_WITHIN, way
        assert lost <= LOST_AT_MOST, way


@pytest.mark.skipif(not CUTS, reason="INKLING_CUTS sets how many cuts are made")
def test_random_cuts_lose_little_work_and_are_told_soon(
    browser: Browser, server: BreakableServer, line: BreakableLine, tmp_path: Path
) -> None:
    generator = random.Random(SEED)
    with own_browser(browser, tmp_path) as (own, group):
        lab = open_tab(own.contexts[0], line, "?batch=256")
        lab.press_train("Train")
        breaker = Breaker(server, line, lab, group)
        for number in range(CUTS):
            way = generator.choice(list(breaker.ways))
            seconds = LONGEST_SECONDS ** generator.random()
            noticed, lost = breaker.cut(way, seconds, trained=3 + 3 * generator.random())
            told = "-" if noticed is None else f"{noticed:.2f} s"
            print(f"cut {number}: {way}, {seconds:.1f} s; told after {told}, lost {lost:.2f} s")  # noqa: T201
            assert noticed is None or noticed <= NOTICED_WITHIN
            assert lost <= LOST_AT_MOST
