import numpy as np
import pytest

from nn import check_gradient


def sum_of_cubes(parameters):
    return float(sum((array**3).sum() for array in parameters))


def gradient_of_cubes(parameters):
    return [3 * array**2 for array in parameters]


def cubes():
    generator = np.random.default_rng(1)
    return [generator.standard_normal((3, 2)), generator.standard_normal(2)]


def check(gradient_function, function=sum_of_cubes, parameters=None):
    parameters = cubes() if parameters is None else parameters
    return check_gradient(function, gradient_function, parameters, np.random.default_rng(2))


def test_a_correct_gradient_is_accepted_and_the_parameters_stay_as_they_are():
    parameters = cubes()
    assert check(gradient_of_cubes, parameters=parameters) < 1e-8
    for one, other in zip(parameters, cubes(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("entry", range(8))
def test_a_single_wrong_entry_is_detected(entry):
    def wrong(parameters):
        gradients = gradient_of_cubes(parameters)
        array = gradients[0] if entry < 6 else gradients[1]
        array.flat[entry % 6] += 0.01
        return gradients

    assert check(wrong) > 1e-5


@pytest.mark.parametrize("factor", [-1.0, 0.0, 0.5, 1.001])
def test_a_wrong_sign_or_scale_is_detected(factor):
    assert check(lambda p: [factor * g for g in gradient_of_cubes(p)]) > 5e-4


def test_a_gradient_that_lacks_a_term_of_the_function_is_detected():
    def with_penalty(parameters):
        return sum_of_cubes(parameters) + 0.1 * sum((array**2).sum() for array in parameters)

    assert check(gradient_of_cubes, with_penalty) > 1e-2


def test_a_nan_in_the_gradient_gives_nan():
    def broken(parameters):
        gradients = gradient_of_cubes(parameters)
        gradients[0][0, 0] = np.nan
        return gradients

    assert np.isnan(check(broken))


def test_a_nan_in_one_value_of_the_function_gives_nan():
    calls = iter(range(100))

    def sometimes_nan(parameters):
        return np.nan if next(calls) == 4 else sum_of_cubes(parameters)

    assert np.isnan(check(gradient_of_cubes, sometimes_nan))


def test_float32_parameters_and_gradients_of_other_shapes_are_refused():
    rough = [array.astype(np.float32) for array in cubes()]
    with pytest.raises(ValueError, match="Expected float64 parameters and found float32"):
        check(gradient_of_cubes, parameters=rough)
    with pytest.raises(ValueError, match="Expected gradients of the shapes"):
        check(lambda parameters: gradient_of_cubes(parameters)[:1])
