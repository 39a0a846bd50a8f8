import numpy as np
import pytest

from nn import Conv2D, Dense, MaxPool2D, Network
from nn.activations import activation_function
from nn.layers import Shape, create_workspaces


def conv(shape=(6, 5, 2), filters=3, *, kernel=3, padding=1, pool=None, dtype=np.float64, **form):
    generator = np.random.default_rng(0)
    weights = generator.standard_normal((kernel * kernel * shape[2], filters)).astype(dtype)
    bias = generator.standard_normal(filters).astype(dtype)
    return Conv2D(weights, bias, kernel, padding, Shape(*shape), pool, **form)


def propagate(layer, x, delta):
    """Return the activations, and the gradients with respect to weights, bias and inputs.

    The gradients are those of the sum of activations times `delta`.
    """
    # Layers behind and in front of it, so that it is neither the first nor the output.
    before = Dense(np.eye(layer.inputs))
    workspace = create_workspaces((before, layer, before), len(x), for_training=True)[1]
    tanh = activation_function("tanh")
    activations = layer.forward(x, workspace, tanh).copy()
    workspace.delta[...] = delta
    input_delta = np.empty_like(x)
    layer.backward(workspace, tanh, input_delta)
    gradients = layer.with_parameters(*map(np.empty_like, layer.parameters()))
    layer.gradients(x, workspace, gradients)
    return activations, *gradients.parameters(), input_delta


@pytest.mark.parametrize(
    "layer",
    [
        Dense(np.random.default_rng(0).standard_normal((4, 3)), np.array([0.5, -1, 2])),
        conv(),
        conv(kernel=2, padding=0),
        conv(kernel=2, padding=1, pool=MaxPool2D(2, 2)),
        conv(pool=MaxPool2D(3, 2)),
        conv(pool=MaxPool2D(2, 3)),
        conv(kernel=1, padding=0, pool=MaxPool2D(2, 1)),
    ],
    ids=["dense", "same", "valid", "even", "overlapping", "gaps", "1 × 1"],
)
def test_a_layers_backward_pass_gives_the_gradients_of_its_forward_pass(layer):
    generator = np.random.default_rng(1)
    x = generator.standard_normal((3, layer.inputs))
    delta = generator.standard_normal((3, layer.outputs))
    _, *found = propagate(layer, x, delta)
    values = [*layer.parameters(), x]

    def value(arrays):
        moved = layer.with_parameters(*arrays[:2])
        return float(np.vdot(propagate(moved, arrays[2], delta)[0], delta))

    for index, gradient in enumerate(found):
        direction = generator.standard_normal(gradient.shape)
        above, below = [*values], [*values]
        above[index] = values[index] + 1e-6 * direction
        below[index] = values[index] - 1e-6 * direction
        difference = (value(above) - value(below)) / 2e-6
        assert np.vdot(gradient, direction) == pytest.approx(difference, rel=1e-6)


def test_pooling_before_the_activation_gives_what_pooling_last_does():
    layer = conv((6, 6, 1), pool=MaxPool2D(2, 2))
    x = np.random.default_rng(1).standard_normal((4, 36))
    delta = np.zeros((4, layer.outputs))
    whole = Conv2D(layer.weights, layer.bias, 3, 1, layer.input_shape)
    activations = propagate(whole, x, np.zeros((4, whole.outputs)))[0]
    last = activations.reshape(4, 3, 2, 3, 2, 3).max(axis=(2, 4))
    np.testing.assert_array_equal(propagate(layer, x, delta)[0], last.reshape(4, -1))


def test_only_the_middle_of_the_images_counts_with_an_image_side():
    layer = conv((4, 4, 1), image_side=8)
    images = np.random.default_rng(1).standard_normal((2, 8, 8))
    workspace = create_workspaces((layer, Dense(np.zeros((48, 2)))), 2)[0]
    tanh = activation_function("tanh")
    cropped = layer.forward(images.reshape(2, 64), workspace, tanh).copy()
    small = conv((4, 4, 1))
    middle = np.ascontiguousarray(images[:, 2:6, 2:6]).reshape(2, 16)
    np.testing.assert_array_equal(cropped, small.forward(middle, workspace, tanh))
    assert layer.inputs == 64


def test_the_shapes_of_a_convolution_follow_its_padding_and_pooling():
    layer = conv((7, 6, 2), filters=4, kernel=3, padding=0, pool=MaxPool2D(2, 2))
    assert layer.convolved_shape == (5, 4, 4)
    assert layer.output_shape == (2, 2, 4)
    assert (layer.inputs, layer.outputs) == (84, 16)


def test_weights_that_do_not_fit_the_kernel_are_refused():
    with pytest.raises(ValueError, match=r"shape \(18, filters\) for kernels of 3 × 3 and 2"):
        Conv2D(np.zeros((17, 4)), None, 3, 1, Shape(5, 5, 2))


def matrix(*shape, dtype=np.float32, order="C"):
    return np.zeros(shape, dtype=dtype, order=order)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([], "at least one layer"),
        ([Dense(matrix(3))], "weights of layer 0"),
        ([Dense(matrix())], "weights of layer 0"),
        ([Dense(matrix(3, 0))], "weights of layer 0"),
        ([Dense(matrix(4, 3)), Dense(matrix(4, 2))], r"layer 1 to have the shape \(3, outputs\)"),
        ([Dense(matrix(4, 3), matrix(4))], r"bias of layer 0 to have the shape \(3,\)"),
        ([Dense(matrix(4, 3), matrix(3)), Dense(matrix(3, 2))], "layer 1 differs"),
        ([Dense(matrix(4, 3), matrix(3, dtype=np.float64))], "found float64 in layer 0"),
        ([Dense(matrix(4, 3, dtype=np.int64))], "found int64 in layer 0"),
        ([Dense(matrix(4, 3, order="F"))], "C-contiguous"),
        ([conv(dtype=np.float32)], "the last layer to be dense"),
        ([Dense(matrix(4, 60), matrix(60)), conv(), Dense(matrix(90, 2))], "layer 1 is one"),
        ([conv(), Dense(matrix(89, 2), matrix(2))], r"layer 1 to have the shape \(90, outputs\)"),
        ([conv(), Dense(matrix(90, 2), matrix(2))], "found float32 in layer 1 after float64"),
        ([conv(dtype=np.float32), Dense(matrix(90, 2))], "layer 1 differs"),
    ],
)
def test_layers_that_do_not_fit_each_other_are_refused(layers, message):
    with pytest.raises(ValueError, match=message):
        Network(tuple(layers))
