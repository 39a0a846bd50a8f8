import numpy as np
import pytest

from nn import ACTIVATIONS, check_gradient, create_network, loss_and_gradients, measure_loss

LABELS = np.array([0, 2, 1, 1, 0, 2])
PENALTIES = {"none": {}, "l1": {"l1": 0.3}, "l2": {"l2": 0.7}, "both": {"l1": 0.2, "l2": 0.4}}


def problem(sizes=(5, 4, 3), *, activation="tanh", biases=True, seed=0):
    generator = np.random.default_rng(seed)
    network = create_network(
        sizes, generator=generator, activation=activation, biases=biases, dtype=np.float64
    )
    for parameter in network.parameters():
        np.add(parameter, 0.1 * generator.standard_normal(parameter.shape), out=parameter)
    return network, generator.standard_normal((len(LABELS), sizes[0]))


def masks_for(network, rate):
    generator = np.random.default_rng(8)
    units = network.sizes[1:-1]
    return [(generator.random((len(LABELS), size)) >= rate) / (1 - rate) for size in units]


def gradient_error(network, x, **settings):
    def loss(parameters):
        return measure_loss(network.with_parameters(parameters), x, LABELS, **settings).total

    def gradients(parameters):
        return loss_and_gradients(network.with_parameters(parameters), x, LABELS, **settings)[1]

    return check_gradient(loss, gradients, network.parameters(), np.random.default_rng(5))


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_gradient_equals_central_differences(activation, biases, dropout, penalty):
    network, x = problem((5, 4, 4, 3), activation=activation, biases=biases)
    masks = masks_for(network, dropout) if dropout else None
    assert gradient_error(network, x, dropout_masks=masks, **PENALTIES[penalty]) < 1e-7


@pytest.mark.parametrize("sizes", [(5, 3), (1, 1, 3), (5, 7, 6, 5, 4, 3)])
def test_the_gradient_is_right_at_any_depth(sizes):
    network, x = problem(sizes)
    assert gradient_error(network, x) < 1e-7


def test_the_gradient_of_one_softmax_layer_equals_its_closed_form():
    network, x = problem((5, 3))
    _, (by_weights, by_bias) = loss_and_gradients(network, x, LABELS)
    difference = (network.predict_proba(x) - np.eye(3)[LABELS]) / len(LABELS)
    np.testing.assert_allclose(by_weights, x.T @ difference, rtol=1e-12)
    np.testing.assert_allclose(by_bias, difference.sum(axis=0), rtol=1e-12, atol=1e-17)


def test_the_loss_is_the_mean_of_the_samples_and_the_penalty_stands_apart():
    network, x = problem()
    alone = [measure_loss(network, x[i : i + 1], LABELS[i : i + 1]).data for i in range(6)]
    loss = measure_loss(network, x, LABELS, l1=0.3, l2=0.5)
    weights = np.concatenate([layer.weights.ravel() for layer in network.layers])
    assert loss.data == pytest.approx(np.mean(alone))
    assert loss.penalty == pytest.approx(0.3 * np.abs(weights).sum() + 0.25 * (weights**2).sum())
    assert loss.total == loss.data + loss.penalty
    assert loss_and_gradients(network, x, LABELS, l1=0.3, l2=0.5)[0] == loss.total


def test_penalties_leave_the_biases_alone():
    network, x = problem()
    _, plain = loss_and_gradients(network, x, LABELS)
    _, punished = loss_and_gradients(network, x, LABELS, l1=1.0, l2=1.0)
    for one, other in zip(plain, punished, strict=True):
        assert (one.ndim == 1) == np.array_equal(one, other)


def test_loss_and_gradients_change_nothing():
    network, x = problem()
    before = [array.copy() for array in (x, LABELS, *network.parameters())]
    loss_and_gradients(network, x, LABELS, l1=0.1, l2=0.1, dropout_masks=masks_for(network, 0.5))
    for old, new in zip(before, (x, LABELS, *network.parameters()), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_float32_network_has_float32_gradients_close_to_those_of_float64():
    network, x = problem()
    _, exact = loss_and_gradients(network, x, LABELS, l1=0.1, l2=0.1)
    _, rounded = loss_and_gradients(network.astype(np.float32), x, LABELS, l1=0.1, l2=0.1)
    for one, other in zip(exact, rounded, strict=True):
        assert other.dtype == np.float32
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([0, 1, 3]), "from 0 to 2 and found 3 at position 2"),
        (np.array([0, -1, 1]), "from 0 to 2 and found -1 at position 1"),
        (np.array([0.0, 1.0, 2.0]), "integer type and found float64"),
        (np.array([0, 1]), r"each of the 3 samples, shape \(3,\), and found \(2,\)"),
        (np.array([[0], [1], [2]]), r"found \(3, 1\)"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels, message):
    network, x = problem()
    with pytest.raises(ValueError, match=message):
        loss_and_gradients(network, x[:3], labels)


def test_an_empty_batch_is_refused():
    network, x = problem()
    with pytest.raises(ValueError, match="empty batch"):
        measure_loss(network, x[:0], LABELS[:0])
