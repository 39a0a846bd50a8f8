"""Drives the app's page in a real browser the way a person does, and reads what it says.

Everything waits for conditions with a deadline; nothing sleeps.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import environ
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Error, Locator, Page, Playwright

DEADLINE_MS = 60_000
ASK_MS = 50
"""How often a condition is asked for; at every painted frame, that took half a processor."""
START_DEADLINE_MS = 120_000

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Finds an element by class through all shadow roots, and reads text the same way.
DEEP = """
window.deep = (selector, root = document) => {
  const found = root.querySelector(selector)
  if (found) return found
  for (const element of root.querySelectorAll("*")) {
    const inner = element.shadowRoot && window.deep(selector, element.shadowRoot)
    if (inner) return inner
  }
  return null
}
window.deepText = (selector) => {
  const text = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data
    if (node.nodeName === "STYLE") return ""
    return [...(node.shadowRoot ?? node).childNodes].map(text).join("")
  }
  const found = window.deep(selector)
  return found ? text(found).replace(/\\s+/g, " ").trim() : ""
}
window.deepData = (selector) => {
  const found = window.deep(selector)
  return {...(found?.shadowRoot ?? found)?.querySelector("[data-state], [data-model]")?.dataset}
}
"""

# Controls that a screen reader could not name.
NAMELESS = """
() => {
  const nameless = []
  const visit = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.matches("input, select, button, [role=slider], [role=application]")) {
        const labels = [...(element.labels ?? [])].map((label) => label.textContent).join("")
        const name = labels || element.getAttribute("aria-label") || element.textContent
          || element.title || element.closest("div[title]")?.title
        if (!name?.trim()) nameless.push(element.outerHTML)
      }
      if (element.shadowRoot) visit(element.shadowRoot)
    }
  }
  visit(document)
  return nameless
}
"""

# Whether an element is in the drawer of the settings.
IN_DRAWER = """
(element) => {
  // Bokeh has just put another one in its place.
  if (!element.isConnected) return null
  for (let at = element; at != null; at = at.parentElement ?? at.getRootNode().host) {
    if (at.matches(".settings")) return true
  }
  return false
}
"""

INK = "() => Bokeh.documents[0].get_model_by_name('ink').data.image[0]"
"""The pixels of the pad."""
INKED = f"() => ({INK})().reduce((sum, value) => sum + (value > 127), 0)"

SEVEN = ((0.3, 0.22), (0.72, 0.22), (0.62, 0.45), (0.5, 0.65), (0.44, 0.82))
ONE = ((0.52, 0.18), (0.5, 0.5), (0.48, 0.84))


def find_chromium() -> str | None:
    """The path of an installed Chromium; None leaves it to Playwright."""
    named = environ.get("INKLING_BROWSER")
    if named:
        return named
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for name in names if (path := shutil.which(name))), None)


def launch(playwright: Playwright) -> Browser:
    """Start a headless Chromium."""
    return playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)


@dataclass
class LabPage:
    """The open app."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def text(self, selector: str) -> str:
        """All text inside an element, across shadow roots."""
        return str(self.page.evaluate("(selector) => deepText(selector)", selector))

    def data(self, selector: str) -> dict[str, str]:
        """The `data-*` attributes of the text inside an element."""
        return dict(self.page.evaluate("(selector) => deepData(selector)", selector))

    def wait_data(self, selector: str, **expected: object) -> dict[str, str]:
        """Wait until `data-*` attributes inside an element have these values."""
        values = {name: str(value) for name, value in expected.items()}
        try:
            self.page.wait_for_function(
                """([selector, values]) => {
                  const data = deepData(selector)
                  return Object.keys(values).every((name) => data[name] === values[name])
                }""",
                arg=[selector, values],
                polling=ASK_MS,
                timeout=DEADLINE_MS,
            )
        except Error as error:
            found = self.data(selector)
            raise AssertionError(f"{selector}: {values} expected, {found} found") from error
        return self.data(selector)

    def wait_status(self, **expected: object) -> dict[str, str]:
        """Wait until the status line has these values."""
        return self.wait_data(".ink-status", **expected)

    def wait_digit(self, digit: int) -> None:
        """Wait until a digit is predicted with confidence."""
        self.wait_data(".ink-prediction", digit=digit, state="confident")

    def wait_blank(self) -> None:
        """Wait until nothing is predicted, because the pad is blank."""
        self.wait_data(".ink-prediction", state="blank")

    def status(self) -> dict[str, str]:
        """The values of the status line."""
        return self.data(".ink-status")

    def iteration(self) -> int:
        """The iteration in the status line."""
        return int(self.status()["iteration"])

    def wait_text(self, selector: str, pattern: str, timeout: int = DEADLINE_MS) -> str:
        """Wait until an element's text matches a regular expression."""
        try:
            self.page.wait_for_function(
                "([selector, pattern]) => new RegExp(pattern).test(deepText(selector))",
                arg=[selector, pattern],
                polling=ASK_MS,
                timeout=timeout,
            )
        except Error as error:
            found = self.text(selector)
            raise AssertionError(f"{selector}: {pattern!r} expected, {found!r} found") from error
        return self.text(selector)

    def wait_until(self, condition: Callable[[], Any], message: str) -> Any:
        """Wait until a condition of Python holds."""
        for _ in range(DEADLINE_MS // ASK_MS):
            value = condition()
            if value:
                return value
            self.page.evaluate(f"new Promise((resolve) => setTimeout(resolve, {ASK_MS}))")
        raise AssertionError(message)

    def wait_ready(self) -> None:
        """Wait until Python answers in the pane that the address names, and its line says so."""
        if "pane=spiral" in self.url:
            self.wait_text(".ink-spiral-status", r"\d", START_DEADLINE_MS)
        else:
            ready = "Number(deepData('.ink-status').cached) > 0"
            self.page.wait_for_function(ready, polling=ASK_MS, timeout=START_DEADLINE_MS)

    def inked(self) -> int:
        """How many of the pad's 168 × 168 pixels are dark."""
        return int(self.page.evaluate(INKED))

    def open_settings(self) -> None:
        """Open the drawer with all settings, if it is closed, and wait until they are made."""
        if self.page.evaluate("document.documentElement.dataset.settings") != "open":
            self.page.locator(".ink-settings button").click()
        # The last of them; the text that is there before goes away earlier.
        self.page.locator(".settings .ink-advanced button").first.wait_for()

    def reach(self, selector: str) -> Locator:
        """Find an element; open the drawer of the settings for what is in it, else close it.

        What is not there yet is in the drawer, perhaps under Advanced.
        """
        found = self.page.locator(selector)
        if found.count() == 0:
            self.open_settings()
            if found.count() == 0:
                self.click("ink-advanced")
        is_inside = None
        while is_inside is None:
            is_inside = found.evaluate(IN_DRAWER)
        state, width = self.page.evaluate("[document.documentElement.dataset.settings, innerWidth]")
        if width >= 1000 and is_inside != (state == "open"):
            self.page.locator(".ink-settings button").click()
        return found

    def click(self, css_class: str) -> None:
        """Click the button inside a component."""
        self.reach(f".{css_class} button").click()

    def press_train(self, label: str) -> None:
        """Press Train or Pause, whichever `label` says must be there now."""
        self.wait_text(".ink-train", label)
        self.click("ink-train")

    def fill(self, setting: str, value: str) -> None:
        """Type into the field of a setting and leave it."""
        entry = self.reach(f".ink-field-{setting} input")
        entry.fill(value)
        entry.press("Enter")

    def choose(self, css_class: str, label: str) -> None:
        """Choose an entry of a menu."""
        self.reach(f".{css_class} select").select_option(label=label)

    def choose_model(self, name: str) -> None:
        """Choose the first model in the menu of the header whose entry contains a text."""
        entry = self.page.locator(".ink-model-menu option", has_text=name).first
        title = str(entry.get_attribute("value"))
        self.page.locator(".ink-model-menu select").select_option(title)

    def draw(self, points: Sequence[tuple[float, float]], lift: bool = True) -> None:
        """Draw a stroke on the pad with the mouse; points are shares of its width and height."""
        pad = self.page.locator(".ink-pad")
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
        assert box is not None
        place = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in points]
        mouse = self.page.mouse
        mouse.move(*place[0])
        mouse.down()
        for point in place[1:]:
            mouse.move(*point, steps=8)
        if lift:
            mouse.up()


# Keeping the site for use without a network loads all of it once more: no part of most tests.
NO_SERVICE_WORKER = "delete Navigator.prototype.serviceWorker"


def begin_lab(browser: Browser, url: str, **context: Any) -> LabPage:
    """Begin to open the app and to collect what its console and its network complain about."""
    page = browser.new_page(**({"viewport": {"width": 1280, "height": 800}} | context))
    page.set_default_timeout(DEADLINE_MS)
    page.add_init_script(DEEP)
    page.add_init_script(NO_SERVICE_WORKER)
    lab = LabPage(page, url)
    page.on("console", lambda message: _note_message(lab, message))
    page.on("pageerror", lambda error: lab.complaints.append(f"error: {error}"))
    page.on("requestfailed", lambda request: lab.complaints.append(f"failed: {request.url}"))
    page.on("request", lambda request: lab.requests.append(request.url))
    page.on("response", lambda response: _note_response(lab, response))
    page.goto(url, wait_until="commit")
    return lab


def open_lab(browser: Browser, url: str, **context: Any) -> LabPage:
    """Open the app and collect everything its console and its network complain about."""
    lab = begin_lab(browser, url, **context)
    lab.wait_ready()
    return lab


def _note_message(lab: LabPage, message: Any) -> None:
    if message.type in ("error", "warning"):
        lab.complaints.append(f"{message.type}: {message.text}")


def _note_response(lab: LabPage, response: Any) -> None:
    if response.status >= 400:
        lab.complaints.append(f"{response.status}: {response.url}")


def other_hosts(lab: LabPage) -> list[str]:
    """Requests that left the page's own origin."""
    own = urlsplit(lab.url)[:2]
    return [url for url in lab.requests if url.startswith("http") and urlsplit(url)[:2] != own]


@contextmanager
def opened(browser: Browser, url: str, **context: Any) -> Iterator[LabPage]:
    """Open the app, and at the end see that nothing complained."""
    with checked(begin_lab(browser, url, **context)) as lab:
        yield lab


@contextmanager
def checked(lab: LabPage) -> Iterator[LabPage]:
    """Wait for a page; at the end see that nothing complained, and close it."""
    try:
        lab.wait_ready()
        yield lab
        assert lab.complaints == [], lab.complaints
        assert other_hosts(lab) == []
    finally:
        lab.page.close()
