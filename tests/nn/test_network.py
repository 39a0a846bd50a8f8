import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import INITIALIZATIONS, Layer, Network, create_network
from nn.log_softmax import log_softmax, negative_log_likelihood


def make(sizes=(4, 3, 2), **settings) -> Network:
    return create_network(sizes, generator=np.random.default_rng(0), **settings)


def test_a_network_tells_its_form():
    network = make((784, 128, 10))
    assert network.sizes == (784, 128, 10)
    assert network.classes == 10
    assert network.dtype == np.float32
    assert network.has_biases
    assert network.parameter_count == 784 * 128 + 128 + 128 * 10 + 10
    assert [p.shape for p in network.parameters()] == [(784, 128), (128,), (128, 10), (10,)]


def test_a_network_without_biases_has_weights_only():
    network = make(biases=False, dtype=np.float64)
    assert not network.has_biases
    assert network.dtype == np.float64
    assert [p.shape for p in network.parameters()] == [(4, 3), (3, 2)]


def test_the_forward_pass_equals_the_formula_written_out():
    network = make((4, 3, 2), activation="tanh", dtype=np.float64)
    (W0, b0, W1, b1) = network.parameters()
    b0[:], b1[:] = [0.1, -0.2, 0.3], [0.5, -0.5]
    x = np.random.default_rng(1).random((5, 4))
    expected = []
    for row in x:
        hidden = np.tanh([sum(row[i] * W0[i, j] for i in range(4)) + b0[j] for j in range(3)])
        scores = [sum(hidden[j] * W1[j, k] for j in range(3)) + b1[k] for k in range(2)]
        total = sum(np.exp(score) for score in scores)
        expected.append([np.exp(score) / total for score in scores])
    np.testing.assert_allclose(network.predict_proba(x), expected, rtol=1e-12)
    np.testing.assert_allclose(network.predict_log_proba(x), np.log(expected), rtol=1e-12)


def test_the_forward_pass_is_pure_and_returns_all_that_led_to_the_answer():
    network = make((4, 3, 3, 2))
    x = np.random.default_rng(1).random((5, 4), dtype=np.float32)
    before = [x.copy(), *(p.copy() for p in network.parameters())]
    forward = network.forward(x)
    for old, new in zip(before, [x, *network.parameters()], strict=True):
        np.testing.assert_array_equal(old, new)
    assert [a.shape for a in forward.layer_inputs] == [(5, 4), (5, 3), (5, 3)]
    assert [a.shape for a in forward.pre_activations] == [(5, 3), (5, 3)]
    for z, a in zip(forward.pre_activations, forward.activations, strict=True):
        np.testing.assert_array_equal(a, np.maximum(z, 0))
    assert forward.log_probabilities.dtype == np.float32


def test_probabilities_are_float32_and_rows_sum_to_one():
    x = np.random.default_rng(1).random((7, 784), dtype=np.float32)
    probabilities = make((784, 32, 10)).predict_proba(x)
    assert probabilities.shape == (7, 10)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)


def test_no_samples_give_no_probabilities():
    assert make().predict_proba(np.zeros((0, 4), dtype=np.float32)).shape == (0, 2)


def test_one_sample_is_predicted_as_it_is_in_a_batch():
    network = make((30, 16, 5))
    x = np.random.default_rng(1).random((6, 30), dtype=np.float32)
    together = network.predict_proba(x)
    alone = np.vstack([network.predict_proba(row.reshape(1, -1)) for row in x])
    np.testing.assert_allclose(alone, together, rtol=1e-5)


def test_a_dropped_unit_takes_no_part_and_a_kept_one_is_scaled_up():
    network = make((4, 2, 2), activation="linear", dtype=np.float64)
    x = np.random.default_rng(1).random((3, 4))
    mask = np.array([[0.0, 2.0]] * 3)
    forward = network.forward(x, [mask])
    hidden = x @ network.layers[0].weights
    np.testing.assert_allclose(forward.layer_inputs[1][:, 0], 0)
    np.testing.assert_allclose(forward.layer_inputs[1][:, 1], 2 * hidden[:, 1])
    np.testing.assert_allclose(forward.activations[0], hidden)


@given(
    scores=st.lists(st.floats(-(2.0**99), 2.0**99, width=32), min_size=1, max_size=4),
    shift=st.floats(-100, 100, width=32),
)
def test_log_softmax_is_finite_never_positive_and_sums_to_one(scores, shift):
    log_probabilities = log_softmax(np.array([scores], dtype=np.float32))
    assert np.isfinite(log_probabilities).all()
    assert (log_probabilities <= 0).all()
    assert np.exp(log_probabilities).sum() == pytest.approx(1, abs=1e-5)
    small = np.clip(np.array([scores]), -50, 50)
    np.testing.assert_allclose(log_softmax(small + shift), log_softmax(small), atol=1e-9)


def test_the_loss_is_finite_at_probabilities_of_exactly_zero_and_one():
    log_probabilities = log_softmax(np.array([[0.0, 1e4], [1e4, 0.0]], dtype=np.float32))
    np.testing.assert_array_equal(np.exp(log_probabilities), [[0, 1], [1, 0]])
    assert negative_log_likelihood(log_probabilities, np.array([1, 0])) == 0.0
    assert negative_log_likelihood(log_probabilities, np.array([0, 1])) == 1e4


def test_a_perfect_loss_is_not_minus_zero():
    loss = negative_log_likelihood(np.zeros((1, 1)), np.array([0]))
    assert str(loss) == "0.0"


def test_a_blown_up_network_predicts_nan_without_a_warning():
    network = make((4, 3, 2))
    network.layers[0].weights.fill(np.float32(3e38))
    network.layers[1].weights.fill(np.float32(3e38))
    with np.errstate(all="raise"):
        probabilities = network.predict_proba(np.ones((1, 4), dtype=np.float32))
    assert np.isnan(probabilities).all()


@pytest.mark.parametrize("name", INITIALIZATIONS)
def test_the_same_seed_gives_the_same_weights(name):
    first, second = make(initialization=name), make(initialization=name)
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        np.testing.assert_array_equal(one, other)
    if name != "zeros":
        third = create_network((4, 3, 2), generator=np.random.default_rng(1), initialization=name)
        assert (third.layers[0].weights != first.layers[0].weights).any()


def test_a_copy_is_equal_and_independent():
    network = make()
    copy = network.copy()
    np.add(network.layers[0].weights, 1, out=network.layers[0].weights)
    np.testing.assert_allclose(copy.layers[0].weights + 1, network.layers[0].weights)
    assert copy.sizes == network.sizes


def test_numbers_are_copied_in_place_also_from_float64():
    network, other = make(), make(initialization="xavier", dtype=np.float64)
    arrays = network.parameters()
    network.copy_from(other)
    for array, mine, theirs in zip(arrays, network.parameters(), other.parameters(), strict=True):
        assert mine is array
        np.testing.assert_array_equal(mine, theirs.astype(np.float32))


@pytest.mark.parametrize(
    "other", [make((4, 5, 2)), make(biases=False), make(activation="tanh"), make((4, 2))]
)
def test_another_form_is_not_copied_in_place(other):
    with pytest.raises(ValueError, match="4-3-2 relu with biases and found"):
        make().copy_from(other)


@pytest.mark.parametrize("sizes", [(), (5,), (4, 0, 2), (4, -1), (4, 2.5, 2)])
def test_impossible_sizes_are_refused(sizes):
    with pytest.raises(ValueError, match="at least two whole sizes from 1 up"):
        make(sizes)


@pytest.mark.parametrize("shape", [(4,), (1, 3), (2, 2, 2), ()])
def test_inputs_of_a_wrong_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"Expected inputs of shape \(samples, 4\) and found"):
        make().predict_proba(np.zeros(shape, dtype=np.float32))


def test_bytes_are_refused_as_inputs_with_the_remedy():
    with pytest.raises(ValueError, match="found uint8; divide bytes by 255"):
        make().predict_proba(np.zeros((1, 4), dtype=np.uint8))


def matrix(*shape, dtype=np.float32, order="C"):
    return np.zeros(shape, dtype=dtype, order=order)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([], "at least one layer"),
        ([Layer(matrix(3))], "weights of layer 0"),
        ([Layer(matrix())], "weights of layer 0"),
        ([Layer(matrix(3, 0))], "weights of layer 0"),
        ([Layer(matrix(4, 3)), Layer(matrix(4, 2))], r"layer 1 to have the shape \(3, outputs\)"),
        ([Layer(matrix(4, 3), matrix(4))], r"bias of layer 0 to have the shape \(3,\)"),
        ([Layer(matrix(4, 3), matrix(3)), Layer(matrix(3, 2))], "layer 1 differs"),
        ([Layer(matrix(4, 3), matrix(3, dtype=np.float64))], "found float64 in layer 0"),
        ([Layer(matrix(4, 3, dtype=np.int64))], "found int64 in layer 0"),
        ([Layer(matrix(4, 3, order="F"))], "C-contiguous"),
    ],
)
def test_layers_that_do_not_fit_are_refused(layers, message):
    with pytest.raises(ValueError, match=message):
        Network(tuple(layers))


def test_an_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="activation and found 'step'"):
        Network((Layer(matrix(2, 2)),), "step")
    with pytest.raises(ValueError, match="Spell the activation"):
        Network((Layer(matrix(2, 2)),), "re-lu")
