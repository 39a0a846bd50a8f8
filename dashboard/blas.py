"""Limits BLAS to one thread.

Small products lose more to thread synchronization than they gain, and with one thread the order of
sums, and so every bit of a result, does not depend on the number of cores.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any


def limit_blas_threads() -> AbstractContextManager[Any]:
    """Limit BLAS to one thread, for good or, as a context manager, until the context ends."""
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - slow to import; not in a browser

    limits: AbstractContextManager[Any] = threadpool_limits(1, user_api="blas")
    return limits
