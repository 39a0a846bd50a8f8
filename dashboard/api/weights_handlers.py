"""The addresses of the server's weights: fetch, replace, train, reset, list, restore."""

from __future__ import annotations

from dashboard.api.errors import ApiError
from dashboard.api.handler import ApiHandler
from dashboard.api.payloads import read_samples
from dashboard.api.strict_json import read_json
from dashboard.api.weights_formats import FORMATS, SUFFIXES, read_weights
from dashboard.api.weights_store import Version, version_record

MAX_VERSION_DIGITS = 15


class ChangeHandler(ApiHandler):
    """What the addresses that change weights share."""

    def name_version(self, version: Version) -> None:
        """Tell in headers which version the answer is about."""
        self.set_header("Inkling-Version", str(version.number))
        self.tag(version.content)

    def send_version(self, version: Version) -> None:
        """Answer with the version that is the newest now."""
        self.name_version(version)
        self.send_json(version_record(version))


class WeightsHandler(ChangeHandler):
    """`/api/weights`."""

    async def on_get(self) -> None:
        """Send the weights in the form that was asked for."""
        version = await self.server.weights.current()
        zipped = self.takes_gzip and self.form != FORMATS[-1]
        self.set_header("Inkling-Version", str(version.number))
        self.set_header("Cache-Control", "no-cache")
        if self.tag(version.content, SUFFIXES[self.form], *(["gzip"] if zipped else [])):
            return
        content = await self.server.weights.written(version, self.form, zipped=zipped)
        if zipped:
            self.set_header("Content-Encoding", "gzip")
        self.send(content, self.form)

    async def on_post(self) -> None:
        """Replace the weights by those in the body."""
        body, form, limit = self.take_body(), self.body_type, self.server.settings.body_bytes
        version = await self.server.weights.replace(
            lambda: read_weights(body, form, limit), self.if_match
        )
        self.send_version(version)

    async def on_patch(self) -> None:
        """Train on the samples in the body."""
        body, limit = self.take_body(), self.server.settings.block_size
        loss, version = await self.server.weights.train(
            lambda: read_samples(read_json(body), limit), self.if_match
        )
        self.name_version(version)
        self.send_json({"loss": loss})

    async def on_delete(self) -> None:
        """Go back to the ready-trained net."""
        self.send_version(await self.server.weights.reset(self.if_match))


class HistoryHandler(ApiHandler):
    """`GET /api/weights/history`."""

    async def on_get(self) -> None:
        """List the versions that are kept."""
        versions = await self.server.weights.history()
        self.send_json({"versions": [version_record(version) for version in versions]})


class RestoreHandler(ChangeHandler):
    """`POST /api/weights/restore/{version}`."""

    async def on_post(self, text: str) -> None:
        """Make an earlier version the newest again."""
        if not (text.isascii() and text.isdigit() and len(text) <= MAX_VERSION_DIGITS):
            raise ApiError(404, "A version has a number, as in /api/weights/history.")
        self.send_version(await self.server.weights.restore(int(text), self.if_match))
