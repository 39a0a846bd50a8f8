"""SQLite databases that processes share: saves of visitors, stored runs, published weights."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

RETRY_SECONDS = 0.01


def connect(
    path: Path, busy_seconds: float, settings_of_new_file: Sequence[str] = ()
) -> sqlite3.Connection:
    """Open a database with a write-ahead log, in which readers never wait for a writer.

    Parameters
    ----------
    path : Path
        Created if missing, in a folder that exists, readable by its owner only.
    busy_seconds : float
        How long this and every later statement waits for another process, at most.
    settings_of_new_file : sequence of str
        Statements that have an effect only before the first table is created.

    Returns
    -------
    sqlite3.Connection
        It begins no transactions by itself, and one thread at a time may use it.

    Raises
    ------
    sqlite3.Error
        If the file is no database, or cannot be opened or locked in time.
    OSError
        If the file cannot be created.
    """
    # SQLite gives the files that it makes beside this one the same permissions.
    path.touch(mode=0o600)
    connection = sqlite3.connect(
        path, timeout=busy_seconds, isolation_level=None, check_same_thread=False
    )
    try:
        for setting in settings_of_new_file:
            connection.execute(setting)
        _use_write_ahead_log(connection, busy_seconds)
    except BaseException:
        connection.close()
        raise
    return connection


def _use_write_ahead_log(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """Change the journal mode, which SQLite refuses at once while others open the same new file."""
    end = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() >= end:
                raise
        time.sleep(RETRY_SECONDS)


@contextmanager
def write_transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Begin a write transaction, which the end of the block commits and an exception rolls back.

    Parameters
    ----------
    connection : sqlite3.Connection
        One that begins no transactions by itself (`isolation_level=None`).

    Raises
    ------
    sqlite3.Error
        If the database cannot be locked or written.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
