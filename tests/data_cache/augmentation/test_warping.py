"""Affine maps, the elastic field, and interpolation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_cache.augmentation.warping import (
    affine_matrices,
    elastic_field,
    resample,
    source_coordinates,
)


def test_a_rotation_by_90_degrees_is_clockwise_and_exact():
    image = np.random.default_rng(0).random((1, 28, 28), np.float32)
    one, quarter = np.ones(1, np.float32), np.full(1, np.pi / 2, np.float32)
    matrices = affine_matrices(quarter, one, one, 0 * one)
    columns, rows = source_coordinates(matrices, np.zeros((1, 2), np.float32))
    out = np.empty_like(image)
    resample(image, columns, rows, out)
    np.testing.assert_allclose(out[0], np.rot90(image[0], k=-1), atol=1e-4)


def test_the_new_image_may_be_larger_and_is_0_outside_the_old_one():
    image = np.ones((1, 28, 28), np.float32)
    identity = np.eye(2, dtype=np.float32)[np.newaxis]
    columns, rows = source_coordinates(identity, np.zeros((1, 2), np.float32), 56)
    out = np.empty((1, 56, 56), np.float32)
    resample(image, columns, rows, out)
    np.testing.assert_array_equal(out[0], np.pad(image[0], 14))


@given(
    angle=st.floats(-0.5, 0.5),
    scale=st.floats(0.8, 1.25),
    stretch=st.floats(0.7, 1.4),
    shear=st.floats(-0.4, 0.4),
)
def test_only_scale_changes_the_area(angle, scale, stretch, shear):
    values = (np.full(1, value, np.float32) for value in (angle, scale, stretch, shear))
    matrix = affine_matrices(*values)[0]
    assert np.linalg.det(matrix) == pytest.approx(1 / scale**2, rel=1e-4)


def test_the_elastic_field_is_smooth_and_as_strong_as_asked():
    knots = np.random.default_rng(0).uniform(-1, 1, (2000, 7, 7)).astype(np.float32)
    field = elastic_field(knots)
    assert field.std() == pytest.approx(1, rel=0.02)
    assert np.abs(np.diff(field, axis=1)).mean() < 0.25 * np.abs(field).mean()
    # Knots that all move alike move every pixel alike: the weights of a pixel sum to one.
    even = elastic_field(np.ones((1, 7, 7), np.float32))
    assert np.allclose(even, even[0, 0, 0])
