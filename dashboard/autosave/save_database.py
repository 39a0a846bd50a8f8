"""What visitors of a served page have done, in one SQLite file: bounded, expiring, safe to kill.

A visitor's records are found by a key that only the visitor's browser has; the file holds its hash.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.autosave.store import StoreError, StoreFullError
from dashboard.languages.text import gettext
from dashboard.sqlite_database import connect, write_transaction

FILE_NAME = "saves.sqlite3"
BUSY_SECONDS = 10.0
BEAT_WITHIN_SECONDS = 8.0
"""The sessions of a process that has not written for so long are closed."""

OWNER_SHARE = 4
"""One visitor's records may take this fraction of the space, at most: one part in so many."""

EXPIRY_CHECK_SECONDS = 600.0
PAGE_BYTES = 1 << 14

_KEY = re.compile(r"[A-Za-z0-9_-]{43,128}")
_CREATE = """
CREATE TABLE IF NOT EXISTS records (
  owner TEXT NOT NULL, name TEXT NOT NULL, session TEXT NOT NULL, saved REAL NOT NULL,
  bytes INTEGER NOT NULL, content BLOB NOT NULL, PRIMARY KEY (owner, name)
);
CREATE INDEX IF NOT EXISTS records_by_age ON records (saved, owner, session, name, bytes);
CREATE TABLE IF NOT EXISTS sessions (
  owner TEXT NOT NULL, name TEXT NOT NULL, process TEXT NOT NULL, is_connected INTEGER NOT NULL,
  PRIMARY KEY (owner, name)
);
CREATE TABLE IF NOT EXISTS processes (name TEXT PRIMARY KEY, heard REAL NOT NULL);
"""
_OPEN = """
SELECT owner, sessions.name FROM sessions JOIN processes ON processes.name = sessions.process
WHERE is_connected AND heard > ?
"""
# A session's records are deleted together, because newer ones need pieces of older ones.
_EXPIRE = """
DELETE FROM records WHERE (owner, session) IN (
  SELECT owner, session FROM records GROUP BY owner, session HAVING MAX(saved) < ?
) AND NOT EXISTS (
  SELECT 1 FROM sessions WHERE sessions.owner = records.owner AND sessions.name = records.session
)
"""


def owner_of(key: str) -> str:
    """Return the name under which the records of a visitor are stored.

    Parameters
    ----------
    key
        256 random bits or more as URL-safe base64, which the visitor's browser keeps.

    Raises
    ------
    ValueError
        The key is another text, which might be guessed.
    """
    if not _KEY.fullmatch(key):
        raise ValueError(
            f"SaveDatabase: expected a key of 43 to 128 characters, found {len(key)} that "
            "do not fit; the page makes a key of its own."
        )
    return hashlib.sha256(key.encode("ascii")).hexdigest()


@dataclass(frozen=True)
class SaveLimits:
    """What the records of all visitors may cost.

    Attributes
    ----------
    max_bytes
        Size of all records together; the oldest ones of closed sessions make room.
    max_seconds
        Age at which records are deleted.
    """

    max_bytes: int
    max_seconds: float


class SaveDatabase:
    """The records and the open sessions of all visitors; the methods are for one thread at a time.

    Parameters
    ----------
    folder
        Created if missing; several processes may share it.
    limits
        Of the records.
    now
        Returns the seconds since 1970.
    process
        A name that no other process has.
    """

    def __init__(
        self,
        folder: Path,
        limits: SaveLimits,
        now: Callable[[], float] = time.time,
        process: str = "",
    ) -> None:
        self._path = folder / FILE_NAME
        self._limits = limits
        self._now = now
        self._process = process or uuid.uuid4().hex
        self._connection: sqlite3.Connection | None = None
        self._expiry_checked = 0.0

    def names(self, owner: str) -> list[str]:
        """Return the names of a visitor's records."""
        rows = self._run("SELECT name FROM records WHERE owner = ?", owner)
        return [name for (name,) in rows]

    def read(self, owner: str, name: str) -> bytes:
        """Return a record; StoreError if the visitor has none of that name."""
        rows = self._run("SELECT content FROM records WHERE owner = ? AND name = ?", owner, name)
        if not rows:
            raise StoreError(gettext("there is no record {name}", name=name))
        content: bytes = rows[0][0]
        return content

    def write(self, owner: str, session: str, name: str, content: bytes) -> None:
        """Write a record of an open session; when this returns, it outlives the process.

        Raises
        ------
        StoreFullError
            Open sessions need all the space.
        StoreError
            The session was taken over by another page, or the file cannot be used.
        """
        with self._transaction() as connection:
            found = connection.execute(
                "SELECT process FROM sessions WHERE owner = ? AND name = ?", (owner, session)
            ).fetchone()
            if found != (self._process,):
                raise StoreError(gettext("another page has continued this work"))
            self._expire(connection)
            self._make_space(connection, owner, name, len(content))
            connection.execute(
                "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?)",
                (owner, name, name.rpartition("/")[0], self._now(), len(content), content),
            )

    def delete(self, owner: str, name: str) -> None:
        """Delete a record, if there is one of that name."""
        self._run("DELETE FROM records WHERE owner = ? AND name = ?", owner, name)

    def enter(self, owner: str, session: str, connected: bool = True) -> None:
        """Mark a session of this process as open; without a page, another one may continue it."""
        with self._transaction() as connection:
            self._beat(connection)
            connection.execute(
                "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?)",
                (owner, session, self._process, int(connected)),
            )

    def leave(self, owner: str, session: str) -> None:
        """Mark a session as closed, whichever process it belongs to."""
        self._run("DELETE FROM sessions WHERE owner = ? AND name = ?", owner, session)

    def set_connected(self, owner: str, session: str, connected: bool) -> None:
        """Tell whether a page is connected to a session; without one, another may continue it."""
        self._run(
            "UPDATE sessions SET is_connected = ? WHERE owner = ? AND name = ?",
            int(connected),
            owner,
            session,
        )

    def open_sessions(self, owner: str) -> set[str]:
        """Return a visitor's sessions that a page is connected to."""
        rows = self._run(f"{_OPEN} AND owner = ?", self._now() - BEAT_WITHIN_SECONDS, owner)
        return {name for _, name in rows}

    def sessions_of(self, owner: str) -> set[str]:
        """Return all sessions of a visitor that were not closed, with a page or without."""
        rows = self._run("SELECT name FROM sessions WHERE owner = ?", owner)
        return {name for (name,) in rows}

    def beat(self) -> set[tuple[str, str]]:
        """Tell that this process is alive; return its sessions, each with its owner."""
        with self._transaction() as connection:
            self._beat(connection)
            rows = connection.execute(
                "SELECT owner, name FROM sessions WHERE process = ?", (self._process,)
            ).fetchall()
        return {(owner, name) for owner, name in rows}

    @property
    def size(self) -> int:
        """Size of all records in bytes."""
        rows = self._run("SELECT COALESCE(SUM(bytes), 0) FROM records")
        return int(rows[0][0])

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # Inside a transaction

    def _beat(self, connection: sqlite3.Connection) -> None:
        now = self._now()
        connection.execute("INSERT OR REPLACE INTO processes VALUES (?, ?)", (self._process, now))
        dead = (now - 100 * BEAT_WITHIN_SECONDS,)
        connection.execute(
            "DELETE FROM sessions WHERE process NOT IN "
            "(SELECT name FROM processes WHERE heard > ?)",
            dead,
        )
        connection.execute("DELETE FROM processes WHERE heard <= ?", dead)

    def _expire(self, connection: sqlite3.Connection) -> None:
        now = self._now()
        if now - self._expiry_checked < EXPIRY_CHECK_SECONDS:
            return
        self._expiry_checked = now
        connection.execute(_EXPIRE, (now - self._limits.max_seconds,))

    def _make_space(self, connection: sqlite3.Connection, owner: str, name: str, size: int) -> None:
        """Delete the closed sessions that ended first until one more record fits."""
        replaced = connection.execute(
            "SELECT bytes FROM records WHERE owner = ? AND name = ?", (owner, name)
        ).fetchone()
        size -= replaced[0] if replaced else 0
        for scope, limit in (
            (owner, self._limits.max_bytes // OWNER_SHARE),
            (None, self._limits.max_bytes),
        ):
            where, values = ("", ()) if scope is None else ("WHERE owner = ?", (scope,))
            [used] = connection.execute(
                f"SELECT COALESCE(SUM(bytes), 0) FROM records {where}", values
            ).fetchone()
            excess = used + size - limit
            if excess <= 0:
                continue
            opened = set(connection.execute(_OPEN, (self._now() - BEAT_WITHIN_SECONDS,)))
            rows = connection.execute(
                f"SELECT owner, session, SUM(bytes) FROM records {where} "
                "GROUP BY owner, session ORDER BY MAX(saved)",
                values,
            ).fetchall()
            own = (owner, name.rpartition("/")[0])
            for other, session, length in rows:
                if excess <= 0:
                    break
                if (other, session) in opened or (other, session) == own:
                    continue
                connection.execute(
                    "DELETE FROM records WHERE owner = ? AND session = ?", (other, session)
                )
                excess -= length
            if excess > 0:
                raise StoreFullError(
                    gettext("it allows {limit:,.0f} MB for all visitors", limit=limit / 2**20)
                    if scope is None
                    else gettext("it allows {limit:,.0f} MB for each visitor", limit=limit / 2**20)
                )

    # The file

    def _run(self, statement: str, *values: Any) -> list[Any]:
        with _translated():
            return self._opened().execute(statement, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Open a write transaction: committed at the end, rolled back by an exception."""
        with _translated():
            connection = self._opened()
            with write_transaction(connection):
                yield connection

    def _opened(self) -> sqlite3.Connection:
        self._connection = self._connection or self._open()
        return self._connection

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings = [f"PRAGMA page_size = {PAGE_BYTES}", "PRAGMA auto_vacuum = INCREMENTAL"]
        connection = connect(self._path, BUSY_SECONDS, settings)
        # A killed process loses nothing that was committed; only a power failure may lose the last
        # commits, and it damages nothing.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA journal_size_limit = {16 * 2**20}")
        connection.executescript(_CREATE)
        connection.execute(_EXPIRE, (self._now() - self._limits.max_seconds,))
        connection.execute("PRAGMA incremental_vacuum").fetchall()
        return connection


@contextmanager
def _translated() -> Iterator[None]:
    """Turn errors of SQLite and of the file system into a StoreError."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        reason = str(getattr(error, "strerror", "") or error)
        kind = StoreFullError if "full" in reason or "space" in reason else StoreError
        raise kind(gettext("its database cannot be used: {reason}", reason=reason)) from error
