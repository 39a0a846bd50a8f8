"""The processors that this process may use, and Python's switch interval between threads."""

from __future__ import annotations

import os
import sys

SWITCH_SECONDS = 0.0005


def usable_processors() -> int:
    """Return how many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def shorten_switch_interval() -> None:
    """Let a thread that computes release Python's lock within `SWITCH_SECONDS`, not within 5 ms.

    A message to a page waits for the lock with every piece that is sent, and a part of a
    convolution with every product.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
