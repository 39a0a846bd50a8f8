"""The site in Firefox: it starts, reads a drawing, and trains."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from browser_page import SEVEN
from firefox import find_firefox, firefox_session

pytestmark = pytest.mark.ui


async def use(path: str, url: str) -> None:
    async with firefox_session(path) as session:
        page = await session.first_page()
        await page.open(url)
        await page.wait("['ready', 'failed'].includes(document.documentElement.dataset.site)")
        assert await page.evaluate("document.documentElement.dataset.site") == "ready"
        await page.wait("/cached [1-9]/.test(deepText('.ink-status'))")
        await page.draw(".ink-pad", SEVEN)
        await page.wait("/^7 seven/.test(deepText('.ink-prediction'))")
        await page.click(".ink-train")
        await page.wait("/iteration [1-9]\\d\\d/.test(deepText('.ink-status'))")
        assert "simd" in await page.evaluate("deepText('.ink-status')")


def test_firefox_starts_the_site_reads_a_drawing_and_trains(site_url: str) -> None:
    path = find_firefox()
    if path is None:
        pytest.skip("no Firefox here: scripts/ensure_browser.sh could not install Debian's")
    # In a thread of its own: Playwright's loop is running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, use(path, site_url)).result()
