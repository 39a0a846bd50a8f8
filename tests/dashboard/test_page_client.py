"""The websocket client of tests and benchmarks sends what the page's scripts send."""

import asyncio
import html
import re

import pytest
from page_client import enlarged, open_page
from served_app import served_app

from data_cache import load_digits
from nn import load_pretrained


@pytest.fixture(scope="module")
def app():
    """A server that uses threads, as Panel can be told to."""
    with served_app(arguments=("--num-threads", "2")) as served:
        yield served


def test_a_drawing_sent_over_the_websocket_is_predicted_on_a_page_that_knows_all_components(app):
    test = load_digits().test
    expected = int(load_pretrained("best").predict_proba(test.images[:1]).argmax())

    async def draw():
        page = await open_page(f"{app.address}/app")
        answer = page.expect("ink-prediction", "data-digit")
        await page.seconds_until(page.draw(enlarged(test.images[0])), answer)
        text = html.unescape(page.text_of("ink-prediction"))
        await page.close()
        definitions.extend(page.definitions)
        return int(re.search(r'data-digit="(\d)"', text)[1])

    definitions = []
    assert asyncio.run(asyncio.wait_for(draw(), 120)) == expected
    # The first page knows the components of settings that are opened later, also by other pages.
    assert any(name.startswith("FileUpload") for name in definitions), definitions


def test_training_starts_also_when_panel_is_told_to_use_threads(app):
    async def train():
        page = await open_page(f"{app.address}/app")
        trained = page.expect("ink-status", "iteration [1-9]")
        await page.toggle("ink-train", on=True)
        await trained
        await page.close()

    asyncio.run(asyncio.wait_for(train(), 120))
    assert "Error" not in app.log()
