"""Downloading full data sets: mirrors, checksums, progress, and what failures leave."""

from __future__ import annotations

import hashlib
import sys

import pytest

from data_cache import DataError, download, fetch_data_set
from data_cache.download import RemoteFile

CONTENTS = {
    "train-images-idx3-ubyte.gz": b"images" * 5000,
    "train-labels-idx1-ubyte.gz": b"labels",
    "t10k-images-idx3-ubyte.gz": b"more images",
    "t10k-labels-idx1-ubyte.gz": b"more labels",
}
IMAGES = "train-images-idx3-ubyte.gz"
TOTAL = sum(map(len, CONTENTS.values()))


@pytest.fixture(autouse=True)
def small_files(monkeypatch):
    files = tuple(
        RemoteFile(name, len(content), "", hashlib.sha256(content).hexdigest())
        for name, content in CONTENTS.items()
    )
    monkeypatch.setattr(download, "REMOTE_FILES", {"mnist": files})


@pytest.fixture
def mirrors(server):
    for name, content in CONTENTS.items():
        server.files[f"/first/{name}"] = server.files[f"/second/{name}"] = content
    return [server.url + "/first/", server.url + "/second"]


def found_in(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_all_files_are_fetched_from_the_first_mirror(tmp_path, server, mirrors):
    place = fetch_data_set("mnist", folder=tmp_path, mirrors=mirrors)
    assert place == tmp_path / "mnist"
    assert found_in(place) == CONTENTS
    assert server.asked == {f"/first/{name}": 1 for name in CONTENTS}


def test_files_that_are_there_are_not_fetched_again(tmp_path, server, mirrors):
    place = tmp_path / "mnist"
    place.mkdir()
    (place / IMAGES).write_bytes(CONTENTS[IMAGES])
    reports = []
    fetch_data_set(
        "mnist", folder=tmp_path, mirrors=mirrors, progress=lambda *report: reports.append(report)
    )
    assert server.asked[f"/first/{IMAGES}"] == 0
    assert found_in(place) == CONTENTS
    assert reports[0] == (len(CONTENTS[IMAGES]), TOTAL, IMAGES)
    server.asked.clear()
    fetch_data_set("mnist", folder=tmp_path, mirrors=mirrors)
    assert not server.asked


def test_a_damaged_file_is_fetched_again(tmp_path, mirrors):
    place = tmp_path / "mnist"
    place.mkdir()
    (place / IMAGES).write_bytes(b"half")
    fetch_data_set("mnist", folder=tmp_path, mirrors=mirrors)
    assert found_in(place) == CONTENTS


def break_status(server, path):
    server.statuses[path] = 503


def break_off(server, path):
    server.cut_short.add(path)


def corrupt(server, path):
    server.files[path] = server.files[path].replace(b"i", b"!")


FAILURES = [
    (break_status, "status 503"),
    (break_off, "the response was truncated"),
    (corrupt, "the checksum differs"),
]


@pytest.mark.parametrize(("failure", "_reason"), FAILURES)
def test_the_next_mirror_is_used_if_one_fails_truncates_or_corrupts(
    tmp_path, server, mirrors, failure, _reason
):
    failure(server, f"/first/{IMAGES}")
    place = fetch_data_set("mnist", folder=tmp_path, mirrors=mirrors)
    assert found_in(place) == CONTENTS
    assert server.asked[f"/second/{IMAGES}"] == 1


@pytest.mark.parametrize(("failure", "reason"), FAILURES)
def test_if_all_mirrors_fail_each_reason_is_told_and_no_partial_file_stays(
    tmp_path, server, mirrors, failure, reason
):
    for mirror in ("first", "second"):
        failure(server, f"/{mirror}/{IMAGES}")
    with pytest.raises(DataError) as caught:
        fetch_data_set("mnist", folder=tmp_path, mirrors=mirrors)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'mnist' / IMAGES}: expected 30000 bytes with SHA-256")
    assert hashlib.sha256(CONTENTS[IMAGES]).hexdigest()[:12] in message
    for mirror in ("first", "second"):
        assert f"{server.url}/{mirror}/{IMAGES}: {reason}" in message
    assert caught.value.__cause__ is not None
    assert found_in(tmp_path / "mnist") == {}


def test_an_unreachable_server_is_reported_as_no_connection(tmp_path, server, mirrors):
    with pytest.raises(DataError, match=r"127\.0\.0\.1:1/.*: no connection\)"):
        fetch_data_set("mnist", folder=tmp_path, mirrors=["http://127.0.0.1:1"])


def test_a_second_download_fetches_only_what_is_missing(tmp_path, server, mirrors):
    for mirror in ("first", "second"):
        server.statuses[f"/{mirror}/t10k-images-idx3-ubyte.gz"] = 500
    with pytest.raises(DataError):
        fetch_data_set("mnist", folder=tmp_path, mirrors=mirrors)
    server.statuses.clear()
    server.asked.clear()
    place = fetch_data_set("mnist", folder=tmp_path, mirrors=mirrors)
    assert found_in(place) == CONTENTS
    assert sorted(server.asked) == [
        "/first/t10k-images-idx3-ubyte.gz",
        "/first/t10k-labels-idx1-ubyte.gz",
    ]


def test_progress_rises_over_all_files_to_the_total(tmp_path, mirrors):
    reports = []
    fetch_data_set(
        "mnist", folder=tmp_path, mirrors=mirrors, progress=lambda *report: reports.append(report)
    )
    done = [report[0] for report in reports]
    assert done == sorted(done)
    assert done[-1] == TOTAL
    assert {report[1] for report in reports} == {TOTAL}
    assert list(dict.fromkeys(report[2] for report in reports)) == list(CONTENTS)


def test_an_interruption_in_the_middle_of_a_file_leaves_no_partial_file(tmp_path, mirrors):
    def interrupt(done, total, name):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_data_set("mnist", folder=tmp_path, mirrors=mirrors, progress=interrupt)
    assert found_in(tmp_path / "mnist") == {}


def test_without_pooch_the_error_tells_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(DataError, match=r"pip install .*inkling\[download\]"):
        fetch_data_set("mnist", folder=tmp_path)
    assert not (tmp_path / "mnist").exists()


def test_a_folder_that_cannot_be_created_is_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match=r"a folder that can be created.* INKLING_DATA"):
        fetch_data_set("mnist", folder=tmp_path / "file")


def test_the_bundled_digits_cannot_be_fetched(tmp_path):
    with pytest.raises(DataError, match="bundled with the package"):
        fetch_data_set("digits", folder=tmp_path)
