"""What the app does before its memory is copied in the build, and after it is used in a browser.

The page of the copy is that of a visitor who has done nothing: the work of its session begins in
the browser, where random generators are seeded anew.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

_held: list[Callable[[], Any]] = []


def hold_session() -> None:
    """Hold what Panel would do when a page is loaded, until `resume_session`."""
    from panel.io.state import state  # noqa: PLC0415 - it is imported before the app only here

    def hold(_state: Any, callback: Callable[[], Any], threaded: bool = False) -> None:
        del threaded
        _held.append(callback)

    kind: Any = type(state)
    _held[:] = [partial(setattr, kind, "onload", kind.onload)]
    kind.onload = hold


def resume_session(backend: str) -> None:
    """Begin the work of the session in a browser.

    Parameters
    ----------
    backend
        The name of the module that computes products there; see `nn.backends`.
    """
    from nn.backends import rename_backend  # noqa: PLC0415

    os.environ.pop("INKLING_BACKEND", None)
    rename_backend(backend)
    random.seed()
    np.random.seed()  # noqa: NPY002 - the generator that other packages may use
    if hasattr(time, "tzset"):
        time.tzset()
    callbacks = _held[:]
    _held.clear()
    for callback in callbacks:
        callback()
