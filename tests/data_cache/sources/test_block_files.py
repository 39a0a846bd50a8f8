"""Blocks of samples as bytes."""

import gzip

import numpy as np
import pytest
from cache_helpers import error_of, numbered_samples, same
from hypothesis import given
from hypothesis import strategies as st

from data_cache import Samples, decode_block, encode_block

TWO = encode_block(numbered_samples(2))


@given(count=st.integers(0, 9))
def test_a_block_is_decoded_as_it_was_encoded_compressed_or_not(count):
    samples = numbered_samples(count)
    encoded = encode_block(samples)
    assert encoded == encode_block(samples)
    assert encoded[4:8] == bytes(4)  # no time of compression
    assert same(decode_block(encoded), samples)
    assert same(decode_block(gzip.decompress(encoded)), samples)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"<!DOCTYPE", ["9 bytes", "b'<!DOCTYP'"]),
        (gzip.decompress(TWO)[:-1], ["1578 bytes", "found 1577"]),
        (TWO[:-9], ["complete gzip"]),
    ],
    ids=["other", "truncated", "truncated gzip"],
)
def test_other_and_truncated_content_is_refused(content, found):
    message = error_of(decode_block, content, "7.bin")
    assert message.startswith("7.bin: expected")
    for text in found:
        assert text in message


def test_a_label_out_of_range_is_refused_with_its_position():
    labels = np.array([3, 200, 9], np.uint8)
    encoded = encode_block(Samples(np.zeros((3, 784), np.uint8), labels))
    message = error_of(decode_block, encoded, "7.bin")
    assert message.startswith("7.bin: expected")
    assert "found 200 as label 1 (byte 9)" in message
    assert decode_block(encoded, class_count=201).labels.tolist() == [3, 200, 9]


def test_samples_without_labels_cannot_be_encoded():
    samples = numbered_samples(3)
    mask = np.array([True, False, False])
    with pytest.raises(ValueError, match="found 2 without"):
        encode_block(Samples(samples.images, samples.labels, mask))
    assert encode_block(Samples(samples.images, samples.labels, mask | True))
