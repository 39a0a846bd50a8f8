"""Limits BLAS to one thread while a command computes.

Small products lose more to thread synchronization than they gain, and with one thread the order of
sums, and so every bit of a result, does not depend on the number of cores.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from threadpoolctl import threadpool_limits


def one_thread() -> AbstractContextManager[Any]:
    """Return a context manager in which BLAS uses one thread."""
    return threadpool_limits(1, user_api="blas")
