import asyncio

import pytest
from controller_helpers import all_done, make_controller

from dashboard.digits.server_weights import ServerWeightsError, WeightsVersion
from dashboard.digits.views.server_weights import ServerWeightsControls
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.shell.theme import Theme
from nn import load_pretrained, weights_to_bytes


class FakeServer:
    """A server that notes what it is asked, and refuses when it is told to."""

    name = "box:1"

    def __init__(self):
        self.asked, self.refusal = [], ""

    async def _did(self, *asked):
        self.asked.append(asked)
        if self.refusal:
            raise ServerWeightsError(self.refusal)
        return WeightsVersion(7, "uploaded", "784-128-10", 0.973)

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
        return [version, WeightsVersion(6, "the pretrained model", "784-128-10", 0.99)]


def find(view, css_class):
    return next(part for part in view.select() if css_class in (part.css_classes or []))


@pytest.fixture
def use():
    """Run a test's coroutine with a controller, a server and the buttons, connected."""

    def run(test):
        async def work():
            controller = make_controller()
            server = FakeServer()
            part = ServerWeightsControls(controller, DirectPageWriter(), Theme())
            assert not part.view.visible
            part.connect(server)
            await settle()
            try:
                await test(controller, server, part.view)
            finally:
                await controller.close()

        asyncio.run(work())

    return run


async def settle():
    """Wait until every task that was begun has ended."""
    await all_done()


async def press(controller, view, css_class):
    find(view, css_class).clicks += 1
    await settle()
    return controller.state.notice


def test_a_server_that_answers_shows_its_versions(use):
    async def test(_controller, server, view):
        assert view.visible
        assert server.asked == [("versions",)]
        choice = find(view, "ink-server-version")
        assert list(choice.options) == ["7: uploaded, 97.3 %", "6: the pretrained model, 99.0 %"]
        assert choice.value == 7

    use(test)


def test_every_button_asks_the_server_and_says_what_it_answered(use):
    async def test(controller, server, view):
        find(view, "ink-server-token").value = "secret"
        notice = await press(controller, view, "ink-server-send")
        assert notice.kind == "info"
        assert "box:1: version 7, a 784-128-10 net with 97.3 %" in notice.text
        sent = server.asked[1]
        assert sent == ("send", weights_to_bytes(controller.network, ".npz"), "secret")
        notice = await press(controller, view, "ink-server-reset")
        assert "version 7" in notice.text
        find(view, "ink-server-version").value = 6
        notice = await press(controller, view, "ink-server-restore")
        assert "box:1 has version 6 again" in notice.text
        assert ("restore", 6, "secret") in server.asked
        notice = await press(controller, view, "ink-server-fetch")
        assert notice.text.startswith("Fetched version 6 from box:1. Loaded version-6.npz: MLP 784")
        assert controller.state.origin == "loaded"

    use(test)


def test_a_refusal_is_a_warning_in_the_servers_words(use):
    async def test(controller, server, view):
        server.refusal = "Not now."
        for name in ("send", "fetch", "reset", "restore"):
            controller.state.notice = controller.state.notice.__class__("")
            notice = await press(controller, view, f"ink-server-{name}")
            assert (notice.text, notice.kind) == ("Not now.", "warning")

    use(test)
