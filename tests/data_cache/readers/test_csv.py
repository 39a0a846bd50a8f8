"""The reader of samples in CSV, and the errors for everything it refuses."""

import numpy as np
import pytest
from cache_helpers import error_of, numbered_samples, same
from hypothesis import given
from hypothesis import strategies as st
from sample_files import HEADER, csv_bytes

from data_cache import Samples, read_csv
from data_cache.readers.csv import parse_csv


def test_csv_is_read_plain_and_compressed(tmp_path, compress):
    samples = numbered_samples(9)
    path = tmp_path / "digits.csv"
    path.write_bytes(compress(csv_bytes(samples)))
    assert same(read_csv(path), samples)


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 9), st.lists(st.integers(0, 255), min_size=8, max_size=8)),
        min_size=1,
        max_size=4,
    )
)
def test_csv_values_are_read_as_they_were_written(rows):
    images = np.zeros((len(rows), 784), np.uint8)
    images[:, -8:] = [pixels for _, pixels in rows]
    samples = Samples(images, np.array([label for label, _ in rows], np.uint8))
    content = csv_bytes(samples)
    assert same(parse_csv(content, "x"), samples)
    # With spaces the same rows are parsed field by field.
    assert same(parse_csv(content.replace(b",", b" , "), "x"), samples)


def test_csv_of_several_megabytes_is_read_across_its_chunks():
    images = np.full((1200, 784), 255, np.uint8)
    images[:, 0] = np.arange(1200) % 256
    samples = Samples(images, (np.arange(1200) % 10).astype(np.uint8))
    content = csv_bytes(samples)
    assert len(content) > 3_000_000
    assert same(parse_csv(content, "x"), samples)
    assert "x, row 1201, column 785:" in error_of(parse_csv, content[:-4] + b"x\n", "x")


def test_carriage_returns_a_missing_last_newline_and_a_missing_header_are_accepted():
    samples = numbered_samples(3)
    content = csv_bytes(samples)
    assert same(parse_csv(content.replace(b"\n", b"\r\n"), "x"), samples)
    assert same(parse_csv(content.rstrip(b"\n"), "x"), samples)
    assert same(parse_csv(csv_bytes(samples, header=""), "x"), samples)


@pytest.mark.parametrize(
    "value", ["256", "-1", "1.5", "ink", "1 2", "1_2", "0x10", "nan", "²", "9999999999999"]
)
def test_a_value_that_is_not_a_byte_is_refused_with_row_and_column(value):
    lines = csv_bytes(numbered_samples(3)).split(b"\n")
    fields = lines[2].split(b",")
    fields[5] = value.encode()
    lines[2] = b",".join(fields)
    message = error_of(parse_csv, b"\n".join(lines), "my.csv")
    assert message.startswith("my.csv, row 3, column 6: expected an integer from 0 to 255")
    assert value in message.split("found", 1)[1]


@pytest.mark.parametrize("hole", ["", " ", '""', "NA", "NaN", "?", "null"])
@pytest.mark.parametrize("column", [1, 2, 785])
def test_a_hole_is_refused_with_row_and_column(hole, column):
    lines = csv_bytes(numbered_samples(3)).split(b"\n")
    fields = lines[2].split(b",")
    fields[column - 1] = hole.encode()
    lines[2] = b",".join(fields)
    message = error_of(parse_csv, b"\n".join(lines), "my.csv")
    assert message.startswith(f"my.csv, row 3, column {column}: expected")


@pytest.mark.parametrize("value", ["100.0", '"100"', "'100'", "1e2", "+100", " 100 ", "1.000e+02"])
def test_a_whole_number_may_be_written_in_other_ways(value):
    samples = numbered_samples(3)
    samples.images[1, 783] = 100
    lines = csv_bytes(samples).split(b"\n")
    fields = lines[2].split(b",")
    fields[784] = value.encode()
    lines[2] = b",".join(fields)
    assert same(parse_csv(b"\n".join(lines), "x"), samples)


@pytest.mark.parametrize(
    ("lengths", "row", "found"),
    [
        ((785, 786), 3, 786),
        ((785, 1), 3, 1),
        ((300, 485), 2, 300),
        ((700, 870), 2, 700),
        ((1570,), 2, 1570),
        ((785, 700, 85), 3, 700),
    ],
)
def test_rows_of_another_length_are_refused_even_if_their_lengths_add_up(lengths, row, found):
    rows = [",".join(["0"] * length) for length in lengths]
    message = error_of(parse_csv, "\n".join([HEADER, *rows]).encode(), "my.csv")
    assert message.startswith(f"my.csv, row {row}: expected 785 values")
    assert f"found {found}" in message


@pytest.mark.parametrize(
    "preface", ["# a remark\n", "\n\n", ",,,\n", "sep=,\n", "@relation x\n% y\n"]
)
def test_what_stands_before_the_table_is_skipped(preface):
    samples = numbered_samples(3)
    assert same(parse_csv(preface.encode() + csv_bytes(samples), "x"), samples)


def test_columns_of_pixels_in_the_order_of_texts_are_put_in_the_order_of_numbers():
    samples = numbered_samples(12)
    table = [line.split(b",") for line in csv_bytes(samples).strip().split(b"\n")]
    order = [0, *sorted(range(1, 785), key=lambda column: table[0][column])]
    shuffled = b"\n".join(b",".join(line[column] for column in order) for line in table)
    assert same(parse_csv(shuffled, "x"), samples)


def test_a_label_out_of_range_is_refused_with_its_row_and_a_header_alone_is_refused():
    content = csv_bytes(numbered_samples(3)).replace(b"\n1,", b"\n12,")
    message = error_of(parse_csv, content, "my.csv")
    assert message.startswith("my.csv, row 3, column 1: expected a label from 0 to 9")
    assert "found 12" in message
    assert error_of(parse_csv, csv_bytes(numbered_samples(0)), "my.csv").startswith("my.csv: ")
