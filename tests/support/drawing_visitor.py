"""Draws digits on a served page until a line is read, then prints the seconds until each answer.

A process of its own, so that the load of the test itself does not count.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

from page_client import enlarged, open_page  # noqa: E402 - after the folders

from data_cache import load_digits  # noqa: E402

PAUSE_SECONDS = 0.1


async def draw(address: str) -> list[float]:
    """Return the seconds until each drawing was answered."""
    images = [enlarged(image) for image in load_digits().test.images[:20]]
    page = await open_page(f"{address}/app")
    sys.stdout.write("drawing\n")
    sys.stdout.flush()
    leaving = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
    seconds = []
    while not leaving.done():
        answer = page.expect("ink-prediction", "data-digit")
        picture = images[len(seconds) % len(images)]
        seconds.append(await page.seconds_until(page.draw(picture), answer))
        await asyncio.sleep(PAUSE_SECONDS)
    await page.close()
    return seconds


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(draw(sys.argv[1]))))
