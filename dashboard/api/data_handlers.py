"""Handlers of the data: samples as JSON, and block files as in the static site."""

from __future__ import annotations

import gzip
import re

from dashboard.api.data_service import Blocks, SampleQuery
from dashboard.api.errors import ApiError
from dashboard.api.handler import ApiHandler
from dashboard.api.payloads import read_block_size, samples_json
from dashboard.api.strict_json import read_json
from dashboard.api.weights_service import FAST_GZIP

BLOCK_NAME = re.compile(r"(\d{1,9})(?:\.bin\.gz)?", re.ASCII)
GZIP_MINIMUM_BYTES = 1024


class SamplesHandler(ApiHandler):
    """Base class of the handlers that send samples."""

    async def send_samples(self, query: SampleQuery, count: int) -> None:
        """Select, serialize and send samples; the work is done in the reader thread."""
        compress = self.accepts_gzip

        def write() -> tuple[bytes, bool]:
            content = samples_json(self.server.data.select(query, count))
            if compress and len(content) > GZIP_MINIMUM_BYTES:
                return gzip.compress(content, FAST_GZIP, mtime=0), True
            return content, False

        content, is_compressed = await self.server.weights.in_reader(write)
        if is_compressed:
            self.set_header("Content-Encoding", "gzip")
        self.send(content)


class DataHandler(SamplesHandler):
    """`GET /api/data`."""

    async def on_get(self) -> None:
        """Send one sample, selected by the query or at random."""
        await self.send_samples(SampleQuery(**self.query), 1)


class DatablockHandler(SamplesHandler):
    """`POST /api/datablock`."""

    async def on_post(self) -> None:
        """Send as many random samples as the body requests."""
        count = read_block_size(read_json(self.take_body()), self.server.settings.block_size)
        await self.send_samples(SampleQuery(**self.query), count)


class FilesHandler(ApiHandler):
    """Base class of the handlers that send files."""

    async def blocks(self) -> Blocks:
        """Return the packed blocks; the first call packs them in the reader thread."""
        blocks = self.server.data.blocks
        if blocks is not None:
            return blocks
        return await self.server.weights.in_reader(self.server.data.pack)


class ManifestHandler(FilesHandler):
    """`GET /api/manifest`."""

    async def on_get(self) -> None:
        """Send the manifest of the blocks."""
        blocks = await self.blocks()
        self.set_header("Cache-Control", "public, no-cache")
        compress = self.accepts_gzip
        if self.tag(blocks.manifest_hash, *(["gzip"] if compress else [])):
            return
        content = blocks.manifest
        if compress:
            self.set_header("Content-Encoding", "gzip")
            content = gzip.compress(content, mtime=0)
        self.send(content)


class BlockHandler(FilesHandler):
    """`GET /api/blocks/{i}`."""

    async def on_get(self, name: str) -> None:
        """Send one block, from memory."""
        blocks = await self.blocks()
        match = BLOCK_NAME.fullmatch(name)
        number = int(match[1]) if match else len(blocks.paths)
        if number >= len(blocks.paths):
            raise ApiError(
                404, f"Expected a block from 0 to {len(blocks.paths) - 1}, found “{name[:24]}”."
            )
        self.set_header("Cache-Control", "public, max-age=3600")
        if not self.tag(blocks.hashes[number]):
            content = self.server.data.read_block(blocks.folder, blocks.paths[number])
            self.send(content, "application/gzip")
