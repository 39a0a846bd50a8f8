"""Puts whatever made a job fail into one line for the terminal.

Errors made for people pass as they are; others are named as what they are, defects included.
"""

from __future__ import annotations

from dashboard.training.checkpoint import CheckpointError
from dashboard.training.run import DivergenceError
from data_cache import DataError, PrefetchError
from nn import WeightsError

INTERRUPTED = 130
"""The exit code after Ctrl-C: 128 and the number of the signal, as shells have it."""

MADE_FOR_PEOPLE = (DataError, PrefetchError, WeightsError, CheckpointError, DivergenceError)


class CommandError(Exception):
    """A job that cannot be done; the message is a sentence for the person who asked for it."""


def describe(error: Exception) -> str:
    """Return one line that says what went wrong."""
    if isinstance(error, MADE_FOR_PEOPLE):
        return _one_line(str(error))
    if isinstance(error, OSError):
        reason = error.strerror or str(error)
        return _one_line(f"{error.filename}: {reason}." if error.filename else f"{reason}.")
    if isinstance(error, MemoryError):
        return "there is not enough memory for this; take a smaller net or fewer samples."
    return _one_line(
        f"something went wrong inside Inkling ({type(error).__name__}: {error}); "
        "run it with `python -X dev -m dashboard.cli` to see where."
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
