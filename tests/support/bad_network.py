"""A server behind a bad network: some answers never come, some come late, some come damaged.

What happens to the n-th request of a path depends on nothing but the two and a seed, so a test is
the same every time however its requests overtake each other.
"""

from __future__ import annotations

import random
import time
from collections import Counter

from local_server import LocalServer


class BadNetwork(LocalServer):
    """Drops, delays and damages a share each of the requests for blocks.

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

    def fate(self, path: str) -> str:
        """Say what becomes of the request that is being answered."""
        if self.is_offline:
            return "drop"
        if "/blocks/" not in path:
            return ""
        draw = random.Random(f"{self.seed} {path} {self.asked[path]}").random()
        for fate, share in self.shares.items():
            if draw < share:
                return fate
            draw -= share
        return ""

    def answer(self, path: str) -> tuple[int, bytes, int] | None:
        """Answer as the network lets it; None: not at all."""
        status, body, length = super().answer(path) or (500, b"", 0)
        fate = self.fate(path)
        self.done[fate] += 1
        if fate == "drop":
            return None
        if fate == "delay":
            time.sleep(self.delay)
        if fate == "damage":
            middle = len(body) // 2
            body = body[:middle] + bytes([body[middle] ^ 255]) + body[middle + 1 :]
        return status, body, length
