import asyncio

import pytest
from laboratory_helpers import make_laboratory

from dashboard.server_link import LinkError, ServerVersion
from dashboard.views.look import Look
from dashboard.views.server_weights import ServerWeights
from nn import load_pretrained, weights_to_bytes


class FakeServer:
    """A server that notes what it is asked, and refuses when it is told to."""

    name = "box:1"

    def __init__(self):
        self.asked, self.refusal = [], ""

    async def _did(self, *asked):
        self.asked.append(asked)
        if self.refusal:
            raise LinkError(self.refusal)
        return ServerVersion(7, "uploaded", "784-128-10", 0.973)

    async def fetch(self):
        await self._did("fetch")
        return weights_to_bytes(load_pretrained(), ".npz"), 6

    async def send(self, weights, token):
        return await self._did("send", weights, token)

    async def reset(self, token):
        return await self._did("reset", token)

    async def restore(self, number, token):
        return await self._did("restore", number, token)

    async def versions(self):
        version = await self._did("versions")
        return [version, ServerVersion(6, "the ready-trained net", "784-128-10", 0.99)]


def find(view, css_class):
    return next(part for part in view.select() if css_class in (part.css_classes or []))


@pytest.fixture
def use():
    """Run a test's coroutine with a laboratory, a server and the buttons, connected."""

    def run(test):
        async def work():
            laboratory = make_laboratory()
            server = FakeServer()
            part = ServerWeights(laboratory, Look(), lambda change: change())
            assert not part.view.visible
            part.connect(server)
            await settle(laboratory)
            try:
                await test(laboratory, server, part.view)
            finally:
                await laboratory.close()

        asyncio.run(work())

    return run


async def settle(laboratory):
    """Wait until every errand that was begun has ended."""
    while laboratory._errands._tasks:
        await asyncio.sleep(0)


async def press(laboratory, view, css_class):
    find(view, css_class).clicks += 1
    await settle(laboratory)
    return laboratory.state.notice


def test_a_server_that_answers_shows_its_versions(use):
    async def test(_laboratory, server, view):
        assert view.visible
        assert server.asked == [("versions",)]
        choice = find(view, "ink-server-version")
        assert list(choice.options) == ["7: uploaded, 97.3 %", "6: the ready-trained net, 99.0 %"]
        assert choice.value == 7

    use(test)


def test_every_button_asks_the_server_and_says_what_it_answered(use):
    async def test(laboratory, server, view):
        find(view, "ink-server-token").value = "secret"
        notice = await press(laboratory, view, "ink-server-send")
        assert notice.text == (
            "Sent to box:1: version 7, a 784-128-10 net that reads 97.3 % of its validation digits."
        )
        sent = server.asked[1]
        assert sent == ("send", weights_to_bytes(laboratory.network, ".npz"), "secret")
        notice = await press(laboratory, view, "ink-server-reset")
        assert "ready-trained net again: version 7" in notice.text
        find(view, "ink-server-version").value = 6
        notice = await press(laboratory, view, "ink-server-restore")
        assert "box:1 has version 6 again" in notice.text
        assert ("restore", 6, "secret") in server.asked
        notice = await press(laboratory, view, "ink-server-fetch")
        assert notice.text.startswith("Fetched version 6 from box:1. Loaded version-6.npz: a 784")
        assert laboratory.state.origin == "loaded"

    use(test)


def test_a_refusal_is_a_warning_in_the_servers_words(use):
    async def test(laboratory, server, view):
        server.refusal = "Not now."
        for name in ("send", "fetch", "reset", "restore"):
            laboratory.state.notice = laboratory.state.notice.__class__("")
            notice = await press(laboratory, view, f"ink-server-{name}")
            assert (notice.text, notice.kind) == ("Not now.", "warning")

    use(test)
