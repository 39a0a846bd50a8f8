"""Keeps the last versions of the server's weights on disk, so that no kill can harm them.

It is an SQLite file: a version is there whole after its commit has been synced, or not at all, and
several servers may share one folder, since every change holds the file's own lock.
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
    """The versions cannot be read or written; the message says where and what to do."""


@dataclass(frozen=True)
class Version:
    """One version of the weights, without the weights.

    Attributes
    ----------
    number
        Counts up from 1 and is never used twice.
    created
        When, as ISO 8601 in UTC.
    origin
        How it came to be, in words.
    sizes
        For example "784-128-10".
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
    """What a new version will be, before it has a number and a time."""

    network: Network
    origin: str
    accuracy: float
    loss: float


class Change:
    """A change under way: nobody else changes anything before it ends."""

    def __init__(self, connection: sqlite3.Connection, kept: int, now: Callable[[], str]) -> None:
        self._connection = connection
        self._kept = kept
        self._now = now

    def newest(self) -> Version | None:
        """Return the newest version; None in an empty store."""
        return _newest(self._connection)

    def network(self, number: int) -> Network:
        """Return the weights of a version; KeyError when it is not kept."""
        return _network(self._connection, number)

    def versions(self) -> list[Version]:
        """Return all versions that are kept, the newest first."""
        return _versions(self._connection)

    def add(self, draft: Draft) -> Version:
        """Make a draft the newest version; the same weights as the newest change nothing."""
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
            "DELETE FROM versions WHERE number NOT IN "
            "(SELECT number FROM versions ORDER BY number DESC LIMIT ?)",
            (self._kept,),
        )
        return Version(number, *values[:-1])


class WeightsStore:
    """The versions in a folder; it is opened at the first use.

    Parameters
    ----------
    folder
        Made when it is not there.
    kept
        How many versions are kept.
    now
        The time of day, in the form that versions carry.
    """

    def __init__(self, folder: Path, kept: int, now: Callable[[], str]) -> None:
        self._path = folder / FILE_NAME
        self._kept = kept
        self._now = now
        self._reading = _Connection(self._path)
        self._writing = _Connection(self._path)

    def newest(self) -> Version | None:
        """Return the newest version; None in an empty store. It takes microseconds."""
        with self._reading.lent() as connection:
            return _newest(connection)

    def network(self, number: int) -> Network:
        """Return the weights of a version; KeyError when it is not kept."""
        with self._reading.lent() as connection:
            return _network(connection, number)

    def versions(self) -> list[Version]:
        """Return all versions that are kept, the newest first."""
        with self._reading.lent() as connection:
            return _versions(connection)

    @contextmanager
    def change(self) -> Iterator[Change]:
        """Hold the store for one change; it is on disk when this ends, or undone by an error."""
        with self._writing.lent() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Change(connection, self._kept, self._now)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file; another use opens it again."""
        self._reading.close()
        self._writing.close()


class _Connection:
    """A connection that is opened when it is needed and lent to one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def lent(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._connection = self._connection or self._open()
                yield self._connection
            except sqlite3.Error as error:
                raise StoreError(
                    f"The weights in {self._path} cannot be used: {error}. Move the file away, or "
                    "name another folder with INKLING_API_STATE."
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
                f"The folder {self._path.parent} cannot be made ({error.strerror}); name another "
                "with INKLING_API_STATE."
            ) from error
        connection = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        # A log that is synced at every commit: readers never wait for a writer.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(_CREATE)
        return connection


def content_name(weights: bytes) -> str:
    """Name weights by their content."""
    return hashlib.sha256(weights).hexdigest()[:32]


def version_record(version: Version) -> dict[str, Any]:
    """Return a version as the API shows it."""
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
        raise StoreError(f"Version {number} of the weights is damaged on the disk.")
    return weights_from_bytes(weights, f"version {number}.npz")
