import numpy as np
import pytest

from nn import OPTIMIZERS, Adam, create_optimizer

STEPS = 6
RATES = [[1e-3] * STEPS, [0.1] * STEPS, [1.0] * STEPS, [0.1, 0.01, 0.0, 0.5, 0.02, 0.3]]


def gradients_of(step):
    generator = np.random.default_rng(step)
    return [generator.standard_normal((3, 2)), generator.standard_normal(2)]


def start():
    return gradients_of(100)


# Each formula in closed form, for one parameter, from the history of its gradients.


def sgd(w, history, rates):
    for g, rate in zip(history, rates, strict=True):
        w -= rate * g
    return w


def momentum(w, history, rates, mu=0.9):
    for t, rate in enumerate(rates):
        w -= rate * sum(mu ** (t - i) * history[i] for i in range(t + 1))
    return w


def nesterov(w, history, rates, mu=0.9):
    for t, rate in enumerate(rates):
        velocity = sum(mu ** (t - i) * history[i] for i in range(t + 1))
        w -= rate * (history[t] + mu * velocity)
    return w


def rmsprop(w, history, rates, rho=0.9, epsilon=1e-8):
    for t, rate in enumerate(rates):
        square = sum((1 - rho) * rho ** (t - i) * history[i] ** 2 for i in range(t + 1))
        w -= rate * history[t] / (square**0.5 + epsilon)
    return w


def adadelta(w, history, rates, rho=0.9, epsilon=1e-6):
    steps = []
    for t, rate in enumerate(rates):
        weights = [(1 - rho) * rho ** (t - i) for i in range(t + 1)]
        square = sum(weight * g**2 for weight, g in zip(weights, history, strict=False))
        # The mean of the earlier steps' squares: the newest one is that of the last step.
        of_steps = sum((1 - rho) * rho ** (t - 1 - i) * step**2 for i, step in enumerate(steps))
        steps.append(((of_steps + epsilon) / (square + epsilon)) ** 0.5 * history[t])
        w -= rate * steps[-1]
    return w


def adam(w, history, rates, *, b1=0.9, b2=0.999, epsilon=1e-8, decay=0.0):
    for t, rate in enumerate(rates):
        m = sum((1 - b1) * b1 ** (t - i) * history[i] for i in range(t + 1))
        v = sum((1 - b2) * b2 ** (t - i) * history[i] ** 2 for i in range(t + 1))
        m_hat, v_hat = m / (1 - b1 ** (t + 1)), v / (1 - b2 ** (t + 1))
        w = w - rate * decay * w - rate * m_hat / (v_hat**0.5 + epsilon)
    return w


def adamw(w, history, rates, weight_decay=0.01, **settings):
    return adam(w, history, rates, decay=weight_decay, **settings)


FORMULAS = {
    "sgd": sgd, "momentum": momentum, "nesterov": nesterov,
    "rmsprop": rmsprop, "adadelta": adadelta, "adam": adam, "adamw": adamw,
}  # fmt: skip


def recompute(formula, rates, **settings):
    histories = [gradients_of(step) for step in range(STEPS)]
    results = start()
    for index, array in enumerate(results):
        for position in np.ndindex(array.shape):
            history = [float(gradients[index][position]) for gradients in histories]
            array[position] = formula(float(array[position]), history, rates, **settings)
    return results


def train(name, rates, **settings):
    parameters = start()
    optimizer = create_optimizer(name, parameters, **settings)
    for step, rate in enumerate(rates):
        optimizer.update(parameters, gradients_of(step), rate)
    return parameters


def assert_equal_arrays(first, second, **tolerance):
    for one, other in zip(first, second, strict=True):
        np.testing.assert_allclose(one, other, **tolerance)


def test_every_optimizer_has_a_formula_here():
    assert set(OPTIMIZERS) == set(FORMULAS)


@pytest.mark.parametrize("rates", RATES)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_equals_its_formula_also_if_the_rate_changes(name, rates):
    assert_equal_arrays(train(name, rates), recompute(FORMULAS[name], rates), rtol=1e-10)


@pytest.mark.parametrize(
    ("name", "settings", "in_formula"),
    [
        ("momentum", {"momentum": 0.5}, {"mu": 0.5}),
        ("nesterov", {"momentum": 0.0}, {"mu": 0.0}),
        ("rmsprop", {"decay": 0.7, "epsilon": 0.1}, {"rho": 0.7, "epsilon": 0.1}),
        ("adadelta", {"decay": 0.5, "epsilon": 0.01}, {"rho": 0.5, "epsilon": 0.01}),
        ("adam", {"first_decay": 0.8, "second_decay": 0.9}, {"b1": 0.8, "b2": 0.9}),
        ("adam", {"epsilon": 0.1}, {"epsilon": 0.1}),
        ("adamw", {"weight_decay": 0.3}, {"weight_decay": 0.3}),
    ],
)
def test_the_settings_of_an_optimizer_are_those_of_its_formula(name, settings, in_formula):
    rates = [0.1] * STEPS
    expected = recompute(FORMULAS[name], rates, **in_formula)
    assert_equal_arrays(train(name, rates, **settings), expected, rtol=1e-10)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_update_is_in_place_and_does_not_change_the_gradients(name):
    parameters, gradients = start(), gradients_of(0)
    arrays = list(parameters)
    create_optimizer(name, parameters).update(parameters, gradients, 0.1)
    assert all(one is other for one, other in zip(parameters, arrays, strict=True))
    assert all((new != old).all() for new, old in zip(parameters, start(), strict=True))
    assert_equal_arrays(gradients, gradients_of(0), rtol=0)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_float32_parameters_stay_float32_also_with_a_numpy_rate(name):
    parameters = [array.astype(np.float32) for array in start()]
    gradients = [array.astype(np.float32) for array in gradients_of(0)]
    optimizer = create_optimizer(name, parameters)
    optimizer.update(parameters, gradients, np.float64(0.1))
    assert all(array.dtype == np.float32 for array in parameters)
    for moments in optimizer.moments.values():
        assert all(array.dtype == np.float32 for array in moments)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_resumes_exactly_from_a_saved_state(name):
    uninterrupted = train(name, [0.1] * STEPS)
    parameters = start()
    first = create_optimizer(name, parameters)
    for step in range(3):
        first.update(parameters, gradients_of(step), 0.1)
    state = first.state()
    first.update([array.copy() for array in parameters], gradients_of(50), 0.1)
    second = create_optimizer(name, parameters)
    second.load_state(state)
    saved = {key: array.copy() for key, array in state.items()}
    assert second.steps == 3
    for step in range(3, STEPS):
        second.update(parameters, gradients_of(step), 0.1)
    assert_equal_arrays(parameters, uninterrupted, rtol=0)
    assert_equal_arrays(state.values(), saved.values(), rtol=0)  # what was loaded is a copy


def test_a_state_of_another_optimizer_or_network_is_refused_and_nothing_changes():
    parameters = start()
    optimizer = create_optimizer("adam", parameters)
    optimizer.update(parameters, gradients_of(0), 0.1)
    before = optimizer.state()
    with pytest.raises(ValueError, match=r"first\.0, .* and found steps, velocity\.0"):
        optimizer.load_state(create_optimizer("momentum", parameters).state())
    with pytest.raises(ValueError, match=r"second\.1 .*float64 of the shape \(2,\).*\(3,\)"):
        optimizer.load_state({**before, "second.1": np.zeros(3), "steps": np.array(77)})
    with pytest.raises(ValueError, match=r"first\.0 .* and found float32"):
        optimizer.load_state({**before, "first.0": np.zeros((3, 2), dtype=np.float32)})
    for key, array in optimizer.state().items():
        np.testing.assert_array_equal(array, before[key])


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("momentum", {"momentum": 1.0}, "momentum .* found 1.0"),
        ("rmsprop", {"decay": -0.1}, "decay .* found -0.1"),
        ("adadelta", {"decay": 1.0}, "decay .* found 1.0"),
        ("adam", {"second_decay": 2}, "second_decay .* found 2"),
        ("adamw", {"weight_decay": -1}, "weight_decay .* found -1"),
    ],
)
def test_a_setting_out_of_range_is_refused(name, settings, message):
    with pytest.raises(ValueError, match=message):
        create_optimizer(name, start(), **settings)


def test_a_setting_that_an_optimizer_does_not_have_is_refused():
    with pytest.raises(TypeError, match="momentum"):
        create_optimizer("adam", start(), momentum=0.9)


def test_the_first_step_of_adadelta_is_small_and_later_ones_grow_where_gradients_stay():
    parameters = [np.zeros(1)]
    optimizer = create_optimizer("adadelta", parameters)
    places = [0.0]
    for _ in range(400):
        optimizer.update(parameters, [np.ones(1)], 1.0)
        places.append(-float(parameters[0][0]))
    steps = np.diff(places)
    assert steps[0] == pytest.approx((1e-6 / (0.1 + 1e-6)) ** 0.5, rel=1e-9)
    assert (np.diff(steps[20:]) > 0).all()
    assert steps[-1] > 2 * steps[0]


def test_compiled_rules_are_only_for_the_class_that_defines_them():
    class Reversed(Adam):
        def update_one(self, W, g, moments, scratch, rate):
            super().update_one(W, -g, moments, scratch, rate)

    assert Adam(start()).has_rule
    assert not Reversed(start()).has_rule
