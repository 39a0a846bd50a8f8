import os
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from killed_writers import check_kills

from dashboard.api.weights_store import Draft, StoreError, WeightsStore
from nn import create_network

KILLS = int(os.environ.get("INKLING_KILLS", "60"))


def network(seed):
    return create_network((4, 3, 2), generator=np.random.default_rng(seed))


def draft(seed):
    return Draft(network(seed), f"seed {seed}", 0.5, 1.5)


@pytest.fixture
def store(tmp_path):
    opened = WeightsStore(tmp_path / "deep" / "state", 3, lambda: "2026-01-02T03:04:05Z")
    yield opened
    opened.close()


def add(store, seed):
    with store.change() as change:
        return change.add(draft(seed))


def same(first, second):
    return all(
        np.array_equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True)
    )


def test_the_folder_is_created_at_first_use(tmp_path):
    store = WeightsStore(tmp_path / "state", 3, str)
    assert not (tmp_path / "state").exists()
    assert store.newest() is None
    store.close()
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0


def test_numbers_increase_and_versions_survive_a_restart(store, tmp_path):
    for seed in range(5):
        assert add(store, seed).number == seed + 1
    store.close()
    again = WeightsStore(tmp_path / "deep" / "state", 3, str)
    assert [version.number for version in again.versions()] == [5, 4, 3]
    assert again.newest().created == "2026-01-02T03:04:05Z"
    assert same(again.network(4), network(3))
    with pytest.raises(KeyError):
        again.network(2)
    assert add(again, 9).number == 6
    again.close()


def test_equal_weights_do_not_make_a_version(store):
    assert add(store, 1) == add(store, 1)
    assert [version.number for version in store.versions()] == [1]


def test_a_failed_change_is_rolled_back(store):
    add(store, 1)

    def fail():
        with store.change() as change:
            change.add(draft(2))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.newest().number == 1
    assert add(store, 3).number == 2


def test_two_stores_can_share_a_folder(store, tmp_path):
    other = WeightsStore(tmp_path / "deep" / "state", 3, str)
    add(store, 1)
    assert other.newest().number == 1
    assert add(other, 2).number == 2
    assert store.newest().number == 2
    other.close()


def test_a_damaged_version_is_an_error_with_its_number(store, tmp_path):
    add(store, 1)
    store.close()
    with sqlite3.connect(tmp_path / "deep" / "state" / "weights.sqlite3") as connection:
        connection.execute("UPDATE versions SET weights = ?", (b"PK",))
    connection.close()
    with pytest.raises(StoreError, match="Version 1 "):
        store.network(1)


def test_an_unusable_file_or_folder_is_an_error_with_its_name(tmp_path):
    (tmp_path / "file").write_text("")
    store = WeightsStore(tmp_path / "file" / "state", 3, str)
    with pytest.raises(StoreError, match="INKLING_API_STATE"):
        store.newest()
    (tmp_path / "weights.sqlite3").write_bytes(b"not a database at all" * 100)
    store = WeightsStore(tmp_path, 3, str)
    with pytest.raises(StoreError, match=r"weights\.sqlite3"):
        store.newest()
    store.close()


def test_no_acknowledged_version_is_lost_or_damaged_when_the_process_is_killed(
    memory_folder,
):
    check_kills(Path(__file__).with_name("kill_writers.py"), memory_folder, KILLS, "broken")
