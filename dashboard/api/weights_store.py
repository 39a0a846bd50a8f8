"""The last versions of the server's weights in an SQLite file.

Transactions make a version durable or absent after a crash, and several server processes may share
one folder, since every change holds the file's lock.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from dashboard.sqlite_database import connect
from nn import Network, weights_from_bytes, weights_to_bytes

FILE_NAME = "weights.sqlite3"
BUSY_SECONDS = 60.0
_CREATE = """
CREATE TABLE IF NOT EXISTS versions (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  created TEXT NOT NULL, origin TEXT NOT NULL, sizes TEXT NOT NULL,
  accuracy REAL NOT NULL, loss REAL NOT NULL, content TEXT NOT NULL, weights BLOB NOT NULL
)
"""
_FIELDS = "number, created, origin, sizes, accuracy, loss, content"


class StoreError(Exception):
    """The file cannot be read or written; the message names it and the remedy."""


@dataclass(frozen=True)
class Version:
    """One version of the weights, without the weights.

    Attributes
    ----------
    number
        From 1 upwards, never reused.
    created
        ISO 8601 time in UTC.
    origin
        How it was created, as a phrase.
    sizes
        Layer sizes, for example "784-128-10".
    accuracy, loss
        On the validation digits.
    content
        The first 32 hexadecimal digits of the SHA-256 of the weights.
    """

    number: int
    created: str
    origin: str
    sizes: str
    accuracy: float
    loss: float
    content: str


@dataclass(frozen=True)
class Draft:
    """A version that has not been stored yet."""

    network: Network
    origin: str
    accuracy: float
    loss: float


class Change:
    """An open write transaction."""

    def __init__(
        self, connection: sqlite3.Connection, max_versions: int, now: Callable[[], str]
    ) -> None:
        self._connection = connection
        self._max_versions = max_versions
        self._now = now

    def newest(self) -> Version | None:
        """Return the newest version; None in an empty store."""
        return _newest(self._connection)

    def best(self) -> Version:
        """Return the stored version with the highest accuracy, the newest of equal ones."""
        return max(self.versions(), key=lambda version: (version.accuracy, version.number))

    def network(self, number: int) -> Network:
        """Return the network of a version; raise KeyError if it is not stored."""
        return _network(self._connection, number)

    def versions(self) -> list[Version]:
        """Return all stored versions, the newest first."""
        return _versions(self._connection)

    def add(self, draft: Draft) -> Version:
        """Store a draft as the newest version; weights equal to the newest change nothing.

        The oldest versions are dropped, but never the best one.
        """
        weights = weights_to_bytes(draft.network, ".npz")
        content = content_name(weights)
        newest = self.newest()
        if newest is not None and newest.content == content:
            return newest
        sizes = "-".join(map(str, draft.network.sizes))
        values = (self._now(), draft.origin, sizes, draft.accuracy, draft.loss, content, weights)
        number = self._connection.execute(
            f"INSERT INTO versions ({_FIELDS.removeprefix('number, ')}, weights) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            values,
        ).lastrowid
        assert number is not None
        self._connection.execute(
            "DELETE FROM versions WHERE number != ? AND number NOT IN "
            "(SELECT number FROM versions ORDER BY number DESC LIMIT ?)",
            (self.best().number, self._max_versions),
        )
        return Version(number, *values[:-1])


class WeightsStore:
    """The stored versions in a folder, opened at first use.

    Parameters
    ----------
    folder
        Created if missing.
    max_versions
        The maximum number of stored versions.
    now
        Returns the current time as stored in `Version.created`.
    """

    def __init__(self, folder: Path, max_versions: int, now: Callable[[], str]) -> None:
        self._path = folder / FILE_NAME
        self._max_versions = max_versions
        self._now = now
        self._reading = _Connection(self._path)
        self._writing = _Connection(self._path)

    def newest(self) -> Version | None:
        """Return the newest version; None in an empty store. Takes microseconds."""
        with self._reading.locked() as connection:
            return _newest(connection)

    def network(self, number: int) -> Network:
        """Return the network of a version; raise KeyError if it is not stored."""
        with self._reading.locked() as connection:
            return _network(connection, number)

    def versions(self) -> list[Version]:
        """Return all stored versions, the newest first."""
        with self._reading.locked() as connection:
            return _versions(connection)

    @contextmanager
    def change(self) -> Iterator[Change]:
        """Open a write transaction: committed at the end, rolled back by an exception."""
        with self._writing.locked() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Change(connection, self._max_versions, self._now)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        self._reading.close()
        self._writing.close()


class _Connection:
    """A connection, opened at first use and locked by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def locked(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._connection = self._connection or self._open()
                yield self._connection
            except (sqlite3.Error, OSError) as error:
                raise StoreError(
                    f"Expected a usable SQLite file at {self._path}: {error}. Move the file away "
                    "or set INKLING_API_STATE to another folder."
                ) from error

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StoreError(
                f"The folder {self._path.parent} cannot be created ({error.strerror}); set "
                "INKLING_API_STATE to another one."
            ) from error
        connection = connect(self._path, BUSY_SECONDS)
        # Every commit is on the disk when it returns.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(_CREATE)
        return connection


def content_name(weights: bytes) -> str:
    """Return the content identifier of serialized weights."""
    return hashlib.sha256(weights).hexdigest()[:32]


def version_record(version: Version) -> dict[str, Any]:
    """Return a version as a JSON object of the API."""
    names = ("version", "created", "origin", "sizes", "accuracy", "loss", "content")
    return dict(zip(names, astuple(version), strict=True))


def _newest(connection: sqlite3.Connection) -> Version | None:
    row = connection.execute(
        f"SELECT {_FIELDS} FROM versions ORDER BY number DESC LIMIT 1"
    ).fetchone()
    return Version(*row) if row else None


def _versions(connection: sqlite3.Connection) -> list[Version]:
    rows = connection.execute(f"SELECT {_FIELDS} FROM versions ORDER BY number DESC")
    return [Version(*row) for row in rows]


def _network(connection: sqlite3.Connection, number: int) -> Network:
    row = connection.execute(
        "SELECT content, weights FROM versions WHERE number = ?", (number,)
    ).fetchone()
    if row is None:
        raise KeyError(number)
    content, weights = row
    if content_name(weights) != content:
        raise StoreError(f"Version {number} of the weights is damaged: its hash differs.")
    return weights_from_bytes(weights, f"version {number}.npz")
