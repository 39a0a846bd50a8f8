"""Readers of idx files and gzip, and the errors for everything they refuse."""

import gzip

import numpy as np
import pytest
from cache_helpers import error_of, idx_bytes, numbered_samples, same
from hypothesis import given
from hypothesis import strategies as st
from sample_files import IMAGES_NAME, LABELS_NAME, images_bytes, write_pair

from data_cache import open_samples, read_csv, read_idx, read_idx_pair
from data_cache.readers.idx import parse_idx

ZEROS = idx_bytes(np.zeros(999, np.uint8))


def refusal(path, content: bytes, *found: str) -> None:
    """Assert that the content is refused with an error that names the file and what was found."""
    path.write_bytes(content)
    message = error_of(read_idx, path)
    assert message.startswith(f"{path}: expected")
    for text in found:
        assert text in message


def test_an_idx_pair_is_read_plain_and_compressed_and_labels_are_found_by_name(tmp_path, compress):
    samples = numbered_samples(7)
    images, labels = write_pair(tmp_path, samples, compress)
    assert same(read_idx_pair(images, labels), samples)
    assert same(read_idx_pair(images), samples)
    labels.rename(tmp_path / (LABELS_NAME + ".gz"))
    assert same(read_idx_pair(images), samples)


@given(shape=st.lists(st.integers(0, 3), min_size=1, max_size=3))
def test_an_idx_array_is_read_as_it_was_written(shape):
    values = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    assert np.array_equal(parse_idx(idx_bytes(values), "x"), values)


def test_compression_is_recognised_by_the_content_and_not_by_the_name(tmp_path):
    values = np.arange(5, dtype=np.uint8)
    (tmp_path / "compressed").write_bytes(gzip.compress(idx_bytes(values)))
    (tmp_path / "plain.gz").write_bytes(idx_bytes(values))
    assert np.array_equal(read_idx(tmp_path / "compressed"), values)
    assert np.array_equal(read_idx(tmp_path / "plain.gz"), values)


def test_concatenated_gzip_members_are_read_as_one_stream(tmp_path):
    content = idx_bytes(np.arange(9, dtype=np.uint8))
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(content[:5]) + gzip.compress(content[5:]) + bytes(8))
    assert read_idx(path).tolist() == list(range(9))


@pytest.mark.parametrize("read", [read_idx, read_csv, open_samples])
def test_a_missing_or_empty_file_is_named_in_the_error(tmp_path, read):
    path = tmp_path / "file"
    message = error_of(read, path)
    assert message.startswith(f"{path}: expected")
    assert "No such file" in message
    path.write_bytes(b"")
    message = error_of(read, path)
    assert message.startswith(f"{path}: expected")
    assert "0 bytes" in message


def test_truncated_images_are_refused_with_the_number_of_missing_bytes(tmp_path, compress):
    content = compress(images_bytes(numbered_samples(3))[:-100])
    found = ("2352 bytes from byte 16", "3 × 28 × 28", "found 2252", "100 bytes missing")
    refusal(tmp_path / "x", content, *found)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (ZEROS + b"more", ["found 1003", "4 bytes too many"]),
        (images_bytes(numbered_samples(3))[:9], ["16 bytes for 3 dimension", "9 bytes"]),
        (b"\x89PNG\r\n\x1a\n", ["found a PNG picture", "89 50 4e 47"]),
        (b"\0\0\x0d\x01" + bytes(8), ["found 00 00 0d 01 at byte 0"]),
        (b"\0\0\x08\x04" + bytes(20), ["found 00 00 08 04 at byte 0"]),
        (b"\0\0", ["found 00 00 at byte 0"]),
        (gzip.compress(ZEROS)[:20], ["complete gzip", "20 bytes"]),
        (gzip.compress(ZEROS)[:-6] + bytes(6), ["byte 0", "incorrect data check"]),
    ],
    ids=["long", "header", "png", "floats", "4 dimensions", "2 bytes", "short gzip", "checksum"],
)
def test_other_content_is_refused_with_what_was_found(tmp_path, content, found):
    refusal(tmp_path / "x", content, *found)


def test_labels_of_qmnist_are_the_first_of_their_columns(tmp_path):
    samples = numbered_samples(7)
    table = np.zeros((7, 8), ">i4")
    table[:, 0], table[:, 1:] = samples.labels, 77
    images = tmp_path / "qmnist-train-images-idx3-ubyte"
    images.write_bytes(images_bytes(samples))
    header = bytes((0, 0, 12, 2)) + np.array(table.shape, ">u4").tobytes()
    labels = tmp_path / "qmnist-train-labels-idx2-int.gz"
    labels.write_bytes(gzip.compress(header + table.tobytes()))
    assert same(read_idx_pair(images), samples)
    assert same(open_samples(tmp_path), samples)
    labels.write_bytes(header + table.tobytes()[:-4])
    assert error_of(read_idx_pair, images).startswith(f"{labels}: expected 7 × 8 integers")


def test_labels_of_letters_are_called_letters(tmp_path):
    images, labels = write_pair(tmp_path, numbered_samples(26))
    labels.write_bytes(idx_bytes(np.arange(1, 27, dtype=np.uint8)))
    assert "letters, as in EMNIST" in error_of(read_idx_pair, images)


def test_different_counts_of_images_and_labels_are_refused(tmp_path):
    images, labels = write_pair(tmp_path, numbered_samples(5))
    labels.write_bytes(idx_bytes(np.zeros(4, np.uint8)))
    message = error_of(read_idx_pair, images)
    assert message.startswith(f"{labels}: expected")
    assert f"5 images in {images}, found 4" in message


def test_a_label_out_of_range_is_refused_with_its_position(tmp_path):
    images, labels = write_pair(tmp_path, numbered_samples(5))
    labels.write_bytes(idx_bytes(np.array([1, 2, 10, 3, 200], np.uint8)))
    message = error_of(read_idx_pair, images)
    assert message.startswith(f"{labels}: expected")
    assert "found 10 as label 2 (byte 10); 2 of 5" in message


def test_interchanged_images_and_labels_are_recognised(tmp_path):
    images, labels = write_pair(tmp_path, numbered_samples(5))
    message = error_of(read_idx_pair, labels, images)
    assert message.startswith(f"{labels}: expected images")
    assert message.endswith("a file of labels.")
    message = error_of(read_idx_pair, images, images)
    assert message.startswith(f"{images}: expected labels")
    assert message.endswith("a file of images.")


@pytest.mark.parametrize(
    ("shape", "shown"), [((2, 32, 32), "2 × 32 × 32"), ((0, 28, 28), "0 × 28 × 28")]
)
def test_images_of_another_size_and_no_images_are_refused(tmp_path, shape, shown):
    path = tmp_path / IMAGES_NAME
    path.write_bytes(idx_bytes(np.zeros(shape, np.uint8)))
    assert f"found {shown}" in error_of(read_idx_pair, path, path)


def test_missing_labels_are_refused_with_the_expected_name(tmp_path):
    images, labels = write_pair(tmp_path, numbered_samples(2))
    labels.unlink()
    message = error_of(read_idx_pair, images)
    assert message.startswith(f"{images}: expected")
    assert LABELS_NAME in message
    other = images.rename(tmp_path / "pictures")
    assert error_of(read_idx_pair, other).startswith(f'{other}: expected a file name with "images"')
