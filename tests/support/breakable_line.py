"""A served app that can be killed and started again, and a line to it that can be cut."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from served_app import wait_for_answer

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class BreakableServer:
    """The app in a process of its own, always on the same port and with the same state folder."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self.port = free_port()
        self.folder = folder
        self._arguments = arguments
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._log = (folder / "log.txt").open("ab")

    def start(self) -> None:
        """Start the process, and return when it answers."""
        own = {
            "INKLING_API_STATE": str(self.folder / "state"),
            "INKLING_DATA": str(self.folder / "no-data-sets"),
            "INKLING_PAGES_PER_SECOND": "1000",
            "OPENBLAS_NUM_THREADS": "1",
        }
        command = [sys.executable, "-m", "panel", "serve", "dashboard/app.py"]
        command += ["--port", str(self.port), "--allow-websocket-origin", "*", *self._arguments]
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | own | self._environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        address = f"http://127.0.0.1:{self.port}/app/metadata"
        wait_for_answer(self._process, address, self.folder / "log.txt")

    def kill(self) -> None:
        """End the process at once, as a lack of memory or of power does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """Stop the process until `resume`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self.kill()
        self._log.close()

    def log(self) -> str:
        return (self.folder / "log.txt").read_text(encoding="utf-8")


class BreakableLine:
    """A TCP proxy that can close its connections and refuse others, or deliver nothing.

    With `passes_upgrades` off it refuses websockets, as a proxy without the upgrade headers does.
    """

    def __init__(self, target: int, *, passes_upgrades: bool = True) -> None:
        self._target = target
        self.passes_upgrades = passes_upgrades
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._flows = threading.Event()
        self._flows.set()
        self._is_cut = self._is_closed = False
        self._hears_page = True
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Close every connection, and accept none until `mend`."""
        self._is_cut = True
        for pair in list(self._pairs):
            self._end(pair)

    def silence(self) -> None:
        """Deliver nothing until `mend`, as on a line that was pulled out."""
        self._flows.clear()

    def silence_page(self) -> None:
        """Deliver nothing that the page sends until `mend`, but all that the server sends."""
        self._hears_page = False

    def mend(self) -> None:
        """Let everything pass again; what was held back is delivered."""
        self._is_cut = False
        self._hears_page = True
        self._flows.set()

    def close(self) -> None:
        self._is_closed = True
        self.cut()
        self._flows.set()
        self._listener.close()

    def _accept(self) -> None:
        while not self._is_closed:
            try:
                inner, _ = self._listener.accept()
            except OSError:
                return
            try:
                if self._is_cut:
                    raise ConnectionError
                outer = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                inner.close()
                continue
            self._pairs.add((inner, outer))
            threading.Thread(target=self._carry, args=((inner, outer),), daemon=True).start()

    def _carry(self, pair: tuple[socket.socket, socket.socket]) -> None:
        inner, outer = pair
        try:
            while True:
                self._flows.wait()
                heard = pair if self._hears_page else (outer,)
                readable, _, _ = select.select(heard, [], [], 0.2)
                self._flows.wait()
                for one in readable:
                    content = one.recv(1 << 16)
                    if not content:
                        return
                    self._flows.wait()
                    if b"\r\nUpgrade: websocket" in content and not self.passes_upgrades:
                        inner.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                        return
                    (outer if one is inner else inner).sendall(content)
        except (OSError, ValueError):
            pass
        finally:
            self._end(pair)

    def _end(self, pair: tuple[socket.socket, socket.socket]) -> None:
        self._pairs.discard(pair)
        for one in pair:
            # Also ends a read in another thread.
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
