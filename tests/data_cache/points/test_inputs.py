"""Input features of points."""

import numpy as np
import pytest

from data_cache import INPUT_TITLES, PLANE_INPUTS, derive_inputs

POINTS = np.array([[0.5, -0.25], [-1, 1], [0, 0.75]], np.float32)
X, Y = POINTS.T.astype(float)


def test_every_input_is_the_function_of_its_title():
    expected = [X, Y, X**2, Y**2, X * Y, np.sin(2 * np.pi * X), np.sin(2 * np.pi * Y)]
    derived = derive_inputs(POINTS, PLANE_INPUTS)
    np.testing.assert_allclose(derived, np.column_stack(expected), atol=1e-6)
    assert derived.dtype == np.float32
    assert derived.flags.c_contiguous
    assert set(INPUT_TITLES) == set(PLANE_INPUTS)


def test_inputs_have_the_given_order_and_stay_within_1():
    np.testing.assert_array_equal(derive_inputs(POINTS, ["x2", "x1"]), POINTS[:, ::-1])
    square = np.random.default_rng(0).uniform(-1, 1, (500, 2))
    assert np.abs(derive_inputs(square, PLANE_INPUTS)).max() <= 1


def test_inputs_can_be_written_into_an_array():
    out = np.empty((3, 2), np.float32)
    assert derive_inputs(POINTS, ["x1", "x1x1"], out) is out
    np.testing.assert_allclose(out[:, 1], X**2)


@pytest.mark.parametrize(("names", "found"), [([], "none"), (["x1", "x3"], "x3")])
def test_unknown_inputs_are_refused_with_the_known_ones(names, found):
    with pytest.raises(ValueError, match=f"x1, x2, .*found {found}"):
        derive_inputs(POINTS, names)
