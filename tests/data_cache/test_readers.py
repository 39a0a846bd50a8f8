"""Readers of idx, CSV and folders: what they read, and the sentence for everything they refuse."""

from __future__ import annotations

import gzip
import re

import numpy as np
import pytest
from cache_helpers import idx_bytes, numbered_samples
from hypothesis import given
from hypothesis import strategies as st

from data_cache import DataError, Samples, open_samples, read_csv, read_idx, read_idx_pair
from data_cache.readers.csv import parse_csv
from data_cache.readers.idx import parse_idx

IMAGES_NAME, LABELS_NAME = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
HEADER = "label," + ",".join(f"p{number}" for number in range(784))


def plain(content: bytes) -> bytes:
    return content


@pytest.fixture(params=[plain, gzip.compress], ids=["plain", "gzip"])
def pack(request):
    return request.param


def images_of(samples: Samples) -> bytes:
    return idx_bytes(samples.images.reshape(-1, 28, 28))


def write_pair(folder, samples: Samples, pack=plain, suffix="", prefix="train"):
    images = folder / f"{prefix}-images-idx3-ubyte{suffix}"
    images.write_bytes(pack(images_of(samples)))
    labels = folder / f"{prefix}-labels-idx1-ubyte{suffix}"
    labels.write_bytes(pack(idx_bytes(samples.labels)))
    return images, labels


def csv_of(samples: Samples, header: str = HEADER) -> bytes:
    table = np.concatenate([samples.labels[:, None], samples.images], axis=1)
    rows = [",".join(map(str, row)) for row in table.tolist()]
    return "\n".join([*([header] if header else []), *rows, ""]).encode()


def refused(read, *arguments) -> str:
    with pytest.raises(DataError) as caught:
        read(*arguments)
    return str(caught.value)


def same(found: Samples, expected: Samples) -> bool:
    return np.array_equal(found.images, expected.images) and np.array_equal(
        found.labels, expected.labels
    )


# idx


def test_an_idx_pair_is_read_plain_and_compressed(tmp_path, pack):
    samples = numbered_samples(7)
    images, labels = write_pair(tmp_path, samples, pack)
    assert same(read_idx_pair(images, labels), samples)
    assert same(read_idx_pair(images), samples)


@given(shape=st.lists(st.integers(0, 3), min_size=1, max_size=3))
def test_an_idx_array_comes_back_as_it_was_written(shape):
    values = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    assert np.array_equal(parse_idx(idx_bytes(values), "x"), values)


def test_content_decides_about_compression_not_the_name(tmp_path):
    values = np.arange(5, dtype=np.uint8)
    (tmp_path / "packed").write_bytes(gzip.compress(idx_bytes(values)))
    (tmp_path / "plain.gz").write_bytes(idx_bytes(values))
    assert np.array_equal(read_idx(tmp_path / "packed"), values)
    assert np.array_equal(read_idx(tmp_path / "plain.gz"), values)


def test_labels_are_found_beside_the_images_whether_compressed_or_not(tmp_path):
    samples = numbered_samples(3)
    images, labels = write_pair(tmp_path, samples)
    labels.rename(tmp_path / (LABELS_NAME + ".gz"))
    assert same(read_idx_pair(images), samples)


def test_a_missing_file_is_named(tmp_path):
    path = tmp_path / "nothing"
    assert refused(read_idx, path) == (
        f"{path}: cannot be read (No such file or directory); a readable file was expected."
    )


def test_an_empty_file_is_named(tmp_path):
    path = tmp_path / "empty"
    path.write_bytes(b"")
    expected = f"{path}: the file is empty (0 bytes), but samples were expected."
    assert refused(read_idx, path) == expected
    assert refused(read_csv, path) == expected
    assert refused(open_samples, path) == expected


def test_a_truncated_file_names_the_file_and_the_missing_bytes(tmp_path, pack):
    path = tmp_path / IMAGES_NAME
    path.write_bytes(pack(images_of(numbered_samples(3))[:-100]))
    assert refused(read_idx, path) == (
        f"{path}: the header at byte 0 announces 3 × 28 × 28 values, so 2352 bytes were expected "
        "from byte 16 on, but 2252 were found (100 bytes missing)."
    )


def test_bytes_beyond_the_announced_end_are_refused(tmp_path):
    path = tmp_path / LABELS_NAME
    path.write_bytes(idx_bytes(np.zeros(4, np.uint8)) + b"more")
    assert refused(read_idx, path) == (
        f"{path}: the header at byte 0 announces 4 values, so 4 bytes were expected from byte 8 "
        "on, but 8 were found (4 bytes too many)."
    )


def test_a_header_that_is_cut_short_is_named(tmp_path):
    path = tmp_path / IMAGES_NAME
    path.write_bytes(images_of(numbered_samples(3))[:9])
    assert refused(read_idx, path) == (
        f"{path}: the header ends too early: 16 bytes were expected for 3 dimension(s), but the "
        "file has only 9."
    )


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
def test_a_wrong_magic_number_is_shown_beside_the_right_one(tmp_path, content, shown):
    path = tmp_path / IMAGES_NAME
    path.write_bytes(content)
    assert refused(read_idx, path) == (
        f"{path}: the magic number at byte 0 is {shown}, but 00 00 08 03 (images) or 00 00 08 01 "
        "(labels) was expected; this is not an idx file of unsigned bytes."
    )


def test_a_gzip_file_that_is_cut_short_says_how_far_it_got(tmp_path):
    path = tmp_path / "x.gz"
    whole = gzip.compress(idx_bytes(np.random.default_rng(0).integers(0, 256, 999, np.uint8)))
    path.write_bytes(whole[:500])
    assert re.fullmatch(
        rf"{re.escape(str(path))}: the gzip stream ends too early: 500 bytes were found, which "
        r"unpack to \d+, and more were expected; get the file again\.",
        refused(read_idx, path),
    )


def test_a_damaged_gzip_file_says_so(tmp_path):
    path = tmp_path / "x.gz"
    content = bytearray(gzip.compress(idx_bytes(np.zeros(999, np.uint8))))
    content[-6] ^= 255
    path.write_bytes(content)
    message = refused(read_idx, path)
    assert message.startswith(f"{path}: the gzip stream that starts at byte 0 is damaged (")
    assert "incorrect data check" in message


def test_gzip_members_one_behind_the_other_are_read_as_one(tmp_path):
    content = idx_bytes(np.arange(9, dtype=np.uint8))
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(content[:5]) + gzip.compress(content[5:]) + bytes(8))
    assert read_idx(path).tolist() == list(range(9))


def test_a_count_mismatch_names_both_files_and_both_counts(tmp_path):
    images, labels = write_pair(tmp_path, numbered_samples(5))
    labels.write_bytes(idx_bytes(np.zeros(4, np.uint8)))
    assert refused(read_idx_pair, images) == (
        f"{images} holds 5 images but {labels} holds 4 labels; one label per image was expected, "
        "so these two do not belong together."
    )


def test_a_label_out_of_range_is_named_with_its_place(tmp_path):
    images, labels = write_pair(tmp_path, numbered_samples(5))
    labels.write_bytes(idx_bytes(np.array([1, 2, 10, 3, 200], np.uint8)))
    assert refused(read_idx_pair, images) == (
        f"{labels}: label 2 (byte 10) is 10, but a label from 0 to 9 was expected; 2 of 5 are "
        "out of range."
    )


def test_images_and_labels_that_are_swapped_are_recognised(tmp_path):
    images, labels = write_pair(tmp_path, numbered_samples(5))
    assert refused(read_idx_pair, labels, images) == (
        f"{labels}: images of n × 28 × 28 values were expected, but the header at byte 4 says 5 "
        "(a file of labels, it seems)."
    )
    assert refused(read_idx_pair, images, images) == (
        f"{images}: labels of one dimension were expected, but the header at byte 4 says "
        "5 × 28 × 28 (a file of images, it seems)."
    )


def test_images_of_another_size_are_refused(tmp_path):
    path = tmp_path / IMAGES_NAME
    path.write_bytes(idx_bytes(np.zeros((2, 32, 32), np.uint8)))
    assert "but the header at byte 4 says 2 × 32 × 32." in refused(read_idx_pair, path, path)


def test_a_pair_without_samples_is_refused(tmp_path):
    images, _ = write_pair(tmp_path, numbered_samples(0))
    assert refused(read_idx_pair, images) == (
        f"{images}: the header at byte 4 says 0 images; at least one was expected."
    )


def test_missing_labels_are_named(tmp_path):
    images, labels = write_pair(tmp_path, numbered_samples(2))
    labels.unlink()
    assert refused(read_idx_pair, images) == (
        f"{images}: its labels were expected beside it as {LABELS_NAME}, but there is no such file."
    )
    other = images.rename(tmp_path / "pictures")
    assert '"images" in the name' in refused(read_idx_pair, other)


# CSV


def test_csv_is_read_plain_and_compressed(tmp_path, pack):
    samples = numbered_samples(9)
    path = tmp_path / "digits.csv"
    path.write_bytes(pack(csv_of(samples)))
    assert same(read_csv(path), samples)


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 9), st.lists(st.integers(0, 255), min_size=8, max_size=8)),
        min_size=1,
        max_size=4,
    )
)
def test_csv_values_come_back_as_they_were_written(rows):
    images = np.zeros((len(rows), 784), np.uint8)
    images[:, -8:] = [pixels for _, pixels in rows]
    samples = Samples(images, np.array([label for label, _ in rows], np.uint8))
    content = csv_of(samples)
    assert same(parse_csv(content, "x"), samples)
    # Spaces put the same rows through the careful parser.
    assert same(parse_csv(content.replace(b",", b" , "), "x"), samples)


def test_csv_of_several_megabytes_is_read_across_its_chunks():
    images = np.full((1200, 784), 255, np.uint8)
    images[:, 0] = np.arange(1200) % 256
    samples = Samples(images, (np.arange(1200) % 10).astype(np.uint8))
    content = csv_of(samples)
    assert len(content) > 3_000_000
    assert same(parse_csv(content, "x"), samples)
    broken = content[:-4] + b"x\n"
    assert "row 1201, column 785: a whole number" in refused(parse_csv, broken, "x")


def test_csv_with_carriage_returns_no_last_newline_or_no_header_is_read():
    samples = numbered_samples(3)
    content = csv_of(samples)
    assert same(parse_csv(content.replace(b"\n", b"\r\n"), "x"), samples)
    assert same(parse_csv(content.rstrip(b"\n"), "x"), samples)
    assert same(parse_csv(csv_of(samples, header=""), "x"), samples)


@pytest.mark.parametrize("value", ["256", "-1", "1.5", "", "ink", "1e2", "9999999999999", '"7"'])
def test_a_value_that_is_no_pixel_is_named_with_row_and_column(value):
    lines = csv_of(numbered_samples(3)).split(b"\n")
    fields = lines[2].split(b",")
    fields[5] = value.encode()
    lines[2] = b",".join(fields)
    assert refused(parse_csv, b"\n".join(lines), "my.csv") == (
        f"my.csv: row 3, column 6: a whole number from 0 to 255 was expected, but "
        f'"{value}" was found.'
    )


@pytest.mark.parametrize(("change", "count"), [(lambda row: row + b",0", 786), (lambda r: b"3", 1)])
def test_a_row_of_another_length_is_named(change, count):
    lines = csv_of(numbered_samples(3)).split(b"\n")
    lines[3] = change(lines[3])
    assert refused(parse_csv, b"\n".join(lines), "my.csv") == (
        f"my.csv: row 4 has {count} value(s), but 785 were expected (the label and 784 pixels)."
    )


@pytest.mark.parametrize(
    ("lengths", "found"),
    [
        ((300, 485), "row 2 has 300 value(s)"),
        ((700, 870), "row 2 has 700 value(s)"),
        ((1570,), "row 2 has 1570 value(s)"),
        ((785, 700, 85), "row 3 has 700 value(s)"),
    ],
)
def test_rows_whose_lengths_only_add_up_are_refused(lengths, found):
    rows = [",".join(["0"] * length) for length in lengths]
    assert found in refused(parse_csv, "\n".join([HEADER, *rows]).encode(), "my.csv")


def test_a_csv_label_out_of_range_is_named_with_its_row():
    content = csv_of(numbered_samples(3)).replace(b"\n1,", b"\n12,")
    assert refused(parse_csv, content, "my.csv") == (
        "my.csv: row 3, column 1: a label from 0 to 9 was expected, but 12 was found."
    )


def test_a_csv_with_a_header_alone_is_refused():
    content = csv_of(numbered_samples(0))
    assert refused(parse_csv, content, "my.csv") == (
        "my.csv: rows of samples were expected after the header, but none follow."
    )


def test_a_picture_given_as_csv_is_refused(tmp_path):
    path = tmp_path / "digits.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(200)))
    assert str(path) in refused(open_samples, path)


# Paths


def test_a_path_may_be_a_folder_an_idx_file_or_csv(tmp_path, pack):
    samples = numbered_samples(4)
    write_pair(tmp_path, samples, pack, suffix=".gz")
    (tmp_path / "x.csv").write_bytes(pack(csv_of(samples)))
    assert same(open_samples(tmp_path), samples)
    assert same(open_samples(tmp_path / (IMAGES_NAME + ".gz")), samples)
    assert same(open_samples(tmp_path / "x.csv"), samples)


def test_a_folder_has_a_training_and_a_test_half(tmp_path):
    write_pair(tmp_path, numbered_samples(4))
    write_pair(tmp_path, numbered_samples(2, first=50), prefix="t10k")
    assert same(open_samples(tmp_path, "train"), numbered_samples(4))
    assert same(open_samples(tmp_path, "test"), numbered_samples(2, first=50))
    assert 'there is no "validation"' in refused(open_samples, tmp_path, "validation")


def test_a_folder_without_samples_lists_the_names_it_looked_for(tmp_path):
    message = refused(open_samples, tmp_path)
    assert message.startswith(f'{tmp_path}: no images of the part "train" were found')
    assert "train-images-idx3-ubyte.gz" in message


def test_a_path_that_does_not_exist_is_named(tmp_path):
    assert str(tmp_path / "none") in refused(open_samples, tmp_path / "none")


def test_a_damaged_idx_file_is_not_taken_for_csv(tmp_path):
    path = tmp_path / (IMAGES_NAME + ".gz")
    path.write_bytes(gzip.compress(images_of(numbered_samples(50)))[:60])
    assert "the gzip stream ends too early" in refused(open_samples, path)
    path.write_bytes(b"damaged from the start")
    assert "the magic number at byte 0 is 64 61 6d 61" in refused(open_samples, path)
