"""Handlers of the server's weights: fetch, replace, train, reset, list, restore."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dashboard.api.errors import ApiError
from dashboard.api.handler import ApiHandler
from dashboard.api.json_payloads import read_sample_body
from dashboard.api.weights_formats import FORMATS, SUFFIXES, read_weights
from dashboard.api.weights_store import Version, version_record

MAX_VERSION_DIGITS = 15


class ChangeHandler(ApiHandler):
    """Base class of the handlers that change the weights."""

    def set_version_headers(self, version: Version) -> None:
        """Set the headers that identify the version."""
        self.set_header("Inkling-Version", str(version.number))
        self.tag(version.content)

    def send_version(self, version: Version) -> None:
        """Send the version that is now the newest."""
        self.set_version_headers(version)
        self.send_json(version_record(version))


class WeightsHandler(ChangeHandler):
    """`/api/weights`."""

    async def on_get(self) -> None:
        """Send the weights in the negotiated media type."""
        version = await self.server.weights.current()
        compress = self.accepts_gzip and self.media_type != FORMATS[-1]
        self.set_header("Inkling-Version", str(version.number))
        self.set_header("Cache-Control", "no-cache")
        if self.tag(version.content, SUFFIXES[self.media_type], *(["gzip"] if compress else [])):
            return
        content = await self.server.weights.serialized(version, self.media_type, compress=compress)
        if compress:
            self.set_header("Content-Encoding", "gzip")
        self.send(content, self.media_type)

    async def on_post(self) -> None:
        """Replace the weights with those in the body."""
        body, media_type, limit = self.take_body(), self.body_type, self.server.settings.body_bytes
        version = await self.server.weights.replace(
            lambda: read_weights(body, media_type, limit), self.if_match
        )
        self.send_version(version)

    async def on_patch(self) -> None:
        """Train on the samples in the body."""
        body, media_type, settings = self.take_body(), self.body_type, self.server.settings
        warnings: list[str] = []

        def read() -> tuple[NDArray[np.float32], NDArray[np.intp]]:
            images, labels, sample_warnings = read_sample_body(
                body, media_type, settings.block_size, settings.body_bytes
            )
            warnings.extend(sample_warnings)
            return images, labels

        loss, version = await self.server.weights.train(read, self.if_match)
        self.set_version_headers(version)
        self.send_json({"loss": loss} | ({"warnings": warnings} if warnings else {}))

    async def on_delete(self) -> None:
        """Restore the pretrained model."""
        self.send_version(await self.server.weights.reset(self.if_match))


class HistoryHandler(ApiHandler):
    """`GET /api/weights/history`."""

    async def on_get(self) -> None:
        """List the stored versions."""
        versions = await self.server.weights.history()
        self.send_json({"versions": [version_record(version) for version in versions]})


class RestoreHandler(ChangeHandler):
    """`POST /api/weights/restore/{version}`."""

    async def on_post(self, text: str) -> None:
        """Make an earlier version the newest again."""
        if not (text.isascii() and text.isdigit() and len(text) <= MAX_VERSION_DIGITS):
            raise ApiError(
                404,
                f"Expected a version number of /api/weights/history, found “{text[:24]}”.",
            )
        self.send_version(await self.server.weights.restore(int(text), self.if_match))
