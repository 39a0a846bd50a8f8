import io
import os
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nn.serialization import (
    ArchiveContentError,
    ArchiveError,
    ArchiveSizeError,
    arrays_from_npz,
    arrays_to_npz,
    write_atomically,
)

# Atomic writing.


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_failed_write_keeps_the_old_file_and_leaves_nothing_beside_it(
    tmp_path, monkeypatch, broken
):
    def fail(*_):
        raise OSError(28, "No space left on device")

    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    monkeypatch.setattr(os if broken == "fsync" else type(path), broken, fail)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new")
    monkeypatch.undo()
    assert {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()} == {"a.bin": b"old"}


def test_the_new_file_replaces_the_old_one_only_when_it_is_complete_on_disk(tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    seen = []

    def look(_descriptor):
        seen.append(sorted(entry.read_bytes() for entry in tmp_path.iterdir()))

    monkeypatch.setattr(os, "fsync", look)
    write_atomically(path, b"new and longer")
    assert seen == [[b"new and longer", b"old"]]
    assert path.read_bytes() == b"new and longer"


# Archives of arrays.

ARRAYS = {
    "a": np.arange(6, dtype=np.float32).reshape(2, 3),
    "b": np.asfortranarray(np.arange(6, dtype=">i2").reshape(3, 2)),
    "empty": np.empty((0, 3)),
    "scalar": np.array(7),
    "text": np.array("relu"),
}


def archive_of(**entries: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in entries.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


def npy(shape, values=bytes(64)) -> bytes:
    file = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue() + values


def pickled() -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([{}], dtype=object), allow_pickle=True)
    return file.getvalue()


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_arrays_are_read_as_numpy_wrote_them(write):
    file = io.BytesIO()
    write(file, **ARRAYS)
    found = arrays_from_npz(file.getvalue())
    assert list(found) == list(ARRAYS)
    for key, expected in ARRAYS.items():
        np.testing.assert_array_equal(found[key], expected)
        assert found[key].dtype == expected.dtype
        assert found[key].shape == expected.shape
        assert found[key].flags.writeable


@given(hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, min_side=0, max_side=3)))
def test_any_array_of_numbers_or_texts_comes_back(array):
    found = arrays_from_npz(arrays_to_npz({"x": array}))["x"]
    assert (found.dtype, found.shape, found.tobytes()) == (
        array.dtype,
        array.shape,
        array.tobytes(),
    )


def test_the_same_arrays_give_the_same_bytes():
    assert arrays_to_npz(ARRAYS) == arrays_to_npz(ARRAYS)


def test_an_archive_within_its_limits_is_read():
    assert arrays_from_npz(archive_of(a=npy((4, 4))), max_bytes=192, max_arrays=1)["a"].size == 16


@pytest.mark.parametrize(
    ("data", "limits", "error"),
    [
        (archive_of(a=npy((4, 4))), {"max_bytes": 191}, ArchiveSizeError),
        (archive_of(a=npy((4, 4)), b=npy((4, 4))), {"max_arrays": 1}, ArchiveContentError),
        (archive_of(a=pickled()), {}, ArchiveContentError),
        (archive_of(a=npy((1 << 40,))), {}, ArchiveContentError),
        (archive_of(a=npy((1 << 62, 1 << 62))), {}, ArchiveContentError),
        (archive_of(a=npy((-4, -4))), {}, ArchiveContentError),
        (archive_of(a=npy((4, 3))), {}, ArchiveContentError),
        (archive_of(a=b"x"), {}, ArchiveError),
        (archive_of(a=b"\x93NUMPY\x09\x00"), {}, ArchiveError),
        (b"PK", {}, ArchiveError),
        (b"", {}, ArchiveError),
    ],
)
def test_an_archive_that_is_too_large_or_not_what_it_claims_is_refused(data, limits, error):
    with pytest.raises(ArchiveError) as refused:
        arrays_from_npz(data, **limits)
    assert type(refused.value) is error


def test_the_limit_of_bytes_holds_for_what_a_compressed_entry_unpacks_to():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", npy((1 << 20,), bytes(1 << 22)))
    with pytest.raises(ArchiveSizeError, match=r"at most 1,000,000 .* claims 4,194,432"):
        arrays_from_npz(file.getvalue(), max_bytes=1_000_000)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(method):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("a.npy", npy((4, 4)))
    with pytest.raises(ArchiveContentError):
        arrays_from_npz(file.getvalue())


def test_a_truncated_archive_is_refused_at_any_length():
    data = arrays_to_npz({"a": np.ones(3), "b": np.ones(2)})
    for length in range(len(data)):
        with pytest.raises(ArchiveError):
            arrays_from_npz(data[:length])


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_refused(data):
    for start in (b"", b"PK"):
        with pytest.raises(ArchiveError):
            arrays_from_npz(start + data)
