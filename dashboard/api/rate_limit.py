"""A token-bucket rate limit per client address.

The table of addresses has a fixed size, so that it cannot be made to fill the memory.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable

MAX_ADDRESSES = 4096
BURST_SECONDS = 2.0


class RateLimit:
    """A token bucket per address: `per_second` tokens a second, bursts of two seconds' worth.

    Parameters
    ----------
    per_second
        Requests per second and address in the long run.
    clock
        A monotonic clock, in seconds.
    """

    def __init__(self, per_second: float, clock: Callable[[], float]) -> None:
        self._rate = per_second
        self._burst = max(1.0, BURST_SECONDS * per_second)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str) -> float:
        """Take one token; return 0, or the seconds until one is available."""
        now = self._clock()
        key = _network_of(address)
        tokens, then = self._buckets.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + self._rate * (now - then))
        allowed = tokens >= 1
        self._buckets[key] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - tokens) / self._rate


def _network_of(address: str) -> str:
    """Return the key of an address: a machine usually has a whole /64 of IPv6 addresses."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return address
