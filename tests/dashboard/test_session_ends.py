"""A page that is closed takes its session with it, training or not."""

import asyncio

from page_client import open_page
from served_app import served_app

SOON = ("--unused-session-lifetime", "3000", "--check-unused-sessions", "200")


def test_closing_its_pages_frees_every_session():
    async def use(app):
        for train in (True, False):
            page = await open_page(f"{app.address}/app")
            await page.seconds_until(page.click("ink-sample"), page.expect("ink-notice", "Sample"))
            if train:
                answer = page.expect("ink-status", "iteration [1-9]")
                await page.seconds_until(page.toggle("ink-train", on=True), answer)
            await page.close()
        assert all(app.census().values())
        while any(app.census().values()):
            await asyncio.sleep(0.1)  # the server looks for unused sessions now and then

    with served_app(arguments=SOON) as app:
        asyncio.run(asyncio.wait_for(use(app), 120))
