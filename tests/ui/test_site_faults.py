"""The start of the site never fails without a word, and goes on when a file is there again."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from axe import WCAG, violations
from browser_page import DEEP, NO_SERVICE_WORKER, START_DEADLINE_MS, LabPage
from faulty_site import FAULTS, FaultySite, faulty_site
from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.ui

needs_time = pytest.mark.skipif(
    os.environ.get("INKLING_SITE_FAULTS") != "all",
    reason="takes half an hour: INKLING_SITE_FAULTS=all",
)
SENTENCE_MS = 10_000
# The cause that the page tells of each fault, as data-cause of its line. A type matters for the
# worker alone.
CAUSES = {"404": "status", "hang": "hang", "reset": "cut", "html": "html", "type": "type",
          "bytes": "bytes"}  # fmt: skip
NEEDED = (
    "bokeh/bokeh-*.min.js", "panel/*/dist/panel.min.js", "page.js", "worker.js", "packages.bin",
    "pyodide/*",
)  # fmt: skip
# The troubles are exactly these: kinds by name.
KINDS = """
(kinds) => window.siteStart?.troubles.size === Object.keys(kinds).length
  && Object.entries(kinds).every(([name, kind]) => siteStart.troubles.get(name)?.kind === kind)
"""
FIRST_TROUBLE = "[...siteStart.troubles].map(([name, {kind}]) => [name, kind])[0]"
LINE = ".site-status:not([hidden])"


@pytest.fixture
def faulty(site_folder: Path) -> Iterator[FaultySite]:
    with faulty_site(site_folder) as site:
        yield site


def open_page(browser: Browser, url: str, script: str = NO_SERVICE_WORKER) -> Page:
    page = browser.new_page()
    page.set_default_timeout(START_DEADLINE_MS)
    page.add_init_script(f"{DEEP};{script}")
    page.goto(url, wait_until="commit")
    return page


def open_spoiled(
    browser: Browser,
    faulty: FaultySite,
    faults: Mapping[str, str],
    query: str = "",
    script: str = NO_SERVICE_WORKER,
) -> Page:
    """Open the site with faults of some files; the page is marked until it is loaded again."""
    faulty.spoil(faults)
    page = open_page(browser, faulty.url + query, script)
    page.evaluate("window.isSamePage = true")
    return page


def try_again(page: Page) -> None:
    """Press the button, unless the automatic attempt was faster."""
    page.evaluate("document.querySelector('.site-status-error button')?.click()")


def causes(faults: Mapping[str, str]) -> dict[str, str]:
    return {name: CAUSES[fault] for name, fault in faults.items()}


def policy_of(folder: Path) -> str:
    return (folder / "_headers").read_text().partition("Content-Security-Policy: ")[2].strip()


def needed_files(folder: Path) -> list[str]:
    return [
        path.relative_to(folder).as_posix()
        for pattern in NEEDED
        for path in sorted(folder.glob(pattern))
    ]


def is_told(page: Page, name: str, cause: str) -> Locator:
    """Wait for the sentence of one file, and return its line."""
    line = page.locator(f'{LINE}[data-file="{name}"][data-cause="{cause}"]')
    line.wait_for(timeout=SENTENCE_MS)
    assert name in line.inner_text()
    return line


def sees_what_is_wrong(page: Page, name: str, cause: str) -> None:
    """Wait for the sentence of a file without which nothing starts, with its way out."""
    line = is_told(page, name, cause)
    assert line.get_by_role("button", name="Try again").is_visible()
    assert page.evaluate("document.documentElement.dataset.site") == "loading"


def is_started_without_a_reload(page: Page, url: str) -> None:
    LabPage(page, url).wait_ready()
    assert page.evaluate("window.isSamePage") is True
    assert page.locator(LINE).all_inner_texts() == []


# All style sheets that the page has, in its shadow roots too: [name, whether it is there].
SHEETS = """() => {
  const all = (part) => [
    ...[...part.querySelectorAll("link[rel=stylesheet]")]
      .map(({href, sheet}) => [new URL(href).pathname.slice(1), sheet !== null]),
    ...[...part.querySelectorAll("*")].flatMap(({shadowRoot}) => shadowRoot ? all(shadowRoot) : []),
  ]
  return all(document)
}"""


def looks_right_again(page: Page) -> None:
    try_again(page)
    page.wait_for_function(f"document.querySelector('{LINE}') === null")
    page.wait_for_function(f"({SHEETS})().every(([, isThere]) => isThere)")
    assert page.evaluate("window.isSamePage") is True


def misses_a_copy(page: Page, name: str) -> None:
    """Wait for the sentence of a file that only the use without a network needs."""
    news = page.locator(".site-news")
    news.wait_for(timeout=SENTENCE_MS)
    assert name in news.inner_text()
    assert "not without a network" in news.inner_text()


def is_copied_without_a_reload(page: Page) -> None:
    # A request that hung may have ended by now, and the notice have gone by itself.
    page.evaluate("document.querySelector('.site-news button')?.click()")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    assert page.evaluate("window.isSamePage") is True
    assert page.locator(".site-news").count() == 0


def test_files_that_do_not_come_are_named_with_the_cause_and_the_start_goes_on_with_them(
    browser: Browser, faulty: FaultySite
) -> None:
    widgets = next(faulty.folder.glob("bokeh/bokeh-widgets*")).name
    of_page = {"page.js": "hang", f"bokeh/{widgets}": "reset", "worker.js": "type"}
    of_worker = {
        "packages.bin": "404",
        "pyodide/stdlib.bin": "html",
        "pyodide/pyodide.asm.wasm": "bytes",
    }
    of_copy = {"app.webmanifest": "reset"}
    sheet = next(faulty.folder.glob("panel/*/dist/css/button.css"))
    of_looks = {sheet.relative_to(faulty.folder).as_posix(): "404"}
    page = open_spoiled(browser, faulty, of_page | of_worker | of_looks, script="")
    page.wait_for_function(KINDS, arg=causes(of_page), timeout=SENTENCE_MS)
    sees_what_is_wrong(page, *page.evaluate(FIRST_TROUBLE))
    assert violations(page) == []
    faulty.spoil(of_worker | of_looks)
    try_again(page)
    page.wait_for_function(KINDS, arg=causes(of_worker), timeout=SENTENCE_MS)
    sees_what_is_wrong(page, *page.evaluate(FIRST_TROUBLE))
    faulty.spoil(of_copy | of_looks)
    try_again(page)
    LabPage(page, faulty.url).wait_ready()
    is_told(page, *causes(of_looks).popitem())
    misses_a_copy(page, "app.webmanifest")
    assert violations(page) == []
    faulty.repair()
    looks_right_again(page)
    is_copied_without_a_reload(page)
    page.context.close()


@pytest.mark.upstream_patch("memory_snapshot")
@pytest.mark.parametrize("fault", ["404", pytest.param("hang", marks=needs_time)])
def test_a_restored_page_is_not_shown_as_working_while_it_lacks_a_file(
    browser: Browser, faulty: FaultySite, fault: str
) -> None:
    page = open_spoiled(browser, faulty, {"pyodide/stdlib.bin": fault})
    sees_what_is_wrong(page, "pyodide/stdlib.bin", CAUSES[fault])
    page.wait_for_function("siteBridge.sent > 0")  # the page is drawn
    assert page.evaluate("document.documentElement.dataset.site") == "loading"
    assert page.evaluate("document.querySelector('[data-root-id]').inert") is True
    faulty.repair()
    try_again(page)
    is_started_without_a_reload(page, faulty.url)
    lab = LabPage(page, faulty.url)
    lab.press_train("Train")
    lab.wait_until(lambda: lab.iteration() > 0, "the page is dead")
    page.close()


@pytest.mark.parametrize(
    "is_ready", [False, pytest.param(True, marks=needs_time)], ids=["before", "after"]
)
def test_the_texts_of_a_language_that_do_not_come_are_told_whether_the_app_is_ready_or_not(
    browser: Browser, faulty: FaultySite, is_ready: bool
) -> None:
    texts = "languages/de.json"
    # A file that hangs is told when nothing more comes, and by then the app may be ready.
    page = open_spoiled(browser, faulty, {texts: "hang" if is_ready else "404"}, "?lang=de")
    is_told(page, texts, "hang" if is_ready else "status")
    page.wait_for_function("document.documentElement.dataset.site === 'ready'")
    faulty.repair()
    try_again(page)
    page.wait_for_function("document.documentElement.lang === 'de'")
    assert page.locator(LINE).all_inner_texts() == []
    page.close()


def test_a_policy_or_a_sandbox_that_refuses_the_start_is_told_and_nothing_looks_alive(
    browser: Browser, faulty: FaultySite
) -> None:
    policy = policy_of(faulty.folder)
    refusals = {
        "default-src 'self'": (None, "Content-Security-Policy"),
        policy.replace(" blob:", "", 1): ("policy", "script-src"),
        policy.replace("worker-src 'self'", "worker-src 'none'"): ("policy", "worker-src"),
        policy.replace("connect-src 'self'", "connect-src 'none'"): ("policy", "connect-src"),
        policy.replace(" 'unsafe-eval'", ""): ("policy", "script-src"),
        "sandbox allow-scripts": ("sandbox", "allow-same-origin"),
    }
    for refusing, (cause, word) in refusals.items():
        faulty.headers = {"Content-Security-Policy": refusing}
        page = open_page(browser, faulty.url)
        line = page.locator(LINE if cause is None else f'{LINE}[data-cause="{cause}"]')
        line.wait_for(timeout=SENTENCE_MS)
        assert word in line.inner_text()
        assert page.locator(".app").is_hidden()
        # A page without its app has no landmarks, which are best practice.
        assert violations(page, WCAG) == []
        page.close()


@needs_time
@pytest.mark.parametrize("fault", FAULTS)
def test_every_file_with_every_fault(browser: Browser, faulty: FaultySite, fault: str) -> None:
    for number, name in enumerate(needed_files(faulty.folder)):
        page = open_spoiled(browser, faulty, {name: fault})
        if fault != "type":
            sees_what_is_wrong(page, name, CAUSES[fault])
        elif name == "worker.js":
            sees_what_is_wrong(page, name, "type")
        faulty.repair()
        if number % 2 and fault != "type":  # the others wait for the automatic attempt
            try_again(page)
        is_started_without_a_reload(page, faulty.url)
        page.close()


@needs_time
@pytest.mark.parametrize("fault", FAULTS)
def test_every_style_sheet_with_every_fault(
    browser: Browser, faulty: FaultySite, fault: str
) -> None:
    page = open_page(browser, faulty.url)
    LabPage(page, faulty.url).wait_ready()
    names = sorted({name for name, _ in page.evaluate(SHEETS)})
    page.close()
    assert names
    for name in names:
        page = open_spoiled(browser, faulty, {name: fault})
        LabPage(page, faulty.url).wait_ready()
        is_told(page, name, CAUSES[fault])
        faulty.repair()
        looks_right_again(page)
        page.close()


@needs_time
@pytest.mark.parametrize("fault", FAULTS)
def test_every_file_of_a_language_with_every_fault(
    browser: Browser, faulty: FaultySite, fault: str
) -> None:
    for path in sorted(faulty.folder.glob("languages/*")):
        name = f"languages/{path.name}"
        page = open_spoiled(browser, faulty, {name: fault}, f"?lang={path.stem}")
        if fault != "type":  # that of a downloaded text does not matter
            is_told(page, name, CAUSES[fault])
        faulty.repair()
        try_again(page)
        page.wait_for_function("document.documentElement.dataset.site === 'ready'")
        page.wait_for_function("(code) => document.documentElement.lang === code", arg=path.stem)
        assert page.evaluate("window.isSamePage") is True
        assert page.locator(LINE).all_inner_texts() == []
        page.close()


@needs_time
@pytest.mark.parametrize("fault", FAULTS)
def test_the_site_starts_whatever_is_wrong_with_the_copy_of_memory(
    browser: Browser, faulty: FaultySite, fault: str
) -> None:
    assert (faulty.folder / "snapshot.bin").exists()
    page = open_spoiled(browser, faulty, {"snapshot.bin": fault})
    is_started_without_a_reload(page, faulty.url)
    page.close()


@needs_time
@pytest.mark.parametrize("fault", FAULTS)
def test_every_file_that_is_needed_later_with_every_fault(
    browser: Browser, faulty: FaultySite, fault: str
) -> None:
    ofs = {"service-worker.js", "app.webmanifest", "icon-512.png"}
    # The browser does not ask for the types of these two, and a changed service worker may run.
    harmless = {"type": {"app.webmanifest", "icon-512.png"}, "bytes": {"service-worker.js"}}
    for name in sorted(ofs - harmless.get(fault, set())):
        page = open_spoiled(browser, faulty, {name: fault}, script="")
        is_started_without_a_reload(page, faulty.url)
        misses_a_copy(page, name)
        faulty.repair()
        is_copied_without_a_reload(page)
        page.context.close()


@needs_time
@pytest.mark.parametrize("fault", ["reset", "hang"])
def test_a_page_that_does_not_arrive_whole_is_told_at_every_length(
    browser: Browser, faulty: FaultySite, fault: str
) -> None:
    names_the_page = "document.querySelector('.site-status')?.innerText.includes('index.html')"
    for share in (0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999):
        faulty.spoil({"index.html": fault})
        faulty.sent_share[fault] = share
        page = open_page(browser, faulty.url)
        page.wait_for_function(names_the_page, timeout=SENTENCE_MS)
        assert page.evaluate("document.documentElement.dataset.site") != "ready"
        faulty.repair()
        page.reload(wait_until="commit")
        LabPage(page, faulty.url).wait_ready()
        page.close()


def wait_cause(lab: LabPage, name: str) -> None:
    """Wait until a notice names a file of the data."""
    lab.wait_text(".ink-notice", name.replace(".", r"\."), timeout=SENTENCE_MS)


@needs_time
@pytest.mark.parametrize("fault", ["404", "hang", "reset", "html", "bytes"])
def test_data_that_do_not_come_are_told_and_chosen_again(
    browser: Browser, faulty: FaultySite, fault: str
) -> None:
    blocks = [
        path.relative_to(faulty.folder).as_posix() for path in faulty.folder.glob("data/blocks/*")
    ]
    assert blocks
    lab = LabPage(open_page(browser, faulty.url), faulty.url)
    lab.wait_ready()
    faulty.spoil({"data/manifest.json": fault})
    lab.choose("ink-data-set", "MNIST 60,000")
    wait_cause(lab, "manifest.json")
    faulty.spoil(dict.fromkeys(blocks, fault))
    lab.choose("ink-data-set", "MNIST 60,000")
    wait_cause(lab, "data/blocks/")
    faulty.repair()
    lab.choose("ink-data-set", "MNIST 5,000")
    lab.choose("ink-data-set", "MNIST 60,000")
    lab.wait_text(".ink-notice", "MNIST 60,000: 1,100 samples to train on")
    lab.press_train("Train")
    lab.wait_text(".ink-status", r"epoch [1-9]\S* · loss 0\.")
    lab.page.close()
