"""Runs of the command line in one SQLite file of the user's state folder.

A finished run is written in one transaction; a run with a key is there once, whoever wrote it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.languages.text import gettext
from dashboard.runs.record_values import read_record, read_score, record_header, score_values
from dashboard.runs.records import RunRecord
from dashboard.sqlite_database import connect, write_transaction
from dashboard.training.history import Score
from nn.serialization import arrays_from_npz, arrays_to_npz

FILE_NAME = "runs.sqlite3"
BUSY_SECONDS = 30.0
MAX_CURVE_BYTES = 2**20

_CREATE = """
CREATE TABLE IF NOT EXISTS runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE, saved REAL NOT NULL,
  header TEXT NOT NULL, curve BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS sweeps (
  name TEXT NOT NULL, place INTEGER NOT NULL, key TEXT NOT NULL, PRIMARY KEY (name, key)
);
CREATE TABLE IF NOT EXISTS files (
  run INTEGER PRIMARY KEY, name TEXT NOT NULL, weights BLOB NOT NULL, checkpoint BLOB NOT NULL,
  data TEXT NOT NULL
);
"""


class RunDatabaseError(Exception):
    """The database of runs cannot be read or written; the message says why."""


@dataclass(frozen=True, eq=False)
class StoredRun:
    """A run in the database.

    Attributes
    ----------
    number
        Of the run, from 1.
    record
        The run without its weights; its number is that of the database.
    test
        Score on the test samples; None without any.
    fault
        Why it ended early; "" if it did not.
    sweeps
        Names of the sweeps that it belongs to.
    saved
        When it was stored, in seconds since 1970.
    """

    number: int
    record: RunRecord
    test: Score | None
    fault: str
    sweeps: Sequence[str]
    saved: float


@dataclass(frozen=True)
class RunFiles:
    """What a training saved, of which a report is made.

    Attributes
    ----------
    name
        Of the weights file; its suffix is the format.
    weights, checkpoint
        Contents of the weights file, and of the checkpoint beside it.
    data
        What names its samples on the command line: values of flags by name.
    """

    name: str
    weights: bytes
    checkpoint: bytes
    data: Mapping[str, Any]


class RunDatabase:
    """The runs that the command line has stored.

    Parameters
    ----------
    folder
        Created with the first run.
    now
        Returns the seconds since 1970.
    """

    def __init__(self, folder: Path, now: Callable[[], float]) -> None:
        self.path = folder / FILE_NAME
        self._now = now

    def add(
        self,
        record: RunRecord,
        *,
        key: str | None = None,
        test: Score | None,
        fault: str = "",
        files: RunFiles | None = None,
    ) -> bool:
        """Store a finished run; return False if a run of its key is there already.

        Parameters
        ----------
        record
            The run.
        key
            What identifies its numbers; None: another run every time.
        test
            Its score on the test samples.
        fault
            Why it ended early.
        files
            What it saved; None: it is stored without its weights.
        """
        header = {**record_header(record), "test": score_values(test), "fault": fault}
        curve = arrays_to_npz(record.curve.to_arrays(""))
        with self._opened() as connection:
            cursor = connection.execute(
                "INSERT OR IGNORE INTO runs (key, saved, header, curve) VALUES (?, ?, ?, ?)",
                (key, self._now(), json.dumps(header), curve),
            )
            is_new = cursor.rowcount == 1
            if files is not None and is_new:
                connection.execute(
                    "INSERT INTO files (run, name, weights, checkpoint, data) "
                    "VALUES (?, ?, ?, ?, ?)",
                    (
                        *(cursor.lastrowid, files.name, files.weights, files.checkpoint),
                        json.dumps(dict(files.data)),
                    ),
                )
            return is_new

    def files(self, number: int) -> RunFiles | None:
        """Return what a run saved; None if it was stored without its weights, or is not there."""
        if not self.path.exists():
            return None
        with self._opened() as connection:
            row = connection.execute(
                "SELECT name, weights, checkpoint, data FROM files WHERE run = ?", (number,)
            ).fetchone()
        if row is None:
            return None
        name, weights, checkpoint, data = row
        try:
            return RunFiles(name, weights, checkpoint, dict(json.loads(data)))
        except (TypeError, ValueError) as error:
            raise self._damage(number, error) from error

    def note_sweep(self, name: str, keys: Sequence[str]) -> None:
        """Let a sweep consist of the runs with these keys, finished or not, in this order."""
        with self._opened() as connection:
            connection.execute("DELETE FROM sweeps WHERE name = ?", (name,))
            connection.executemany(
                "INSERT INTO sweeps (name, place, key) VALUES (?, ?, ?)",
                [(name, place, key) for place, key in enumerate(keys)],
            )

    def finished(self, keys: Sequence[str]) -> set[str]:
        """Return those of the keys whose runs are stored."""
        if not self.path.exists():
            return set()
        with self._opened() as connection:
            found = {key for (key,) in connection.execute("SELECT key FROM runs")}
        return found & set(keys)

    def runs(self, sweep: str | None = None) -> list[StoredRun]:
        """Return all stored runs by number, or those of a sweep in its order."""
        if not self.path.exists():
            return []
        with self._opened() as connection:
            names: dict[str, list[str]] = {}
            for name, key in connection.execute("SELECT name, key FROM sweeps ORDER BY name"):
                names.setdefault(key, []).append(name)
            columns = "runs.id, runs.key, saved, header, curve FROM runs"
            if sweep is None:
                rows = connection.execute(f"SELECT {columns} ORDER BY id").fetchall()
            else:
                rows = connection.execute(
                    f"SELECT {columns} JOIN sweeps ON sweeps.key = runs.key WHERE sweeps.name = ? "
                    "ORDER BY place",
                    (sweep,),
                ).fetchall()
        return [self._read(row, names.get(row[1], [])) for row in rows]

    def delete(self, numbers: Sequence[int]) -> int:
        """Delete runs by their numbers; return how many there were."""
        if not self.path.exists():
            return 0
        with self._opened() as connection:
            cursor = connection.executemany(
                "DELETE FROM runs WHERE id = ?", [(number,) for number in numbers]
            )
            connection.execute("DELETE FROM files WHERE run NOT IN (SELECT id FROM runs)")
            connection.execute(
                "DELETE FROM sweeps WHERE name NOT IN "
                "(SELECT sweeps.name FROM sweeps JOIN runs ON runs.key = sweeps.key)"
            )
            return cursor.rowcount

    def _read(self, row: Sequence[object], sweeps: Sequence[str]) -> StoredRun:
        number, _, saved, text, content = row
        try:
            header = json.loads(str(text))
            assert isinstance(content, bytes)
            arrays = arrays_from_npz(content, max_bytes=MAX_CURVE_BYTES)
            record = read_record(header, arrays, "")
            test, fault = read_score(header["test"]), str(header["fault"])
        except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise self._damage(number, error) from error
        return StoredRun(int(str(number)), record, test, fault, sweeps, float(str(saved)))

    def _damage(self, number: object, error: Exception) -> RunDatabaseError:
        return RunDatabaseError(
            gettext(
                "{path}: run {number} is damaged ({fault}); delete it with inkling runs delete "
                "{number}.",
                path=self.path,
                number=number,
                fault=str(error)[:120],
            )
        )

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """Open the database for one transaction: committed at the end, else rolled back."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            connection = connect(self.path, BUSY_SECONDS)
            try:
                connection.executescript(_CREATE)
                with write_transaction(connection):
                    yield connection
            finally:
                connection.close()
        except (sqlite3.Error, OSError) as error:
            raise RunDatabaseError(
                gettext("{path} cannot be used: {error}.", path=self.path, error=error)
            ) from error
