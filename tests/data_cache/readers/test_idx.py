"""Readers of idx files and gzip, and the errors for everything they refuse."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from cache_helpers import error_of, idx_bytes, numbered_samples, same
from hypothesis import given
from hypothesis import strategies as st
from sample_files import IMAGES_NAME, LABELS_NAME, images_bytes, write_pair

from data_cache import open_samples, read_csv, read_idx, read_idx_pair
from data_cache.readers.idx import parse_idx


def test_an_idx_pair_is_read_plain_and_compressed(tmp_path, compress):
    samples = numbered_samples(7)
    images, labels = write_pair(tmp_path, samples, compress)
    assert same(read_idx_pair(images, labels), samples)
    assert same(read_idx_pair(images), samples)


@given(shape=st.lists(st.integers(0, 3), min_size=1, max_size=3))
def test_an_idx_array_is_read_as_it_was_written(shape):
    values = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    assert np.array_equal(parse_idx(idx_bytes(values), "x"), values)


def test_the_content_decides_about_compression_not_the_name(tmp_path):
    values = np.arange(5, dtype=np.uint8)
    (tmp_path / "compressed").write_bytes(gzip.compress(idx_bytes(values)))
    (tmp_path / "plain.gz").write_bytes(idx_bytes(values))
    assert np.array_equal(read_idx(tmp_path / "compressed"), values)
    assert np.array_equal(read_idx(tmp_path / "plain.gz"), values)


def test_labels_are_found_beside_the_images_whether_compressed_or_not(tmp_path):
    samples = numbered_samples(3)
    images, labels = write_pair(tmp_path, samples)
    labels.rename(tmp_path / (LABELS_NAME + ".gz"))
    assert same(read_idx_pair(images), samples)


@pytest.mark.parametrize("read", [read_idx, read_csv, open_samples])
def test_a_missing_or_empty_file_is_named(tmp_path, read):
    path = tmp_path / "file"
    message = error_of(read, path)
    assert message.startswith(f"{path}: expected a readable file")
    assert "No such file or directory" in message
    path.write_bytes(b"")
    assert error_of(read, path) == f"{path}: expected samples, found an empty file (0 bytes)."


def test_a_truncated_file_is_refused_with_the_missing_bytes(tmp_path, compress):
    path = tmp_path / IMAGES_NAME
    path.write_bytes(compress(images_bytes(numbered_samples(3))[:-100]))
    message = error_of(read_idx, path)
    assert message.startswith(f"{path}: expected 2352 bytes from byte 16 on")
    assert "3 × 28 × 28" in message
    assert "found 2252 (100 bytes missing)" in message


def test_bytes_after_the_end_are_refused(tmp_path):
    path = tmp_path / LABELS_NAME
    path.write_bytes(idx_bytes(np.zeros(4, np.uint8)) + b"more")
    assert "found 8 (4 bytes too many)" in error_of(read_idx, path)


def test_a_truncated_header_is_refused(tmp_path):
    path = tmp_path / IMAGES_NAME
    path.write_bytes(images_bytes(numbered_samples(3))[:9])
    message = error_of(read_idx, path)
    assert message.startswith(f"{path}: expected a header of 16 bytes for 3 dimension(s)")
    assert "found a file of 9 bytes" in message


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"\x89PNG\r\n\x1a\n", "89 50 4e 47"),
        (b"\0\0\x0d\x01" + bytes(8), "00 00 0d 01"),
        (b"\0\0\x08\x04" + bytes(20), "00 00 08 04"),
        (b"\0\0", "00 00"),
    ],
    ids=["png", "floats", "four dimensions", "two bytes"],
)
def test_other_first_bytes_are_shown_beside_the_right_ones(tmp_path, content, shown):
    path = tmp_path / IMAGES_NAME
    path.write_bytes(content)
    message = error_of(read_idx, path)
    assert "00 00 08 03 (images) or 00 00 08 01 (labels)" in message
    assert f"found {shown} at byte 0" in message


def test_a_truncated_gzip_file_is_refused(tmp_path):
    path = tmp_path / "x.gz"
    whole = gzip.compress(idx_bytes(np.random.default_rng(0).integers(0, 256, 999, np.uint8)))
    path.write_bytes(whole[:500])
    message = error_of(read_idx, path)
    assert message.startswith(f"{path}: expected a complete gzip stream")
    assert "the first 500 bytes" in message


def test_a_damaged_gzip_file_is_refused(tmp_path):
    path = tmp_path / "x.gz"
    content = bytearray(gzip.compress(idx_bytes(np.zeros(999, np.uint8))))
    content[-6] ^= 255
    path.write_bytes(content)
    message = error_of(read_idx, path)
    assert message.startswith(f"{path}: expected a gzip stream at byte 0, found damage")
    assert "incorrect data check" in message


def test_concatenated_gzip_members_are_read_as_one(tmp_path):
    content = idx_bytes(np.arange(9, dtype=np.uint8))
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(content[:5]) + gzip.compress(content[5:]) + bytes(8))
    assert read_idx(path).tolist() == list(range(9))


def test_different_counts_of_images_and_labels_are_refused(tmp_path):
    images, labels = write_pair(tmp_path, numbered_samples(5))
    labels.write_bytes(idx_bytes(np.zeros(4, np.uint8)))
    message = error_of(read_idx_pair, images)
    assert message.startswith(f"{labels}: expected one label for each of the 5 images in {images}")
    assert "found 4" in message


def test_a_label_out_of_range_is_refused_with_its_position(tmp_path):
    images, labels = write_pair(tmp_path, numbered_samples(5))
    labels.write_bytes(idx_bytes(np.array([1, 2, 10, 3, 200], np.uint8)))
    message = error_of(read_idx_pair, images)
    assert message.startswith(f"{labels}: expected labels from 0 to 9, found 10 as label 2")
    assert "(byte 10); 2 of 5 are out of range" in message


def test_interchanged_images_and_labels_are_recognised(tmp_path):
    images, labels = write_pair(tmp_path, numbered_samples(5))
    message = error_of(read_idx_pair, labels, images)
    assert message.startswith(f"{labels}: expected images, n × 28 × 28")
    assert "found 5 values; this seems to be a file of labels" in message
    message = error_of(read_idx_pair, images, images)
    assert message.startswith(f"{images}: expected labels")
    assert "found 5 × 28 × 28 values; this seems to be a file of images" in message


@pytest.mark.parametrize(
    ("shape", "shown"), [((2, 32, 32), "2 × 32 × 32"), ((0, 28, 28), "0 × 28 × 28")]
)
def test_images_of_another_size_and_no_images_are_refused(tmp_path, shape, shown):
    path = tmp_path / IMAGES_NAME
    path.write_bytes(idx_bytes(np.zeros(shape, np.uint8)))
    assert f"found {shown} values." in error_of(read_idx_pair, path, path)


def test_missing_labels_are_named(tmp_path):
    images, labels = write_pair(tmp_path, numbered_samples(2))
    labels.unlink()
    message = error_of(read_idx_pair, images)
    assert message.startswith(f"{images}: expected its labels beside it as {LABELS_NAME}")
    other = images.rename(tmp_path / "pictures")
    assert error_of(read_idx_pair, other).startswith(f'{other}: expected a file name with "images"')
