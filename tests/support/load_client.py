"""Concurrent clients of the API in one process that read and write, and check for lost updates.

    python load_client.py URL CLIENTS SECONDS SEED

Prints one JSON object: the number of responses by status, and the number of lost updates.
"""

from __future__ import annotations

import http.client
import json
import random
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

SAMPLES = 4
BACK_OFF_SECONDS = 0.05
"""Pause after 429, shorter than Retry-After."""


@dataclass
class Log:
    """The responses to all clients."""

    statuses: Counter[str] = field(default_factory=Counter)
    acknowledged: list[int] = field(default_factory=list)
    followed_wrong: int = 0
    failures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Client:
    """A client with a persistent connection."""

    def __init__(self, url: str, log: Log, seed: int) -> None:
        self._address = urlsplit(url).netloc
        self._connection = http.client.HTTPConnection(self._address, timeout=120)
        self._log = log
        self._random = random.Random(seed)
        self._samples = b""

    def run(self, end: float) -> None:
        """Read and write until the end time."""
        actions = (self._block, self._data, self._weights, self._train, self._train_if, self._reset)
        weights = (50, 20, 8, 14, 7, 1)
        while time.monotonic() < end:
            [action] = self._random.choices(actions, weights)
            try:
                action()
            except (OSError, http.client.HTTPException) as error:
                with self._log.lock:
                    self._log.failures.append(repr(error))
                self._connection.close()

    def _ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, Any, bytes]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            named["Content-Type"] = "application/json"
        self._connection.request(method, f"/api/{path}", body, named)
        response = self._connection.getresponse()
        content = response.read()
        with self._log.lock:
            self._log.statuses[str(response.status)] += 1
        if response.status == 429:
            time.sleep(BACK_OFF_SECONDS)
        return response.status, response.headers, content

    def _block(self) -> None:
        self._ask("GET", f"blocks/{self._random.randrange(10)}")

    def _data(self) -> None:
        self._ask("GET", "data")

    def _weights(self) -> None:
        self._ask("GET", "weights", Accept="application/x-npz")

    def _train(self) -> None:
        self._change(None)

    def _train_if(self) -> None:
        status, headers, _ = self._ask("HEAD", "weights", Accept="application/x-npz")
        if status == 200:
            self._change((headers["ETag"], int(headers["Inkling-Version"])))

    def _reset(self) -> None:
        status, _, _ = self._ask("DELETE", "weights")
        # A reset of unchanged weights makes no version.
        if status == 200:
            with self._log.lock:
                self._log.statuses["reset"] += 1

    def _change(self, expected: tuple[str, int] | None) -> None:
        if not self._samples:
            body = json.dumps({"block": SAMPLES}).encode()
            status, _, samples = self._ask("POST", "datablock", body)
            self._samples = samples if status == 200 else b""
            return
        match = {"If_Match": expected[0]} if expected else {}
        status, headers, _ = self._ask("PATCH", "weights", self._samples, **match)
        if status == 200:
            number = int(headers["Inkling-Version"])
            with self._log.lock:
                self._log.acknowledged.append(number)
                if expected is not None and number <= expected[1]:
                    self._log.followed_wrong += 1


def run(url: str, clients: int, seconds: float, seed: int) -> dict[str, Any]:
    """Run the clients and return the counts."""
    log, end = Log(), time.monotonic() + seconds
    threads = [
        threading.Thread(target=Client(url, log, seed + number).run, args=(end,))
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = sorted(log.acknowledged)
    history = _history(url)
    origins = {version["version"]: version["origin"] for version in history}
    resets = sum(origin == "the pretrained model" for origin in origins.values())
    twice = len(numbers) - len(set(numbers))
    missing = [n for n in numbers if n > max(origins) - len(origins) and n not in origins]
    return {
        "statuses": dict(log.statuses),
        "acknowledged": len(numbers),
        "newest": max(origins),
        "lost": twice + len(missing) + log.followed_wrong + _broken_chain(origins),
        "resets": resets,
        "failures": log.failures[:5],
        "failed": len(log.failures),
    }


def _history(url: str) -> list[dict[str, Any]]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
    while True:
        connection.request("GET", "/api/weights/history")
        response = connection.getresponse()
        content = response.read()
        if response.status == 200:
            return list(json.loads(content)["versions"])
        time.sleep(BACK_OFF_SECONDS)


def _broken_chain(origins: dict[int, str]) -> int:
    """Count the training requests that did not start from the previous version."""
    return sum(
        not origin.startswith(f"version {number - 1} and ")
        for number, origin in origins.items()
        if " and " in origin
    )


if __name__ == "__main__":
    found = run(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
    sys.stdout.write(json.dumps(found) + "\n")
