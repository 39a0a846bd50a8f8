import hashlib
import zipfile
from pathlib import Path

import pytest

from dashboard.site import pyodide_files
from dashboard.site.pyodide_files import PinnedFile, obtain_pyodide, read_cdn, read_folder
from dashboard.site.site_files import SiteError

CONTENTS = {"pyodide.js": b"script", "python_stdlib.zip": b"library"}


def pinned_files() -> list[PinnedFile]:
    return [
        PinnedFile(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in CONTENTS.items()
    ]


@pytest.fixture
def two_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyodide_files, "pyodide_files", pinned_files)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in CONTENTS.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def unreachable(*arguments: object) -> dict[str, bytes]:
    raise SiteError("unreachable here")


def test_a_named_folder_gives_every_file(two_files: None, folder: Path, tmp_path: Path) -> None:
    assert obtain_pyodide(folder, tmp_path / "cache", lambda line: None) == CONTENTS
    assert not (tmp_path / "cache").exists()


def test_a_wrong_checksum_names_the_file_what_was_expected_and_what_was_found(folder: Path) -> None:
    (folder / "pyodide.js").write_bytes(b"tampered")

    with pytest.raises(SiteError) as caught:
        read_folder(folder, pinned_files())

    text = str(caught.value)
    assert "pyodide.js" in text
    assert str(folder) in text
    assert hashlib.sha256(b"script").hexdigest() in text
    assert hashlib.sha256(b"tampered").hexdigest() in text
    assert "(8 bytes)" in text


def test_a_named_folder_that_lacks_a_file_is_an_error_and_nothing_else_is_tried(
    two_files: None, folder: Path, tmp_path: Path
) -> None:
    (folder / "python_stdlib.zip").unlink()

    with pytest.raises(SiteError, match=r"Expected python_stdlib\.zip in the folder"):
        obtain_pyodide(folder, tmp_path / "cache", lambda line: None)


def test_without_a_folder_each_source_is_tried_in_turn_and_the_files_are_kept(
    two_files: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: list[str] = []
    monkeypatch.setattr(pyodide_files, "read_cdn", unreachable)
    monkeypatch.setattr(pyodide_files, "read_index", lambda wanted, log: CONTENTS)
    assert obtain_pyodide(None, tmp_path, log.append) == CONTENTS

    monkeypatch.setattr(pyodide_files, "read_index", unreachable)
    assert obtain_pyodide(None, tmp_path, log.append) == CONTENTS

    assert "package index" in log[0]
    assert "cache" in log[1]


def test_when_nothing_helps_the_error_says_what_was_wrong_with_each_source(
    two_files: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyodide_files, "read_cdn", unreachable)
    monkeypatch.setattr(pyodide_files, "read_index", unreachable)

    with pytest.raises(SiteError) as caught:
        obtain_pyodide(None, tmp_path, lambda line: None)

    text = str(caught.value)
    assert "PYODIDE_DIST" in text
    assert "Expected pyodide.js in the folder" in text
    assert text.count("unreachable here") == 2


def test_files_are_downloaded_from_an_address_and_checked(folder: Path) -> None:
    address = folder.as_uri() + "/"
    assert read_cdn(address, pinned_files()) == CONTENTS

    (folder / "pyodide.js").write_bytes(b"tampered")
    with pytest.raises(SiteError, match=r"of pyodide\.js, found .* in file:"):
        read_cdn(address, pinned_files())

    (folder / "pyodide.js").unlink()
    with pytest.raises(SiteError, match=r"Expected pyodide\.js at file:"):
        read_cdn(address, pinned_files())


def test_files_are_taken_out_of_a_wheel_and_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / "carrier.whl"
    inside = pyodide_files.pinned()["index"]["folder"]
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(inside + "pyodide.js", CONTENTS["pyodide.js"])
    monkeypatch.setattr(pyodide_files, "pip_download", lambda *arguments: wheel)
    first, second = pinned_files()

    assert pyodide_files.read_index([first], lambda line: None) == {"pyodide.js": b"script"}
    with pytest.raises(SiteError, match=r"python_stdlib\.zip in carrier\.whl"):
        pyodide_files.read_index([first, second], lambda line: None)


def test_the_list_in_the_repository_covers_the_core_and_every_package_of_its_lock() -> None:
    pinned = pyodide_files.pinned()
    by_name = {file.name: file for file in pyodide_files.pyodide_files()}

    assert {"pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip"} <= set(by_name)
    for package in pinned["lock"]["packages"].values():
        assert by_name[package["file_name"]].sha256 == package["sha256"]
    assert all(len(file.sha256) == 64 and file.size > 0 for file in by_name.values())
