"""Blocks of samples as bytes."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from cache_helpers import error_of, numbered_samples, same
from hypothesis import given
from hypothesis import strategies as st

from data_cache import Samples, decode_block, encode_block


@given(count=st.integers(0, 9))
def test_a_block_is_decoded_as_it_was_encoded_compressed_or_not(count):
    samples = numbered_samples(count)
    encoded = encode_block(samples)
    assert same(decode_block(encoded), samples)
    assert same(decode_block(gzip.decompress(encoded)), samples)


def test_the_same_samples_give_the_same_bytes():
    assert encode_block(numbered_samples(9)) == encode_block(numbered_samples(9))
    assert encode_block(numbered_samples(9))[4:8] == bytes(4)  # no time of compression


def test_other_content_is_refused():
    message = error_of(decode_block, b"<!DOCTYPE", "7.bin")
    assert message.startswith("7.bin: expected a block, which begins with b'INK1'")
    assert message.endswith("found 9 bytes that begin with b'<!DOCTYP'.")


def test_a_truncated_block_is_refused():
    encoded = encode_block(numbered_samples(2))
    message = error_of(decode_block, gzip.decompress(encoded)[:-1], "7.bin")
    assert message.startswith("7.bin: expected 1578 bytes")
    assert message.endswith("found 1577.")
    assert "7.bin: expected a complete gzip stream" in error_of(decode_block, encoded[:-9], "7.bin")


def test_a_label_out_of_range_is_refused_with_its_position():
    labels = np.array([3, 200, 9], np.uint8)
    encoded = encode_block(Samples(np.zeros((3, 784), np.uint8), labels))
    message = error_of(decode_block, encoded, "7.bin")
    assert message.startswith("7.bin: expected labels from 0 to 9, found 200 as label 1 (byte 9)")
    assert decode_block(encoded, class_count=201).labels.tolist() == [3, 200, 9]


def test_samples_without_labels_cannot_be_encoded():
    samples = numbered_samples(3)
    mask = np.array([True, False, False])
    with pytest.raises(ValueError, match="found 2 without"):
        encode_block(Samples(samples.images, samples.labels, mask))
    assert encode_block(Samples(samples.images, samples.labels, mask | True))
