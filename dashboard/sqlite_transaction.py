"""A write transaction of an SQLite database, for saves of visitors and for stored runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress


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
