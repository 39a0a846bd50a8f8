import asyncio
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from api_server import api_server, api_settings

from dashboard.api.local_weights import LocalServerWeights
from dashboard.digits.http_client import HttpResponse
from dashboard.digits.server_weights import (
    HttpServerWeights,
    ServerWeightsError,
    find_server,
    server_address,
)
from nn import create_network, load_pretrained, weights_from_bytes, weights_to_bytes

TOKEN = "a-token-of-the-test"


def other_net():
    network = load_pretrained()
    network.layers[0].weights[0, 0] += 1
    return weights_to_bytes(network, ".npz")


@pytest.fixture(params=["by its address", "in this process"])
def link(request, tmp_path):
    with api_server(api_settings(tmp_path)) as client:
        if request.param == "by its address":
            yield HttpServerWeights(client.url)
        else:
            yield LocalServerWeights(client.server)


def test_weights_are_sent_fetched_reset_listed_and_restored(link):
    async def use():
        content, number = await link.fetch()
        assert number == 1
        assert weights_from_bytes(content, "w.npz").sizes == load_pretrained().sizes
        sent = await link.send(other_net(), "")
        assert (sent.number, sent.origin) == (2, "uploaded")
        assert (await link.fetch()) == (other_net(), 2)
        assert (await link.reset("")).number == 3
        assert (await link.restore(2, "")).origin == "version 2"
        versions = await link.versions()
        assert [version.number for version in versions] == [4, 3, 2, 1]
        assert versions[3].title.startswith("1: the pretrained model, 9")

    asyncio.run(use())


def test_what_the_server_refuses_is_said_in_its_own_words(link):
    poor = create_network((784, 4, 10), generator=np.random.default_rng(0))
    for work, words in (
        (link.send(weights_to_bytes(poor, ".npz"), ""), "validation"),
        (link.send(b"no archive", ""), "NumPy"),
        (link.restore(77, ""), "77"),
    ):
        with pytest.raises(ServerWeightsError, match=words):
            asyncio.run(work)


def test_a_page_changes_nothing_without_a_token(tmp_path):
    with api_server(api_settings(tmp_path, is_open=False)) as client:
        link = LocalServerWeights(client.server)
        asyncio.run(link.fetch())
        for work in (link.send(other_net(), ""), link.reset(""), link.restore(1, "x" * 9)):
            with pytest.raises(ServerWeightsError, match="INKLING_TOKEN"):
                asyncio.run(work)
    with api_server(api_settings(tmp_path, token=TOKEN)) as client:
        for link in (LocalServerWeights(client.server), HttpServerWeights(client.url)):
            for given in ("", "another-token"):
                with pytest.raises(ServerWeightsError, match="token"):
                    asyncio.run(link.reset(given))
            assert asyncio.run(link.reset(TOKEN)).number == 1


ACTIONS = {
    "send": lambda link, token: link.send(other_net(), token),
    "reset": lambda link, token: link.reset(token),
    "restore": lambda link, token: link.restore(1, token),
}
"""What a page can do to the server's weights."""


@pytest.mark.parametrize("access", ["read-only", "token", "open"])
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("given", ["", "another-token", TOKEN])
def test_a_page_may_change_the_weights_as_the_api_may(tmp_path, access, action, given):
    configured = {
        "read-only": {"is_open": False}, "token": {"token": TOKEN}, "open": {"is_open": True}
    }[access]  # fmt: skip
    may_change = access == "open" or (access == "token" and given == TOKEN)
    with api_server(api_settings(tmp_path, accuracy_margin=1.0, **configured)) as client:
        link = LocalServerWeights(client.server, "192.0.2.7")
        asyncio.run(link.fetch())  # the first version
        if may_change:
            assert asyncio.run(ACTIONS[action](link, given)).number >= 1
        else:
            with pytest.raises(ServerWeightsError):
                asyncio.run(ACTIONS[action](link, given))


def test_the_actions_of_a_page_count_against_the_rates_of_its_address(tmp_path):
    limits = {"writes_per_second": 1, "reads_per_second": 1}
    with api_server(api_settings(tmp_path, **limits)) as client:
        first, other = (LocalServerWeights(client.server, f"192.0.2.{n}") for n in (1, 2))
        for work in (lambda link: link.reset(""), lambda link: link.fetch()):
            for _ in range(2):
                asyncio.run(work(first))
            with pytest.raises(ServerWeightsError, match="Too many requests"):
                asyncio.run(work(first))
            asyncio.run(work(other))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (HttpResponse(200, {}, b"<html>"), "expected JSON"),
        (HttpResponse(200, {}, b"{}"), "Inkling.s API"),
        (HttpResponse(502, {}, b"<html>"), "status 502"),
        (HttpResponse(409, {}, b'{"error": "Not now."}'), "box:1: Not now."),
    ],
)
def test_a_server_that_is_none_is_said_to_be_so(answer, words):
    async def call(_method, _url, _headers, _body):
        return answer

    with pytest.raises(ServerWeightsError, match=words):
        asyncio.run(HttpServerWeights("http://box:1", call).reset(""))


def test_a_server_that_is_not_there_is_said_to_be_so():
    with pytest.raises(ServerWeightsError, match="cannot be reached"):
        asyncio.run(HttpServerWeights("http://127.0.0.1:9").versions())


@pytest.mark.parametrize(
    ("search", "address"),
    [
        ("", None),
        (None, None),
        ("?seed=3", None),
        ("?api=", None),
        ("?api=http%3A%2F%2Flocalhost%3A5006", "http://localhost:5006"),
        ("seed=1&api=https://box.example/inkling/", "https://box.example/inkling"),
        ("?api=http://box:1/api", "http://box:1"),
    ],
)
def test_the_servers_address_stands_in_the_pages_query(search, address):
    assert server_address(search) == address


@pytest.mark.parametrize(
    "given", ["box", "javascript:alert(1)", "ftp://box", "http://", "http://a@b", "http://b:x"]
)
def test_what_is_no_address_is_answered_with_a_sentence(given):
    with pytest.raises(ServerWeightsError, match="takes the address of a server"):
        server_address(f"?api={given}")


def test_a_served_page_finds_its_own_server_when_the_plugin_is_loaded(monkeypatch, tmp_path):
    monkeypatch.delitem(sys.modules, "dashboard.api.plugin", raising=False)
    assert find_server("?api=http://evil.example", in_browser=False) is None
    with api_server(api_settings(tmp_path)) as client:
        plugin = SimpleNamespace(SERVER=client.server)
        monkeypatch.setitem(sys.modules, "dashboard.api.plugin", plugin)
        found = find_server("?api=http://evil.example", in_browser=False)
        assert isinstance(found, LocalServerWeights)
