"""The configurations of docs/proxy, tried with the programs themselves: a drawing is predicted."""

import asyncio
import html
import re

import pytest
from page_client import enlarged, open_page
from proxies import NAME, caddy, nginx, skip_without
from served_app import served_app
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from data_cache import load_digits


@pytest.fixture(scope="module")
def app():
    arguments = ("--prefix", "lab", "--use-xheaders", "--allow-websocket-origin", "*")
    with served_app(arguments=arguments, INKLING_API_HOSTS=NAME) as app:
        yield app


async def fetch(address, host, path):
    request = HTTPRequest(f"{address}{path}", headers={"Host": host}, follow_redirects=False)
    return await AsyncHTTPClient().fetch(request, raise_error=False)


async def predicted_through(address, host):
    """Return the digit that a page opened at an address predicts for the first test digit."""
    for path in ("/lab", "/lab?pane=spiral"):
        answer = await fetch(address, host, path)
        assert answer.code in (301, 302, 308)
        assert re.search(r"(^|/)lab/", answer.headers["Location"])
    page = await open_page(f"{address}/lab/app", host=host)
    answer = page.expect("ink-prediction", "data-digit")
    picture = enlarged(load_digits().test.images[0])
    await page.seconds_until(page.draw(picture), answer)
    text = html.unescape(page.text_of("ink-prediction"))
    await page.close()
    return int(re.search(r'data-digit="(\d)"', text)[1])


@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_a_drawing_is_predicted_through_the_documented_configuration(app, proxy, tmp_path):
    skip_without(proxy)
    with proxy(tmp_path, app.port) as port:
        address, host = f"http://127.0.0.1:{port}", f"{NAME}:{port}"
        expected = int(load_digits().test.labels[0])
        assert asyncio.run(asyncio.wait_for(predicted_through(address, host), 120)) == expected
        health = asyncio.run(fetch(address, host, "/lab/api/health"))
        assert health.code == 200


def test_a_mapped_port_an_address_of_the_network_and_a_host_name_work_alike(app):
    for host in (f"localhost:{8080}", "192.0.2.7:5006", NAME):
        found = asyncio.run(asyncio.wait_for(predicted_through(app.address, host), 120))
        assert found == int(load_digits().test.labels[0])
