"""The records of samples and data sets, and the conversion of their pixels."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from cache_helpers import numbered_samples

from data_cache import DataSet, Samples, to_float
from data_cache.samples import concatenate_samples

IMAGES, LABELS = np.zeros((2, 784), np.uint8), np.zeros(2, np.uint8)


@pytest.mark.parametrize(
    ("values", "field", "found"),
    [
        ((np.zeros((2, 783), np.uint8), LABELS), "images", "(2, 783)"),
        ((np.zeros((2, 784), np.float32), LABELS), "images", "float32"),
        ((IMAGES, np.zeros((2, 1), np.uint8)), "labels", "(2, 1)"),
        ((IMAGES, np.zeros(2, np.int64)), "labels", "int64"),
        ((IMAGES, np.zeros(3, np.uint8)), "labels", "(3,)"),
        ((IMAGES, LABELS, np.zeros(3, bool)), "is_labelled", "(3,)"),
        ((IMAGES, LABELS, LABELS), "is_labelled", "uint8"),
    ],
)
def test_another_shape_or_dtype_is_refused(values, field, found):
    with pytest.raises(ValueError, match=f"^Samples.{field}: expected") as caught:
        Samples(*values)
    assert found in str(caught.value).split("found")[1]


def test_part_of_the_samples_keeps_images_labels_and_mask_together():
    samples = numbered_samples(20)
    samples = Samples(samples.images, samples.labels, np.arange(20) < 10)
    for part in (samples[np.array([3, 17])], samples.take(np.array([3, 17]))):
        assert part.images[:, 0].tolist() == [3, 17]
        assert part.labels.tolist() == [3, 7]
        assert part.is_labelled.tolist() == [True, False]
    assert len(samples[5:9]) == 4


def test_concatenated_samples_have_a_mask_if_any_piece_has_one():
    labelled = numbered_samples(3)
    unlabelled = Samples(IMAGES, LABELS, np.zeros(2, bool))
    assert concatenate_samples([labelled, labelled]).is_labelled is None
    both = concatenate_samples([labelled, unlabelled])
    assert both.is_labelled.tolist() == [True, True, True, False, False]
    assert both.labels.tolist() == [0, 1, 2, 0, 0]


def test_an_unknown_part_of_a_data_set_is_refused():
    few = numbered_samples(1)
    with pytest.raises(ValueError, match='train, validation, test, found "exam"'):
        DataSet("few", "Few", ("a",), few, few, few).part("exam")


def test_every_byte_is_converted_to_its_fraction_of_255():
    floats = to_float(np.arange(256, dtype=np.uint8)[None])
    assert floats.dtype == np.float32
    assert (floats[0, 0], floats[0, 255]) == (0, 1)
    assert np.allclose(floats, np.arange(256) / 255, atol=1e-7)


def test_binarizing_gives_0_and_1():
    found = to_float(np.array([[0, 127, 128, 255]], np.uint8), 127)
    assert found.tolist() == [[0, 0, 1, 1]]
    assert found.dtype == np.float32


def test_floats_can_be_written_into_an_array():
    out = np.full((1, 3), 9, np.float32)
    assert to_float(np.array([[0, 51, 255]], np.uint8), out=out) is out
    assert np.allclose(out, [[0, 0.2, 1]])


@pytest.mark.parametrize("threshold", [-1, 256])
def test_a_threshold_out_of_range_is_refused(threshold):
    with pytest.raises(ValueError, match=f"from 0 to 255, found {threshold}"):
        to_float(np.zeros((1, 1), np.uint8), threshold)


def test_importing_the_package_imports_neither_pooch_nor_urllib_nor_panel():
    code = (
        "import sys, data_cache; "
        "print([m for m in ('pooch', 'requests', 'urllib.request', 'http.client', 'panel', "
        "'bokeh', 'param', 'nn', 'dashboard') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
