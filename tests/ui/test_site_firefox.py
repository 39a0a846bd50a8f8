"""The site in Firefox: it starts, reads a drawing, trains, and loses no work in private mode."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from browser_page import SEVEN
from firefox import FirefoxPage, find_firefox, firefox_session
from saves import SAVES
from static_server import static_server

pytestmark = pytest.mark.ui

needs_time = pytest.mark.skipif(
    os.environ.get("INKLING_SITE_STORAGE") != "all",
    reason="takes minutes: INKLING_SITE_STORAGE=all",
)
PRIVATE = {"browser.privatebrowsing.autostart": True}
TABS = 3


def drive(use: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> None:
    """Run a coroutine that takes Firefox's path and more."""
    path = find_firefox()
    if path is None:
        pytest.skip("no Firefox here: scripts/ensure_browser.sh could not install Debian's")
    # In a thread of its own: Playwright's loop is running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, use(path, *arguments)).result()


async def is_ready(page: FirefoxPage) -> None:
    await page.wait(
        "!window.isOld && ['ready', 'failed'].includes(document.documentElement?.dataset.site)"
    )
    assert await page.evaluate("document.documentElement.dataset.site") == "ready"
    await page.wait("/cached [1-9]/.test(deepText('.ink-status'))")


async def use(path: str, url: str) -> None:
    async with firefox_session(path) as session:
        page = await session.first_page()
        await page.open(url)
        await is_ready(page)
        await page.draw(".ink-pad", SEVEN)
        await page.wait("/^7 seven/.test(deepText('.ink-prediction'))")
        await page.click(".ink-train")
        await page.wait("/iteration [1-9]\\d\\d/.test(deepText('.ink-status'))")
        assert "simd" in await page.evaluate("deepText('.ink-status')")


def test_firefox_starts_the_site_reads_a_drawing_and_trains(site_url: str) -> None:
    drive(use, site_url)


async def train_on_the_second_visit(path: str, url: str) -> None:
    async with firefox_session(path) as session:
        page = await session.first_page()
        await page.open(url)
        await is_ready(page)
        assert await page.evaluate("deepData('.ink-status').threads") == "1"
        await page.wait("navigator.serviceWorker.controller !== null")
        await page.evaluate("window.isOld = true; setTimeout(() => location.reload())")
        await is_ready(page)
        assert await page.evaluate("crossOriginIsolated")
        await page.click(".ink-train")
        cores = "Math.min(navigator.hardwareConcurrency, 4)"
        await page.wait(f"Number(deepData('.ink-status').threads) === {cores}")


@needs_time
def test_on_the_second_visit_firefox_trains_with_a_thread_for_each_core(site_url: str) -> None:
    drive(train_on_the_second_visit, site_url)


async def newest_save(page: FirefoxPage) -> int:
    """The iteration of the newest save of a tab, or 0."""
    tab = await page.evaluate("sessionStorage['inkling-tab']")
    saves = json.loads(await page.evaluate(f"{SAVES}.then((saves) => JSON.stringify(saves))"))
    return max(
        (iteration_of(title) for name, title in saves if name.startswith(f"{tab}.")), default=0
    )


def iteration_of(text: str) -> int:
    found = re.search(r"iteration ([\d,]+)", text)
    return int(found[1].replace(",", "")) if found else 0


async def reload_while_all_train(path: str, url: str) -> None:
    async with firefox_session(path, PRIVATE) as session:
        pages = [await session.first_page()]
        pages += [await session.new_page() for _ in range(TABS - 1)]
        for page in pages:
            await page.open(url, "none")
        for page in pages:
            await is_ready(page)
            await page.click(".ink-train")
        tabs = [await page.evaluate("sessionStorage['inkling-tab']") for page in pages]
        assert len(set(tabs)) == TABS
        saved = []
        for page in pages:
            before = await newest_save(page)
            while await newest_save(page) == before:
                await asyncio.sleep(0.2)
            saved.append(await newest_save(page))
        for page in pages:
            await page.evaluate("window.isOld = true; setTimeout(() => location.reload())")
        for page, tab, least in zip(pages, tabs, saved, strict=True):
            await is_ready(page)
            await page.wait("/iteration/.test(deepText('.ink-offer'))")
            offer = await page.evaluate("deepText('.ink-offer')")
            assert iteration_of(offer) >= least
            assert not await page.evaluate("deep('.ink-saves').checkVisibility()")
            assert await page.evaluate("sessionStorage['inkling-tab']") == tab
            await page.click(".ink-resume")
            await page.wait(f"Number(deepData('.ink-status').iteration) >= {least}")


@needs_time
def test_tabs_in_private_mode_that_are_reloaded_while_they_train_keep_their_work(
    site_url: str,
) -> None:
    drive(reload_while_all_train, site_url)


async def train_in_a_frame(path: str, url: str, behaviour: int) -> None:
    async with firefox_session(path, {"network.cookie.cookieBehavior": behaviour}) as session:
        outer = await session.first_page()
        await outer.open(url, "complete")
        page = await outer.first_frame()
        await is_ready(page)
        await page.click(".ink-train")
        await page.wait("Number(deepData('.ink-status').iteration) > 20")
        await page.wait("/tab of its own/.test(deepText('.ink-alert'))")
        assert await page.evaluate("deep('.ink-alert').checkVisibility()")


@needs_time
@pytest.mark.parametrize("behaviour", [1, 2, 5], ids=["no-third-party", "nothing", "partitioned"])
def test_a_frame_of_another_site_without_storage_is_told_of_and_works(
    site_url: str, tmp_path: Path, behaviour: int
) -> None:
    frame = f'<iframe src="{site_url}" width="1200" height="700"></iframe>'
    (tmp_path / "index.html").write_text(f"<!DOCTYPE html><title>Course</title>{frame}")
    with static_server(tmp_path) as address:
        drive(train_in_a_frame, address.replace("127.0.0.1", "localhost"), behaviour)
