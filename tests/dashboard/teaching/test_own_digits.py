"""Own digits: how many are kept, and their files."""

import io
import zipfile

import numpy as np
import pytest
from cache_helpers import error_of

from dashboard.teaching.files import read_digits, to_idx_archive, to_picture_archive
from dashboard.teaching.own_digits import (
    MOST_OWN_DIGITS,
    OwnDigit,
    add_digits,
    digits_of,
    samples_of,
)
from data_cache import Samples, load_digits, read_samples


def own_digits(count):
    """The first bundled digits as own digits."""
    return digits_of(load_digits().train[:count])


def pairs(digits):
    return [(digit.label, digit.image.tobytes()) for digit in digits]


def test_the_oldest_digit_is_dropped_when_there_are_too_many():
    digits = own_digits(MOST_OWN_DIGITS + 3)
    assert pairs(add_digits([], digits)) == pairs(digits[3:])
    assert pairs(add_digits(digits[3:-1], digits[-1:])) == pairs(digits[3:])


def test_a_drawing_that_is_corrected_again_gets_its_new_label():
    first, second = own_digits(2)
    again = OwnDigit(first.image, 9)
    assert pairs(add_digits([first, second], [again])) == pairs([second, again])


def test_samples_and_own_digits_are_the_same_in_both_directions():
    digits = own_digits(4)
    assert pairs(digits_of(samples_of(digits))) == pairs(digits)
    assert len(samples_of([])) == 0
    with pytest.raises(ValueError, match="from 0 to 9, found 12"):
        digits_of(Samples(np.zeros((1, 784), np.uint8), np.array([12], np.uint8)))


@pytest.mark.parametrize("write", [to_idx_archive, to_picture_archive])
def test_an_exported_file_is_read_again_by_the_page_and_by_the_command_line(write, tmp_path):
    digits = own_digits(12)
    content = write(digits)
    assert sorted(pairs(read_digits(content, "own.zip"))) == sorted(pairs(digits))
    path = tmp_path / "own.zip"
    path.write_bytes(content)
    assert sorted(pairs(digits_of(read_samples(path).labelled()))) == sorted(pairs(digits))
    assert write(digits) == content


def test_pictures_are_in_a_folder_for_each_label():
    with zipfile.ZipFile(io.BytesIO(to_picture_archive(own_digits(11)))) as archive:
        assert archive.namelist()[0] == "0/0-001.png"
        assert archive.namelist()[-1] == "0/0-011.png"


def test_a_file_without_labels_or_with_damage_is_refused():
    content = to_idx_archive(own_digits(3))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        images = archive.read("train-images-idx3-ubyte.gz")
    assert "own.gz: expected digits with labels" in error_of(read_digits, images, "own.gz")
    damaged = content[:120] + b"damage" + content[126:]
    assert error_of(read_digits, damaged, "own.zip").startswith("own.zip: expected")
