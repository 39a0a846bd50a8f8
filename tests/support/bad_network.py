"""A server behind an unreliable network: some responses are lost, delayed or damaged.

The fault of the n-th request of a path depends only on these two and a seed, so tests are
deterministic in any order of requests.
"""

from __future__ import annotations

import random
import time
from collections import Counter

from local_server import LocalServer


class BadNetwork(LocalServer):
    """Drops, delays and damages a fraction each of the requests for blocks.

    `delay` is in seconds; `is_offline` drops everything.
    """

    def __init__(
        self,
        *,
        dropped: float = 0.3,
        delayed: float = 0.1,
        damaged: float = 0.05,
        delay: float = 5.0,
        seed: int = 1,
    ) -> None:
        super().__init__()
        self.shares = {"drop": dropped, "delay": delayed, "damage": damaged}
        self.delay, self.seed = delay, seed
        self.is_offline = False
        self.done: Counter[str] = Counter()

    def fault(self, path: str) -> str:
        """Return the fault of the current request: "drop", "delay", "damage" or "" for none."""
        if self.is_offline:
            return "drop"
        if "/blocks/" not in path:
            return ""
        draw = random.Random(f"{self.seed} {path} {self.asked[path]}").random()
        for fault, share in self.shares.items():
            if draw < share:
                return fault
            draw -= share
        return ""

    def answer(self, path: str) -> tuple[int, bytes, int] | None:
        """Return the response with its fault; None for a dropped one."""
        status, body, length = super().answer(path) or (500, b"", 0)
        fault = self.fault(path)
        self.done[fault] += 1
        if fault == "drop":
            return None
        if fault == "delay":
            time.sleep(self.delay)
        if fault == "damage":
            middle = len(body) // 2
            body = body[:middle] + bytes([body[middle] ^ 255]) + body[middle + 1 :]
        return status, body, length
