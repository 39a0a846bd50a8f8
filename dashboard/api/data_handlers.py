"""The addresses of the data: samples as JSON, and blocks as the files that a site has too."""

from __future__ import annotations

import gzip
import re

from dashboard.api.data_service import Blocks, Choice
from dashboard.api.errors import ApiError
from dashboard.api.handler import ApiHandler
from dashboard.api.payloads import read_block_size, samples_json
from dashboard.api.strict_json import read_json
from dashboard.api.weights_service import FAST_GZIP

BLOCK_NAME = re.compile(r"(\d{1,9})(?:\.bin\.gz)?", re.ASCII)
WORTH_GZIP = 1024


class SamplesHandler(ApiHandler):
    """What the two addresses of samples share."""

    async def send_samples(self, choice: Choice, count: int) -> None:
        """Choose samples, write them and send them, in the thread that reads."""
        zipped = self.takes_gzip

        def write() -> tuple[bytes, bool]:
            content = samples_json(self.server.data.choose(choice, count))
            if zipped and len(content) > WORTH_GZIP:
                return gzip.compress(content, FAST_GZIP, mtime=0), True
            return content, False

        content, is_zipped = await self.server.weights.in_reader(write)
        if is_zipped:
            self.set_header("Content-Encoding", "gzip")
        self.send(content)


class DataHandler(SamplesHandler):
    """`GET /api/data`."""

    async def on_get(self) -> None:
        """Send one sample, chosen by the query or at random."""
        await self.send_samples(Choice(**self.query), 1)


class DatablockHandler(SamplesHandler):
    """`POST /api/datablock`."""

    async def on_post(self) -> None:
        """Send as many random samples as the body asks for."""
        count = read_block_size(read_json(self.take_body()), self.server.settings.block_size)
        await self.send_samples(Choice(**self.query), count)


class FilesHandler(ApiHandler):
    """What the addresses of files share."""

    async def blocks(self) -> Blocks:
        """Return the packed blocks; the first time they are packed, in the thread that reads."""
        blocks = self.server.data.blocks
        if blocks is not None:
            return blocks
        return await self.server.weights.in_reader(self.server.data.pack)


class ManifestHandler(FilesHandler):
    """`GET /api/manifest`."""

    async def on_get(self) -> None:
        """Send the list of blocks."""
        blocks = await self.blocks()
        self.set_header("Cache-Control", "public, no-cache")
        zipped = self.takes_gzip
        if self.tag(blocks.manifest_hash, *(["gzip"] if zipped else [])):
            return
        content = blocks.manifest
        if zipped:
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
            raise ApiError(404, f"There are the blocks 0 to {len(blocks.paths) - 1}.")
        self.set_header("Cache-Control", "public, max-age=3600")
        if not self.tag(blocks.hashes[number]):
            content = self.server.data.read_block(blocks.folder, blocks.paths[number])
            self.send(content, "application/gzip")
