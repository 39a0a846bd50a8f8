"""Who may open the page of a served process: its host names and origins, over real connections."""

import asyncio
import re

import pytest
from bokeh.util.token import generate_jwt_token, generate_session_id, get_session_id
from page_client import open_page
from served_app import served_app
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

EVIL = "evil.example"


async def fetch(request):
    return await AsyncHTTPClient().fetch(request, raise_error=False)


async def page_text(app, headers):
    answer = await fetch(HTTPRequest(f"{app.address}/app", headers=headers))
    return answer.body.decode()


async def opens_with_origin(app, origin):
    """Return whether a new session that is opened by a page of `origin` has the app in it.

    The token, which anybody can make, claims the headers of an ordinary visit.
    """
    claimed = {"headers": {"Host": f"localhost:{app.port}"}}
    token = generate_jwt_token(generate_session_id(), extra_payload=claimed)
    try:
        page = await open_page(f"{app.address}/app", token=token, origin=origin)
    except KeyError:  # there is no pad in the document
        return False
    await page.close()
    return True


@pytest.fixture(scope="module")
def app():
    arguments = ("--allow-websocket-origin", "*")
    with served_app(arguments=arguments, INKLING_API_HOSTS="box.example") as app:
        yield app


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "192.168.7.7", "box.example"])
def test_the_page_is_opened_under_the_names_and_addresses_of_the_server(app, host):
    text = asyncio.run(page_text(app, {"Host": f"{host}:{app.port}"}))
    assert "data-panes" in text


@pytest.mark.parametrize("host", ["localhost", EVIL])
def test_no_cache_keeps_a_page_whose_session_will_be_over(app, host):
    request = HTTPRequest(f"{app.address}/app", headers={"Host": host})
    answer = asyncio.run(fetch(request))
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "headers", [{"Host": EVIL}, {"Host": f"{EVIL}:5006"}, {"Origin": f"http://{EVIL}"}]
)
def test_other_names_and_origins_get_a_sentence_instead_of_the_page(app, headers):
    text = asyncio.run(page_text(app, headers))
    assert "data-panes" not in text
    assert "ink-refused" in text
    assert EVIL in text


def test_a_page_of_another_origin_cannot_open_a_session_over_the_websocket(app):
    assert asyncio.run(opens_with_origin(app, app.address))
    assert not asyncio.run(opens_with_origin(app, f"http://{EVIL}"))


@pytest.mark.upstream_patch("page_requests")
@pytest.mark.parametrize("is_header", [False, True])
def test_no_address_leads_into_the_session_of_somebody_else(app, is_header):
    async def session_of(name):
        given = {"Bokeh-Session-Id": name} if is_header else {}
        query = "" if is_header else f"?bokeh-session-id={name}"
        answer = await fetch(HTTPRequest(f"{app.address}/app{query}", headers=given))
        assert answer.code == 200
        (token,) = set(re.findall(r'"token":"([^"]+)"', answer.body.decode()))
        return get_session_id(token)

    async def main():
        return [await session_of("chosen"), await session_of("chosen")]

    sessions = asyncio.run(main())
    assert len({*sessions, "chosen"}) == 3


@pytest.mark.upstream_patch("page_requests")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/app?bokeh-session-id="),
        ("GET", "/app?bokeh-session-id=%00"),
        ("GET", "/app?bokeh-token=no-token"),
        ("GET", "/app?bokeh-token=e30"),
        ("GET", "/app/autoload.js?bokeh-session-id=&bokeh-autoload-element=x"),
        ("OPTIONS", "/app/autoload.js"),
        ("OPTIONS", "/app"),
        ("GET", "/app?x=%ff"),
        ("GET", "/app/autoload.js?bokeh-autoload-element=x&bokeh-absolute-url=http://["),
    ],
)
def test_an_odd_request_is_answered_or_refused_without_a_traceback(app, method, path):
    request = HTTPRequest(f"{app.address}{path}", method=method)
    assert asyncio.run(fetch(request)).code < 500
