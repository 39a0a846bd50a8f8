"""A page that is closed takes its session with it, training or not.

INKLING_SESSIONS sets how many there are; with 500 the memory after them is compared with that after
the first 50.
"""

import asyncio
import os
import secrets
import sys
import time

import pytest
from page_client import enlarged, fetch_token, open_page
from served_app import served_app

from data_cache import load_digits

COUNT = int(os.environ.get("INKLING_SESSIONS", "3"))
AT_ONCE = min(4, COUNT)
SOON = ("--unused-session-lifetime", "1000", "--check-unused-sessions", "200")
FREED_SECONDS = 25 if COUNT == 3 else 60
"""Panel collects garbage some seconds after a session; timers of a minute must not keep it."""
IMAGES = [enlarged(image) for image in load_digits().test.images[:20]]


async def use(app, number):
    """Open a page, save, train, draw, open the plane now and then, and close it."""
    url = f"{app.address}/app"
    token = await fetch_token(f"{url}?pane=spiral&hidden=8" if number % 5 == 4 else url)
    page = await open_page(url, token=token)
    await page.greet(secrets.token_urlsafe(32), f"tab{number}")
    if number % 3 != 1:
        answer = page.expect("ink-status", "iteration [1-9]")
        await page.seconds_until(page.toggle("ink-train", on=True), answer)
    answer = page.expect("ink-prediction", "data-digit")
    await page.seconds_until(page.draw(IMAGES[number % len(IMAGES)]), answer)
    if number % 3 == 2:
        await page.change(page.named("inkling-settings"), "tags", ["digits"])
        answer = page.expect("ink-notice", "Sample")
        await page.seconds_until(page.click("ink-sample"), answer)
        await page.change(page.named("inkling-pane"), "tags", ["spiral"])
    await page.close()


async def megabytes_when_freed(app):
    """Wait until no session is left; return the server's memory."""
    end = time.monotonic() + FREED_SECONDS
    while any((await asyncio.to_thread(app.census)).values()):
        assert time.monotonic() < end, app.census()
        await asyncio.sleep(0.2)  # the server looks for unused sessions now and then
    if COUNT >= 500:
        await asyncio.sleep(10)  # then the server has returned its free memory
    return app.megabytes()


async def use_all(app):
    """Return the server's memory by how many sessions there have been, each tenth of them."""
    measured, tenth = {}, max(COUNT // 10, AT_ONCE)
    for first in range(0, COUNT, tenth):
        last = min(first + tenth, COUNT)
        for one in range(first, last, AT_ONCE):
            await asyncio.gather(
                *(use(app, number) for number in range(one, min(one + AT_ONCE, last)))
            )
        measured[last] = await megabytes_when_freed(app)
        sys.stdout.write(f"{last} sessions: {measured[last]:.0f} MB\n")
        sys.stdout.flush()
    return measured


@pytest.mark.upstream_patch("busy_cleanup")
def test_closing_its_pages_frees_every_session():
    with served_app(arguments=SOON) as app:
        measured = list(asyncio.run(use_all(app)).values())
        log = app.log()
        assert "Error" not in log, log[max(log.find("Traceback") - 400, 0) :][:6000]
    if COUNT >= 500:  # below, the first of the compared ones are too few
        assert measured[-1] <= 1.1 * measured[0]
