"""What is not read, by every reader: named, with the place, what was found, and the way out."""

from pathlib import Path

import pytest
from cache_helpers import error_of
from hypothesis import given, settings
from hypothesis import strategies as st
from refused_files import PLAIN, TABLE

from dashboard.weights_file import read_any_weights
from data_cache import DataError, read_points, read_samples
from data_cache.readers.archives import MAX_UNPACKED, unpack
from data_cache.readers.csv import parse_table
from data_cache.readers.file_kinds import identify
from data_cache.readers.pictures import decode_picture
from nn import WeightsError, weights_from_bytes

READERS = {
    "points": read_points,
    "weights": weights_from_bytes,
    "weights file": read_any_weights,
    "picture": decode_picture,
}


def error_of_reader(reader: str, content: bytes, folder: Path) -> tuple[str, str]:
    """The name of the file, and the message of its refusal."""
    if reader != "samples":
        with pytest.raises((DataError, WeightsError)) as refused:
            READERS[reader](content, "mine.csv")
        return "mine.csv", str(refused.value)
    path = folder / "train-images.csv"
    path.write_bytes(content)
    return str(path), error_of(lambda: read_samples(path).labelled())


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_a_file_that_is_not_read_is_named_with_the_place_and_the_values(tmp_path, row):
    reader, content, kind, place, values = row
    if kind:
        assert identify(content).name == kind
    name, message = error_of_reader(reader, content, tmp_path)
    assert message.startswith(f"{name}{place}: ")
    for value in values:
        assert value in message
    assert message.isprintable()
    assert len(message.removeprefix(name)) < 420
    assert message.endswith(".")


@settings(max_examples=200)
@given(data=st.data())
def test_damaged_files_are_read_or_refused_with_a_printable_sentence(data):
    content = bytearray(data.draw(st.sampled_from([PLAIN, *(row[1] for row in TABLE.values())])))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, min(len(content), 500)))
        length = data.draw(st.integers(0, 30))
        content[place : place + length] = data.draw(st.binary(max_size=8))
    messages = []
    for read in (unpack, parse_table, read_points, decode_picture, weights_from_bytes):
        try:
            read(bytes(content), "x")
        except (DataError, WeightsError) as error:
            messages.append(str(error))
    assert all(message.isprintable() for message in messages)


def test_the_limit_of_unpacking_fits_into_the_sizes_of_a_browser():
    # zlib is given the limit and one byte more, as a signed number of 32 bits there.
    assert MAX_UNPACKED + 1 < 2**31
