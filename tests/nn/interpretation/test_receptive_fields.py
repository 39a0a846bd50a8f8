"""Receptive fields, against the pixels whose perturbation changes a unit."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nn import create_network
from nn.interpretation.activations import layer_outputs
from nn.interpretation.receptive_fields import FieldGeometry, field_geometry, receptive_field

SIDE = 12


def positive_network(spec, sizes=(SIDE * SIDE, 3, 2)):
    """A network in which every pixel that a unit depends on raises it: all weights are positive."""
    network = create_network(
        sizes,
        generator=np.random.default_rng(0),
        activation="linear",
        biases=False,
        layer_spec=spec,
        dtype=np.float64,
    )
    for parameter in network.parameters():
        positive = np.abs(parameter) + 0.1
        parameter[:] = positive / positive.sum()
    return network


def perturbed_values(network, layer):
    """The values of a layer for images with one bright pixel each, (side, side, ...)."""
    images = np.eye(SIDE * SIDE).reshape(SIDE, SIDE, -1)
    return np.array([[layer_outputs(network, x)[layer].values for x in row] for row in images])


@st.composite
def layer_specs(draw):
    words = []
    if draw(st.booleans()):
        words.append(f"crop{draw(st.integers(6, SIDE))}")
    for _ in range(draw(st.integers(1, 3))):
        kernel = draw(st.integers(1, 4))
        words.append(f"conv{kernel}x2p{draw(st.integers(0, kernel - 1))}")
        if draw(st.booleans()):
            words.append(f"pool{draw(st.integers(2, 3))}s{draw(st.integers(1, 3))}")
    return " ".join(words)


@given(layer_specs(), st.data())
@settings(max_examples=40, deadline=None)
def test_the_field_is_the_set_of_pixels_whose_perturbation_changes_the_unit(spec, data):
    try:
        network = positive_network(spec)
    except ValueError:
        assume(False)
    layer = data.draw(st.integers(0, len(network.layers) - 1))
    values = perturbed_values(network, layer)
    if layer < len(network.convolutions):
        height, width = values.shape[-2:]
        row, column = data.draw(st.tuples(st.integers(0, height - 1), st.integers(0, width - 1)))
        expected = values[:, :, 1, row, column] > 0
        field = receptive_field(network, layer, row, column)
    else:
        expected = values[:, :, 1] > 0
        field = receptive_field(network, layer)
    np.testing.assert_array_equal(field.mask(SIDE), expected)


@given(layer_specs(), st.data())
@settings(max_examples=40, deadline=None)
def test_rectangles_cover_the_field(spec, data):
    try:
        network = positive_network(spec)
    except ValueError:
        assume(False)
    layer = len(network.convolutions) - 1
    height, width, _ = network.convolutions[-1].convolved_shape
    row, column = data.draw(st.tuples(st.integers(0, height - 1), st.integers(0, width - 1)))
    field = receptive_field(network, layer, row, column)
    covered = np.zeros((SIDE, SIDE), int)
    for top, left, bottom, right in field.rectangles():
        covered[top:bottom, left:right] += 1
    np.testing.assert_array_equal(covered, field.mask(SIDE))


def test_a_dense_network_without_convolutions_depends_on_all_pixels():
    network = create_network((SIDE * SIDE, 3, 2), generator=np.random.default_rng(0))
    assert receptive_field(network, 1).mask(SIDE).all()


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("conv3x2", [(-1, 3, 1)]),
        ("conv3x2p0 pool2 conv3x2p0", [(0, 3, 1), (0, 8, 2)]),
        ("conv3x2p0 pool2 conv3x2p0 pool2 conv3x2p0", [(0, 3, 1), (0, 8, 2), (0, 18, 4)]),
        ("crop8 conv5x2 pool3s2 conv1x2", [(0, 5, 1), (0, 7, 2)]),
    ],
)
def test_start_size_and_stride_of_known_stacks(spec, expected):
    # 18 = 3 + 1 + 2 * 2 + 2 + 2 * 4, by the recurrence of Araujo et al.
    network = create_network((1024, 2), generator=np.random.default_rng(0), layer_spec=spec)
    if spec.startswith("crop"):
        expected = [(start + 12 - 2, size, stride) for start, size, stride in expected]
    found = [field_geometry(network, layer) for layer in range(len(expected))]
    assert found == [FieldGeometry(*geometry) for geometry in expected]


@given(layer_specs())
@settings(max_examples=40, deadline=None)
def test_the_geometry_gives_the_fields_that_reach_no_edge(spec):
    network = positive_network_of(spec)
    layer = len(network.convolutions) - 1
    start, size, stride = field_geometry(network, layer)
    rows = network.convolutions[-1].convolved_shape.height
    offset, cropped = 0, 40
    if network.convolutions[0].image_side is not None:
        cropped = network.convolutions[0].input_shape.height
        offset = (40 - cropped) // 2
    for row in range(rows):
        first = start + stride * row
        if offset + 12 <= first and first + size <= offset + cropped - 12:
            field = receptive_field(network, layer, row, row).rows
            assert (field[0], field[-1] + 1) == (first, first + size)


def positive_network_of(spec):
    """A network for images of 40 × 40, of which an edge of 12 pixels is no part of the test."""
    spec = spec.replace("crop", "crop3")
    try:
        return create_network((1600, 2), generator=np.random.default_rng(0), layer_spec=spec)
    except ValueError:
        assume(False)
