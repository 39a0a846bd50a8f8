"""Retries of fetches after transient errors, with exponential backoff."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from data_cache.errors import SilenceError, TransientError

RETRIES = 4
"""How often a fetch is retried."""

Backoff = Callable[[int], float]
"""Seconds to wait before retry number 1, 2, …"""

Result = TypeVar("Result")


def exponential_backoff(attempt: int) -> float:
    """Return the seconds to wait before retry number `attempt` (from 1): 0.5, 1, 2 … up to 30."""
    return min(0.5 * 2.0 ** (attempt - 1), 30.0)


async def retry(
    fetch: Callable[[int], Awaitable[Result]],
    *,
    retries: int = RETRIES,
    backoff: Backoff = exponential_backoff,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    retries_silence: bool = True,
    on_retry: Callable[[TransientError], None] | None = None,
) -> Result:
    """Await `fetch(0)`, and after transient errors `fetch(1)` to `fetch(retries)`.

    Parameters
    ----------
    fetch : callable
        Takes the number of the retry, 0 for the first attempt.
    retries : int
        Maximum number of retries.
    backoff : callable
        Seconds to wait before retry number 1, 2, ….
    sleep : callable
        Replaces asyncio.sleep in tests.
    retries_silence : bool
        Whether a `SilenceError` is retried too. It comes late, so a caller that has to tell of it
        may do that before it tries again.
    on_retry : callable, optional
        Called with the error before each retry.

    Raises
    ------
    TransientError
        That of the last retry. Any other error is raised immediately.
    """
    for attempt in range(retries):
        try:
            return await fetch(attempt)
        except TransientError as error:
            if isinstance(error, SilenceError) and not retries_silence:
                raise
            if on_retry is not None:
                on_retry(error)
            await sleep(backoff(attempt + 1))
    return await fetch(retries)
