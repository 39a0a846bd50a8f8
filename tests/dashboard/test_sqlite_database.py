"""A database file that several processes open at the same moment is opened by all of them."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from dashboard.sqlite_database import connect, write_transaction

CONNECTIONS = 4


def test_connections_that_create_the_same_file_at_once_all_write(tmp_path):
    # SQLite refuses one in thirty such files without waiting; sixty leave a tenth of a chance.
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        for trial in range(60):
            path = tmp_path / f"{trial}.sqlite3"
            begin = threading.Barrier(CONNECTIONS)

            def write(number, path=path, begin=begin):
                begin.wait()
                with closing(connect(path, 10.0, ["PRAGMA page_size = 16384"])) as connection:
                    connection.execute("CREATE TABLE IF NOT EXISTS numbers (value)")
                    with write_transaction(connection):
                        connection.execute("INSERT INTO numbers VALUES (?)", (number,))

            list(threads.map(write, range(CONNECTIONS)))
            with closing(connect(path, 10.0)) as connection:
                rows = connection.execute("SELECT value FROM numbers").fetchall()
                mode = connection.execute("PRAGMA journal_mode").fetchone()
            assert sorted(value for (value,) in rows) == list(range(CONNECTIONS))
            assert mode == ("wal",)


def test_a_file_that_another_connection_keeps_locked_is_an_error_after_the_given_time(tmp_path):
    path = tmp_path / "locked.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        holder.execute("CREATE TABLE numbers (value)")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            connect(path, 0.05)
        holder.execute("COMMIT")
    with closing(connect(path, 0.05)) as connection:
        assert connection.execute("SELECT * FROM numbers").fetchall() == []


def test_a_file_of_another_kind_is_an_error_at_once(tmp_path):
    path = tmp_path / "text.sqlite3"
    path.write_text("not a database " * 100)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        connect(path, 600.0)
