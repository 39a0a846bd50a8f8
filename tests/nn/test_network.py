import tracemalloc

import numpy as np
import pytest
from reference_network import forward

from nn import ACTIVATIONS, INITIALIZATIONS, Dense, Network, create_network
from nn.network import CHUNK_ROWS, IMAGE_CHUNK_ROWS


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


def test_probabilities_are_those_of_the_formula_written_out():
    network = make((4, 3, 2), activation="tanh", dtype=np.float64)
    (W0, b0, W1, b1) = network.parameters()
    b0[:], b1[:] = [0.1, -0.2, 0.3], [0.5, -0.5]
    x = np.random.default_rng(1).random((5, 4))
    expected = []
    for row in x:
        hidden = np.tanh([sum(row[i] * W0[i, j] for i in range(4)) + b0[j] for j in range(3)])
        logits = [sum(hidden[j] * W1[j, k] for j in range(3)) + b1[k] for k in range(2)]
        total = sum(np.exp(logit) for logit in logits)
        expected.append([np.exp(logit) / total for logit in logits])
    np.testing.assert_allclose(network.predict_proba(x), expected, rtol=1e-12)
    np.testing.assert_allclose(network.predict_log_proba(x), np.log(expected), rtol=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(
    "layer_spec", [None, "conv3x4", "crop8 conv5x3 pool2 conv3x4 pool3s2", "conv2x3p0 pool2s1"]
)
def test_predictions_are_those_of_the_reference(activation, layer_spec):
    network = make((100, 7, 5), activation=activation, dtype=np.float64, layer_spec=layer_spec)
    for parameter in network.parameters():
        np.add(parameter, 0.05, out=parameter)
    x = np.random.default_rng(1).standard_normal((6, 100))
    expected = forward(network, x)
    np.testing.assert_allclose(
        network.predict_log_proba(x), expected.log_probabilities, rtol=1e-9, atol=1e-12
    )
    hidden = network.hidden_activations(x)
    assert len(hidden) == 1
    np.testing.assert_allclose(hidden[0], expected.activations[-1], rtol=1e-9, atol=1e-12)


def test_a_prediction_changes_neither_inputs_nor_parameters():
    network = make((4, 3, 3, 2))
    x = np.random.default_rng(1).random((5, 4), dtype=np.float32)
    before = [x.copy(), *(p.copy() for p in network.parameters())]
    first = network.predict_proba(x)
    kept = first.copy()
    network.predict_proba(x[::-1])
    np.testing.assert_array_equal(first, kept)
    for old, new in zip(before, [x, *network.parameters()], strict=True):
        np.testing.assert_array_equal(old, new)


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


CHUNKS = {None: CHUNK_ROWS, "conv3x4 pool2": IMAGE_CHUNK_ROWS}


@pytest.mark.parametrize("layer_spec", CHUNKS)
@pytest.mark.parametrize("extra", [-1, 0, 1, 70])
def test_large_arrays_are_predicted_in_chunks_as_each_sample_by_itself(layer_spec, extra):
    network = make((36, 5), dtype=np.float64, layer_spec=layer_spec)
    count = CHUNKS[layer_spec] + extra
    x = np.random.default_rng(1).random((count, 36))
    together = network.predict_log_proba(x)
    assert together.shape == (count, 5)
    for index in (0, count // 2, count - 1):
        alone = network.predict_log_proba(x[index : index + 1])[0]
        np.testing.assert_allclose(together[index], alone, atol=1e-12)


@pytest.mark.parametrize("layer_spec", CHUNKS)
def test_the_memory_of_a_prediction_does_not_grow_with_its_samples(layer_spec):
    network = make((36, 500, 5), layer_spec=layer_spec)
    peaks = []
    for chunks in (2, 6):
        x = np.zeros((chunks * CHUNKS[layer_spec], 36), np.uint8)
        tracemalloc.start()
        result = network.predict_log_proba(x)
        peaks.append(tracemalloc.get_traced_memory()[1] - result.nbytes)
        tracemalloc.stop()
    assert peaks[1] < 1.01 * peaks[0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layer_spec", CHUNKS)
@pytest.mark.parametrize("lay_out", [np.ascontiguousarray, np.asfortranarray])
def test_bytes_are_predicted_as_the_pixels_that_they_stand_for(dtype, layer_spec, lay_out):
    network = make((36, 5), dtype=dtype, layer_spec=layer_spec)
    pixels = np.random.default_rng(1).integers(0, 256, (130, 36), np.uint8)
    expected = network.predict_proba(pixels.astype(dtype) * dtype(1 / 255))
    np.testing.assert_array_equal(network.predict_proba(lay_out(pixels)), expected)


def test_a_diverged_network_predicts_nan_without_a_warning():
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


def test_values_are_copied_in_place_also_from_float64():
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


def test_integers_but_bytes_are_refused_as_inputs():
    with pytest.raises(ValueError, match="found int64"):
        make().predict_proba(np.zeros((1, 4), dtype=np.int64))


def test_a_convolutional_network_tells_its_form():
    spec = "crop24 conv5x8 pool2 conv5x16 pool3"
    network = make((784, 5), layer_spec=spec)
    assert network.sizes == (784, 5)
    assert network.title == f"784 → {spec} → 5"
    assert [array.shape for array in network.parameters()] == [
        *[(25, 8), (8,), (200, 16), (16,)],
        *[(256, 5), (5,)],
    ]
    assert [layer.outputs for layer in network.layers] == [12 * 12 * 8, 4 * 4 * 16, 5]
    assert (len(network.convolutions), len(network.dense_layers)) == (2, 1)
    assert network.dtype == np.float32


def test_a_dense_network_has_no_convolutions():
    network = make((9, 4, 2))
    assert network.layer_spec is None
    assert network.convolutions == ()
    assert network.title == "9-4-2"


def test_convolutions_need_square_images():
    with pytest.raises(ValueError, match="square images for convolutions and found 10 pixels"):
        make((10, 2), layer_spec="conv3x4")


def test_copies_of_convolutional_networks_are_independent_and_take_values_over():
    network = make((144, 7, 5), layer_spec="conv3x4 pool2")
    other = network.copy()
    other.layers[0].weights.fill(0)
    assert network.layers[0].weights.any()
    network.copy_from(other)
    assert not network.layers[0].weights.any()
    assert network.astype(np.float64).layers[0].weights.dtype == np.float64
    with pytest.raises(ValueError, match="conv3x4 pool2 → 7-5 relu with biases"):
        network.copy_from(make((144, 7, 5), layer_spec="conv3x3 pool2"))


def test_an_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="activation and found 'step'"):
        Network((Dense(np.zeros((2, 2), np.float32)),), "step")
    with pytest.raises(ValueError, match="Expected the activation as 'relu' and found 're-lu'"):
        Network((Dense(np.zeros((2, 2), np.float32)),), "re-lu")
