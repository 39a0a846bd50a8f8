"""The records of samples and data sets, and the conversion of their pixels."""

import subprocess
import sys

import numpy as np
import pytest
from cache_helpers import numbered_samples, small_data_set

from data_cache import Samples, to_float
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


def test_indexing_keeps_images_labels_and_mask_together():
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
    with pytest.raises(ValueError, match='train, validation, test, found "exam"'):
        small_data_set().part("exam")


@pytest.mark.parametrize("out", [None, np.full((1, 256), 9, np.float32)])
@pytest.mark.parametrize("threshold", [None, 0, 127, 255])
def test_bytes_are_converted_to_fractions_of_255_or_binarized(threshold, out):
    values = np.arange(256)
    found = to_float(values.astype(np.uint8)[None], threshold, out)
    assert out is None or found is out
    assert found.dtype == np.float32
    expected = values / 255 if threshold is None else values > threshold
    np.testing.assert_allclose(found[0], expected, atol=1e-7)
    assert found[0, 0] == 0


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
