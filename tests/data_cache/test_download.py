"""Downloading full data sets: mirrors, checksums, progress, and what failures leave."""

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
IMAGES, TEST_IMAGES = "train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz"
TOTAL = sum(map(len, CONTENTS.values()))


@pytest.fixture
def fetch(server, tmp_path, monkeypatch):
    """A function that fetches small files from two mirrors into `tmp_path / "mnist"`."""
    files = tuple(
        RemoteFile(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in CONTENTS.items()
    )
    monkeypatch.setattr(download, "REMOTE_FILES", {"mnist": files})
    for name, content in CONTENTS.items():
        server.files[f"/first/{name}"] = server.files[f"/second/{name}"] = content
    mirrors = [server.url + "/first/", server.url + "/second"]
    return lambda **settings: fetch_data_set(
        "mnist", **{"folder": tmp_path, "mirrors": mirrors, **settings}
    )


def found_in(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_all_files_are_fetched_from_the_first_mirror_and_only_once(tmp_path, server, fetch):
    folder = fetch()
    assert folder == tmp_path / "mnist"
    assert found_in(folder) == CONTENTS
    assert server.asked == {f"/first/{name}": 1 for name in CONTENTS}
    server.asked.clear()
    fetch()
    assert not server.asked


@pytest.mark.parametrize("content", [CONTENTS[IMAGES], b"half"], ids=["whole", "damaged"])
def test_only_missing_and_damaged_files_are_fetched_and_progress_counts_all(
    tmp_path, server, fetch, content
):
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / IMAGES).write_bytes(content)
    reports = []
    assert found_in(fetch(progress=lambda *report: reports.append(report))) == CONTENTS
    assert server.asked[f"/first/{IMAGES}"] == (content == b"half")
    done = [report[0] for report in reports]
    assert done == sorted(done)
    assert done[-1] == TOTAL
    assert {report[1] for report in reports} == {TOTAL}
    assert list(dict.fromkeys(report[2] for report in reports)) == list(CONTENTS)
    if content != b"half":
        assert reports[0] == (len(CONTENTS[IMAGES]), TOTAL, IMAGES)


def break_status(server, path):
    server.statuses[path] = 503


def truncate(server, path):
    server.cut_short.add(path)


def corrupt(server, path):
    server.files[path] = server.files[path].replace(b"i", b"!")


@pytest.mark.parametrize(
    ("failure", "reason"),
    [(break_status, "503"), (truncate, "truncated"), (corrupt, "checksum")],
)
def test_the_next_mirror_is_used_if_one_fails_and_an_error_has_the_reasons_if_all_fail(
    tmp_path, server, fetch, failure, reason
):
    failure(server, f"/first/{IMAGES}")
    assert found_in(fetch()) == CONTENTS
    assert server.asked[f"/second/{IMAGES}"] == 1
    (tmp_path / "mnist" / IMAGES).unlink()
    failure(server, f"/second/{IMAGES}")
    with pytest.raises(DataError) as caught:
        fetch()
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'mnist' / IMAGES}: expected 30000 bytes")
    assert hashlib.sha256(CONTENTS[IMAGES]).hexdigest()[:12] in message
    for mirror in ("first", "second"):
        found = message.split(f"{server.url}/{mirror}/{IMAGES}: ")[1]
        assert reason in found.split(";")[0]
    assert caught.value.__cause__ is not None
    assert IMAGES not in found_in(tmp_path / "mnist")


def test_an_unreachable_server_is_reported_as_no_connection(fetch):
    with pytest.raises(DataError, match=r"127\.0\.0\.1:1/.*: no connection"):
        fetch(mirrors=["http://127.0.0.1:1"])


def test_a_second_download_fetches_only_what_is_missing(server, fetch):
    for mirror in ("first", "second"):
        server.statuses[f"/{mirror}/{TEST_IMAGES}"] = 500
    with pytest.raises(DataError):
        fetch()
    server.statuses.clear()
    server.asked.clear()
    assert found_in(fetch()) == CONTENTS
    assert sorted(server.asked) == [f"/first/{TEST_IMAGES}", "/first/t10k-labels-idx1-ubyte.gz"]


def test_an_interrupted_download_leaves_no_partial_file(tmp_path, fetch):
    def interrupt(done, total, name):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(progress=interrupt)
    assert found_in(tmp_path / "mnist") == {}


def test_without_pooch_the_error_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(DataError, match=r"pip install .*inkling\[download\]"):
        fetch_data_set("mnist", folder=tmp_path)
    assert not (tmp_path / "mnist").exists()


def test_a_folder_that_cannot_be_created_and_bundled_digits_are_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match=r"file.*INKLING_DATA"):
        fetch_data_set("mnist", folder=tmp_path / "file")
    with pytest.raises(DataError, match=r"digits.*bundled"):
        fetch_data_set("digits", folder=tmp_path)
