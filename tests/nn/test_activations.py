import numpy as np
import pytest

from nn import (
    ACTIVATIONS,
    INITIALIZATIONS,
    OPTIMIZERS,
    SCHEDULES,
    activation_function,
    activation_name,
    initialization_name,
    optimizer_name,
    schedule_name,
)

CLOSED_FORMS = {
    "relu": lambda z: np.where(z > 0, z, 0.0),
    "leaky-relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "tanh": lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "linear": lambda z: z,
}


def values_and_derivatives(name: str, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    a, derivatives = np.empty_like(z), np.empty_like(z)
    activation_function(name).apply(z, a)
    activation_function(name).derivative(z, a, derivatives)
    return a, derivatives


def test_every_activation_has_a_closed_form_here():
    assert set(ACTIVATIONS) == set(CLOSED_FORMS)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_activation_equals_its_closed_form(name, dtype):
    z = np.linspace(-4, 4, 41).astype(dtype)
    a, _ = values_and_derivatives(name, z)
    np.testing.assert_allclose(a, CLOSED_FORMS[name](z.astype(np.float64)), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_derivative_equals_the_central_difference_of_the_closed_form(name):
    z = np.array([-3.0, -1.1, -0.2, 0.3, 0.9, 2.5])
    _, derivatives = values_and_derivatives(name, z)
    form = CLOSED_FORMS[name]
    np.testing.assert_allclose(derivatives, (form(z + 1e-6) - form(z - 1e-6)) / 2e-6, rtol=1e-7)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_derivative_may_be_written_over_its_argument(name):
    z = np.array([-3.0, -0.2, 0.0, 0.3, 2.5], dtype=np.float32)
    a, derivatives = values_and_derivatives(name, z)
    activation_function(name).derivative(z, a, z)
    np.testing.assert_array_equal(z, derivatives)


@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_extreme_arguments_saturate_without_overflow(name):
    z = np.array([-1e30, -200.0, 200.0, 1e30], dtype=np.float32)
    with np.errstate(all="raise"):
        a, derivatives = values_and_derivatives(name, z)
    low = 0.0 if name == "sigmoid" else -1.0
    np.testing.assert_array_equal(a, [low, low, 1, 1])
    np.testing.assert_array_equal(derivatives, 0)


@pytest.mark.parametrize(
    ("spelling", "name"),
    [("re-lu", "relu"), ("ReLU", "relu"), ("leaky_re_lu", "leaky-relu"), ("Sigmoid", "sigmoid")],
)
def test_other_spellings_of_an_activation_are_understood(spelling, name):
    assert activation_name(spelling) == name


@pytest.mark.parametrize(
    ("normalise", "names", "kind"),
    [
        (activation_name, ACTIVATIONS, "activation"),
        (initialization_name, INITIALIZATIONS, "initialization"),
        (optimizer_name, OPTIMIZERS, "optimizer"),
        (schedule_name, SCHEDULES, "schedule"),
    ],
)
def test_an_unknown_name_is_refused_with_the_choices(normalise, names, kind):
    assert [normalise(name.upper()) for name in names] == list(names)
    for unknown in ("rele", 3):
        with pytest.raises(ValueError, match=f"{', '.join(names)} as {kind} .* {unknown!r}"):
            normalise(unknown)
