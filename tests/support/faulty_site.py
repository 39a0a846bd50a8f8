"""Serves a built site and gets one file wrong: missing, hanging, cut, another page, other bytes.

Scripts can be put before those of the page and of the worker, for browsers that lack something.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from static_server import QuietFiles, serving

FAULTS = ("404", "hang", "reset", "html", "type", "bytes")
SIGN_IN = b"<!DOCTYPE html><title>Sign in</title><form><input name=user></form>"


class FaultySite:
    """What is wrong with the files of a site; it may be changed at any time.

    `faults` has the fault of each file by its path; `headers` are sent with every file. `before`
    is a script that runs first in the page and in the worker. `sent_share` is the share of a file
    that arrives before it is cut or hangs.
    """

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.faults: dict[str, str] = {}
        self.headers: dict[str, str] = {}
        self.before = ""
        self.sent_share = {"hang": 0.0, "reset": 0.5}
        self.repaired = threading.Event()

    def repair(self) -> None:
        """Serve every file as it is; downloads that hang end."""
        self.faults.clear()
        self.repaired.set()

    def altered(self, name: str) -> bytes:
        """The page or the script of its worker, with the script before it; the sum is right."""
        worker = (self.folder / "worker.js").read_bytes()
        changed = self.before.encode() + b"\n" + worker
        if name == "worker.js":
            return changed
        page = (self.folder / name).read_text(encoding="utf-8")
        sums = [hashlib.sha256(content).hexdigest() for content in (worker, changed)]
        assert sums[0] in page
        first = f"<script>{self.before}</script>"
        return page.replace(*sums).replace("<script", f"{first}<script", 1).encode()

    def spoil(self, faults: Mapping[str, str]) -> None:
        """Serve some files with a fault each, all others as they are."""
        self.faults = dict(faults)
        self.repaired = threading.Event()


@contextmanager
def faulty_site(folder: Path) -> Iterator[FaultySite]:
    """Serve a site; yield what is wrong with it."""
    site = FaultySite(folder, "")

    class Handler(QuietFiles):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(folder))

        def end_headers(self) -> None:
            for name, value in site.headers.items():
                self.send_header(name, value)
            super().end_headers()

        def do_GET(self) -> None:  # noqa: N802
            name = self.path.partition("?")[0].lstrip("/") or "index.html"
            fault = site.faults.get(name)
            if self._is_altered(name):
                self._send(site.altered(name), name, "")
            elif fault is None:
                super().do_GET()
            elif fault == "404":
                self.send_error(404)
            else:
                self._send((folder / name).read_bytes(), name, fault)

        def _is_altered(self, name: str) -> bool:
            return bool(site.before) and name in ("index.html", "worker.js")

        def _send(self, content: bytes, name: str, fault: str) -> None:
            media_type, size, middle = self.guess_type(name), len(content), len(content) // 2
            if fault in site.sent_share:
                content = content[: int(site.sent_share[fault] * size)]
            elif fault == "html":
                content, media_type = SIGN_IN, "text/html"
                size = len(content)
            elif fault == "type":
                media_type = "image/png"
            elif fault == "bytes":
                content = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
            if content:
                self.send_response(200)
                self.send_header("Content-Type", media_type)
                self.send_header("Content-Length", str(size))
                self.end_headers()
                self.wfile.write(content)
                self.wfile.flush()
            if fault == "hang":
                site.repaired.wait(120)
            self.close_connection = True

    with serving(Handler) as server:
        site.url = f"http://127.0.0.1:{server.server_address[1]}/"
        try:
            yield site
        finally:
            site.repair()
