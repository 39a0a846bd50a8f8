"""The record of a run as values that JSON can hold, and arrays; and back.

The autosave and the database of the command line write this one form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from dashboard.runs.curve import RunCurve
from dashboard.runs.records import MAX_NAME, MAX_RUNS, RunRecord, RunStyle
from dashboard.training.history import Score

_SCORES = ("best_loss", "best_accuracy", "last")
_PLAIN = ("name", "backend", "iteration", "epochs", "seconds", "is_pinned", "is_shown")


def record_header(record: RunRecord) -> dict[str, Any]:
    """Return what JSON holds of a record: everything but its curve and its weights."""
    return {
        **{name: getattr(record, name) for name in _PLAIN},
        **{name: score_values(getattr(record, name)) for name in _SCORES},
        "settings": dict(record.settings),
        "style": record.style.number,
        "stride": record.curve.stride,
    }


def read_record(values: Mapping[str, Any], arrays: Mapping[str, Any], prefix: str) -> RunRecord:
    """Return a record without weights, whose number is 0.

    Parameters
    ----------
    values
        As `record_header` returned them.
    arrays
        Have the curve, as `RunCurve.to_arrays` returned it.
    prefix
        Of the names of these arrays.

    Raises
    ------
    LookupError, TypeError, ValueError
        The values are no record.
    """
    style = int(values["style"])
    if not 0 <= style < MAX_RUNS:
        raise ValueError(f"a style from 0 to {MAX_RUNS - 1}, found {style}")
    scores = {name: read_score(values[name]) for name in _SCORES}
    return RunRecord(
        number=0,
        name=str(values["name"])[:MAX_NAME],
        style=RunStyle(style),
        settings=dict(values["settings"]),
        backend=str(values["backend"]),
        iteration=int(values["iteration"]),
        epochs=float(values["epochs"]),
        seconds=float(values["seconds"]),
        curve=RunCurve.from_arrays(arrays, prefix, int(values["stride"])),
        is_pinned=bool(values["is_pinned"]),
        is_shown=bool(values["is_shown"]),
        best_loss=scores["best_loss"],
        best_accuracy=scores["best_accuracy"],
        last=scores["last"],
    )


def score_values(score: Score | None) -> dict[str, Any] | None:
    """Return a score as values."""
    return None if score is None else asdict(score)


def read_score(values: Mapping[str, Any] | None) -> Score | None:
    """Return the score of values; LookupError, TypeError or ValueError for others."""
    if values is None:
        return None
    return Score(
        int(values["iteration"]),
        float(values["loss"]),
        float(values["accuracy"]),
        int(values["count"]),
    )
