"""Samples from any path: a folder, an idx file or a CSV file."""

from __future__ import annotations

import gzip

import pytest
from cache_helpers import error_of, numbered_samples, same
from sample_files import IMAGES_NAME, csv_bytes, images_bytes, write_pair

from data_cache import open_samples


def test_a_path_may_be_a_folder_an_idx_file_or_csv(tmp_path, compress):
    samples = numbered_samples(4)
    write_pair(tmp_path, samples, compress, suffix=".gz")
    (tmp_path / "x.csv").write_bytes(compress(csv_bytes(samples)))
    assert same(open_samples(tmp_path), samples)
    assert same(open_samples(tmp_path / (IMAGES_NAME + ".gz")), samples)
    assert same(open_samples(tmp_path / "x.csv"), samples)


def test_a_folder_has_a_training_and_a_test_half(tmp_path):
    write_pair(tmp_path, numbered_samples(4))
    write_pair(tmp_path, numbered_samples(2, first=50), prefix="t10k")
    assert same(open_samples(tmp_path, "train"), numbered_samples(4))
    assert same(open_samples(tmp_path, "test"), numbered_samples(2, first=50))
    assert error_of(open_samples, tmp_path, "validation").endswith('found "validation".')


def test_a_folder_without_samples_is_refused_with_the_expected_names(tmp_path):
    message = error_of(open_samples, tmp_path)
    assert message.startswith(f'{tmp_path}: expected images of the part "train"')
    assert "train-images-idx3-ubyte.gz" in message


def test_a_damaged_idx_file_is_not_read_as_csv(tmp_path):
    path = tmp_path / (IMAGES_NAME + ".gz")
    path.write_bytes(gzip.compress(images_bytes(numbered_samples(50)))[:60])
    assert "expected a complete gzip stream" in error_of(open_samples, path)
    path.write_bytes(b"damaged from the start")
    assert "found 64 61 6d 61 at byte 0" in error_of(open_samples, path)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        (b"\xff\xd8\xff\xe0", "a JPEG picture"),
        (b"PK\x03\x04", "a ZIP archive or a NumPy .npz file"),
        (b"\x93NUMPY\x01\x00", "a NumPy .npy file"),
    ],
)
def test_a_file_of_another_format_is_recognised_by_its_first_bytes(tmp_path, content, found):
    path = tmp_path / "digits.csv"
    path.write_bytes(content + bytes(range(200)))
    message = error_of(open_samples, path)
    assert message == f"{path}: expected samples as an idx or CSV file, found {found}."
