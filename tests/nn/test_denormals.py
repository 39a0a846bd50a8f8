import numpy as np
import pytest

import nn
from data_cache import load_digits, to_float
from nn.denormals import FLUSH_PERIOD
from nn.losses import LossWorkspace, softmax_cross_entropy

DTYPES = [np.float32, np.float64]


def denormals(arrays):
    return sum(
        int(((array != 0) & (np.abs(array) < np.finfo(array.dtype).tiny)).sum())
        for array in arrays
        if array.dtype.kind == "f"
    )


def create(name, parameters):
    settings = {"weight_decay": 0.5} if name == "adamw" else {}
    return nn.create_optimizer(name, parameters, **settings)


DECAY_BY_0_9 = ("momentum", "nesterov", "rmsprop", "adadelta", "adam", "adamw")
"""Optimisers whose first moments shrink to 0.9 of themselves in a step without a gradient."""


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", nn.OPTIMIZERS)
def test_what_decays_never_becomes_denormal(name, dtype):
    generator = np.random.default_rng(0)
    parameters = [generator.standard_normal(shape).astype(dtype) for shape in ((9, 4), (4,))]
    optimizer = create(name, parameters)
    gradients = [generator.standard_normal(p.shape).astype(dtype) for p in parameters]
    optimizer.update(parameters, gradients, 0.1)
    # As if each had last been seen at another time, some of them very long ago.
    for arrays in optimizer.moments.values():
        for array in arrays:
            np.multiply(array, 10.0 ** -np.arange(array.size).reshape(array.shape), out=array)
    for gradient in gradients:
        gradient[...] = 0
    for step in range(5_000):
        optimizer.update(parameters, gradients, 0.1)
        if step > FLUSH_PERIOD and step % 7 == 0:
            assert not denormals([*optimizer.state().values(), *parameters]), step
    if dtype == np.float32 and name in DECAY_BY_0_9:
        assert not any(array.any() for array in next(iter(optimizer.moments.values())))


def digits_curve(optimizer_name, period, monkeypatch, steps=300):
    monkeypatch.setattr("nn.optimizers.FLUSH_PERIOD", period)
    train = load_digits().train
    network = nn.create_network((784, 16, 10), generator=np.random.default_rng(0))
    optimizer = nn.create_optimizer(optimizer_name, network.parameters())
    step = nn.TrainingStep(network, optimizer, batch_capacity=32)
    rates = {"sgd": 0.05, "momentum": 0.05, "nesterov": 0.05, "adadelta": 1.0}
    rate = rates.get(optimizer_name, 0.002)
    generator, losses = np.random.default_rng(1), []
    for _ in range(steps):
        picked = generator.integers(0, len(train), 32)
        losses.append(step(to_float(train.images[picked]), train.labels[picked], rate).loss)
    return losses


@pytest.mark.parametrize("name", nn.OPTIMIZERS)
def test_flushing_does_not_change_what_is_learnt(name, monkeypatch):
    flushed = digits_curve(name, 1, monkeypatch)
    assert flushed == digits_curve(name, 10**9, monkeypatch)
    assert flushed[-1] < flushed[0] / 2


def test_values_that_matter_and_nan_are_kept():
    parameters = [np.array([1e-29, -1e-29, 1e-31, -1e-31, np.nan, np.inf, -1e-40], np.float32)]
    optimizer = nn.SGD(parameters)
    for _ in range(FLUSH_PERIOD):
        optimizer.update(parameters, [np.zeros(7, np.float32)], 0.1)
    expected = np.array([1e-29, -1e-29, 0, 0, np.nan, np.inf, 0], np.float32)
    np.testing.assert_array_equal(parameters[0], expected)


@pytest.mark.parametrize("name", nn.OPTIMIZERS)
def test_a_run_that_is_resumed_between_two_flushes_is_the_unbroken_one(name):
    def gradients(step):
        values = np.random.default_rng(step).standard_normal((6, 5)).astype(np.float32)
        values[:3] *= 1e-28 if step < 40 else 0
        return [values]

    parameters = [np.ones((6, 5), np.float32)]
    optimizer = create(name, parameters)
    for step in range(200):
        if step == FLUSH_PERIOD + 9:
            resumed = [array.copy() for array in parameters]
            state = optimizer.state()
        optimizer.update(parameters, gradients(step), 0.01)
    second = create(name, resumed)
    second.load_state(state)
    for step in range(FLUSH_PERIOD + 9, 200):
        second.update(resumed, gradients(step), 0.01)
    np.testing.assert_array_equal(resumed[0], parameters[0])
    for key, array in optimizer.state().items():
        np.testing.assert_array_equal(array, second.state()[key])


def test_plain_descent_also_flushes_weights_that_a_penalty_shrinks():
    network = nn.create_network((5, 4, 3), generator=np.random.default_rng(0))
    step = nn.TrainingStep(network, nn.SGD(network.parameters()), batch_capacity=2, l2=0.5)
    x, labels = np.zeros((2, 5), np.float32), np.array([0, 1])
    for _ in range(60 * FLUSH_PERIOD):
        step(x, labels, 1.0 / 8)
    assert not network.layers[0].weights.any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_gradients_of_very_improbable_classes_are_zero(dtype):
    logits = np.array([[0, 40, 90, 800], [0, -80, -20, -1]], dtype)
    logits[1] *= 1 if dtype == np.float32 else 2
    delta = np.empty_like(logits)
    workspace = LossWorkspace.create(2, 4, np.dtype(dtype))
    softmax_cross_entropy(logits, np.array([3, 0]), delta, workspace)
    assert not denormals([delta])
    assert delta[1, 1] == 0
    assert delta[1, 2] > 0


def test_the_mean_of_weights_that_became_zero_never_becomes_denormal():
    network = nn.create_network((5, 3), generator=np.random.default_rng(0))
    average = nn.WeightAverage(network, 0.5)
    for array in network.parameters():
        array[...] = 0
    for step in range(400):
        average.update(network)
        assert not denormals(average.network.parameters()), step
    assert not average.network.layers[0].weights.any()
