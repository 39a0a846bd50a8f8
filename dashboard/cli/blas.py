"""Keeps NumPy's matrix products in one thread while a command computes.

Products this small lose more to threads that wait for each other than they gain, and the order
of sums, and so the last digit of every number, no longer depends on the number of cores.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from threadpoolctl import threadpool_limits


def one_thread() -> AbstractContextManager[Any]:
    """Return a context in which BLAS uses one thread."""
    return threadpool_limits(1, user_api="blas")
