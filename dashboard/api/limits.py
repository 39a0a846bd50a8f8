"""Limits of what clients can use: requests per event-loop iteration and per address, and memory.

However many clients send requests at once, a visitor of the app waits for a few of them only.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections import OrderedDict, deque
from collections.abc import Callable

from dashboard.api.errors import ApiError

REQUESTS_PER_ITERATION = 4
BURST_SECONDS = 2.0
MAX_ADDRESSES = 4096
"""Size of the table of addresses, which would otherwise grow without bound."""


class AdmissionQueue:
    """A first-in, first-out queue that admits `per_iteration` requests per event-loop iteration."""

    def __init__(self, per_iteration: int = REQUESTS_PER_ITERATION) -> None:
        self._per_iteration = per_iteration
        self._admitted = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def wait(self) -> None:
        """Return when the request is admitted: immediately while few are waiting."""
        if self._admitted < self._per_iteration and not self._waiting:
            self._count()
            return
        admitted = asyncio.get_running_loop().create_future()
        self._waiting.append(admitted)
        await admitted

    def _count(self) -> None:
        if not self._admitted:
            asyncio.get_running_loop().call_soon(self._begin_iteration)
        self._admitted += 1

    def _begin_iteration(self) -> None:
        self._admitted = 0
        while self._waiting and self._admitted < self._per_iteration:
            admitted = self._waiting.popleft()
            if not admitted.done():
                self._count()
                admitted.set_result(None)


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

    def __len__(self) -> int:
        """Return the number of addresses in the table."""
        return len(self._buckets)

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


class BodyMemory:
    """The memory budget, in bytes, that the bodies of all current requests share."""

    def __init__(self, size: int) -> None:
        self.free = size
        """Bytes that are not reserved."""

    def reserve(self, count: int) -> None:
        """Reserve `count` bytes; raise ApiError 429 when the budget is used up."""
        if count > self.free:
            raise ApiError(
                429,
                "The bodies of other requests fill the memory budget; try again in a second.",
                headers={"Retry-After": "1"},
            )
        self.free -= count

    def release(self, count: int) -> None:
        """Give `count` reserved bytes back."""
        self.free += count


def _network_of(address: str) -> str:
    """Return the key of an address: a machine usually has a whole /64 of IPv6 addresses."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return address
