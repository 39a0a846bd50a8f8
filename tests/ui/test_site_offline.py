"""The site on a plain host under a sub-path: kept for use without a network, isolated, renewed."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from browser_page import DEEP, SEVEN, START_DEADLINE_MS, LabPage
from playwright.sync_api import Browser, BrowserContext
from static_server import QuietFiles, serving

from dashboard.site.site_files import checksums

pytestmark = pytest.mark.ui

KEPT = "navigator.serviceWorker.controller !== null"


class UnknowingFiles(QuietFiles):
    """Knows the types of scripts, pages, styles and JSON, as every host does, and no others."""

    extensions_map: ClassVar = {
        ".js": "text/javascript",
        ".html": "text/html",
        ".css": "text/css",
        ".json": "application/json",
        "": "application/octet-stream",
    }


@pytest.fixture
def host(site_folder: Path, tmp_path: Path) -> Iterator[tuple[Path, str, ThreadingHTTPServer]]:
    """The link that leads to the site, the site's address, and the server."""
    link = tmp_path / "root" / "some" / "sub" / "path"
    link.parent.mkdir(parents=True)
    link.symlink_to(site_folder)
    with serving(partial(UnknowingFiles, directory=str(tmp_path / "root"))) as server:
        yield link, f"http://127.0.0.1:{server.server_address[1]}/some/sub/path/", server


def newer_site(site: Path, folder: Path) -> Path:
    """Copy a site as if it had been built again with another title."""
    shutil.copytree(site, folder)
    page = folder / "index.html"
    page.write_text(page.read_text("utf-8").replace("<title>Inkling", "<title>Newer Inkling"))
    worker = folder / "service-worker.js"
    text = worker.read_text("utf-8")
    new = checksums(folder)["index.html"]
    text = re.sub(r'("index.html": )"\w+"', rf'\1"{new}"', text)
    worker.write_text(re.sub(r'("version": )"\w+"', r'\1"newer"', text))
    return folder


def visit(context: BrowserContext, url: str) -> LabPage:
    page = context.new_page()
    page.set_default_timeout(START_DEADLINE_MS)
    page.add_init_script(DEEP)
    page.goto(url)
    lab = LabPage(page, url)
    lab.wait_ready()
    return lab


def test_it_is_renewed_when_the_visitor_wants_and_starts_without_a_network(
    browser: Browser,
    host: tuple[Path, str, ThreadingHTTPServer],
    site_folder: Path,
    tmp_path: Path,
) -> None:
    link, url, server = host
    with browser.new_context() as context:
        first = visit(context, url)
        assert first.page.evaluate("typeof siteFirst.worker") == "object"
        first.wait_status(threads=1)
        first.page.wait_for_function(KEPT)
        first.page.close()
        newer = newer_site(site_folder, tmp_path / "newer")
        link.unlink()
        link.symlink_to(newer)

        training = visit(context, url)
        assert training.page.evaluate("crossOriginIsolated")
        training.press_train("Train")
        cores = training.page.evaluate("Math.min(navigator.hardwareConcurrency, 4)")
        training.wait_status(threads=cores)
        training.wait_until(lambda: training.iteration() > 0, "training did not begin")
        second = visit(context, f"{url}?pane=spiral")
        assert second.page.title() == "Inkling"
        second.page.locator(".site-news button", has_text="Reload").click()
        second.page.wait_for_function("document.title === 'Newer Inkling'")
        second.page.close()
        news = training.page.locator(".site-news", has_text="updated in another tab")
        news.wait_for()
        assert training.page.title() == "Inkling"
        reached = training.iteration()
        training.wait_until(lambda: training.iteration() > reached, "training was ended")
        news.locator("button", has_text="Reload").click()
        training.page.wait_for_function("document.title === 'Newer Inkling'")
        training.wait_ready()
        training.wait_until(lambda: training.iteration() > reached, "training was not resumed")
        assert not training.page.locator(".ink-offer").is_visible()
        training.page.close()
        assert json.loads(context.request.get(f"{url}build-manifest.json").text())["format"] == 1
        server.shutdown()
        server.server_close()

        third = visit(context, url)
        assert third.page.title() == "Newer Inkling"
        third.draw(SEVEN)
        third.wait_text(".ink-prediction", "^7 seven")
        assert third.page.evaluate("caches.keys().then((keys) => keys.length)") <= 2


def test_a_page_opened_from_a_file_says_what_to_do(browser: Browser, site_folder: Path) -> None:
    page = browser.new_page()
    page.goto((site_folder / "index.html").as_uri())

    page.locator("h1", has_text="Inkling needs a web server").wait_for()
    assert "python3 -m http.server" in page.inner_text("body")
    assert str(site_folder) in page.inner_text("body")
    page.close()
