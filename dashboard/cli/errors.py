"""The error that commands raise, and a description of any error in one line.

A user of the terminal sees what was expected and how to fix it, never a traceback.
"""

from __future__ import annotations

from dashboard.languages.text import gettext
from dashboard.runs.run_database import RunDatabaseError
from dashboard.training.checkpoint import CheckpointError
from dashboard.training.run import DivergenceError
from data_cache import DataError, PrefetchError
from nn import WeightsError

INTERRUPTED = 130
"""The exit code after Ctrl-C: 128 plus the number of SIGINT, as in shells."""

EXPECTED_ERRORS = (
    *(DataError, PrefetchError, WeightsError),
    *(CheckpointError, DivergenceError, RunDatabaseError),
)


class CommandError(Exception):
    """A command cannot do its work; the message is shown to the user."""


def describe(error: Exception) -> str:
    """Return one line that describes an error."""
    if isinstance(error, EXPECTED_ERRORS):
        return _one_line(str(error))
    if isinstance(error, OSError):
        reason = error.strerror or str(error)
        return _one_line(f"{error.filename}: {reason}." if error.filename else f"{reason}.")
    if isinstance(error, MemoryError):
        return gettext("not enough memory; use a smaller network or fewer samples.")
    return _one_line(
        gettext(
            "internal error ({name}: {error}); run `python -X dev -m dashboard.cli` for "
            "the traceback.",
            name=type(error).__name__,
            error=error,
        )
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
