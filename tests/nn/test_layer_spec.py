import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import MaxPool2D, create_network, read_layer_spec
from nn.layer_spec import ConvSpec, LayerSpec
from nn.layers import Shape

CONVNETJS = "crop24 conv5x8 pool2 conv5x16 pool3"

CONVOLUTIONS = st.builds(
    lambda kernel, filters, padding, pool: ConvSpec(
        kernel, filters, min(padding, kernel - 1), pool and MaxPool2D(*pool)
    ),
    st.integers(1, 5),
    st.integers(1, 9),
    st.integers(0, 4),
    st.sampled_from([None, (2, 2), (3, 3), (3, 2), (1, 2), (2, 1)]),
)


@given(st.lists(CONVOLUTIONS, min_size=1, max_size=4), st.none() | st.integers(1, 28))
def test_a_specification_is_read_back_from_its_own_text(convolutions, crop):
    spec = LayerSpec(tuple(convolutions), crop)
    assert read_layer_spec(spec.text) == spec


def test_a_specification_has_one_spelling():
    assert read_layer_spec("CROP24  conv5x8p2 pool2s2 conv3x16p0 pool1").text == (
        "crop24 conv5x8 pool2 conv3x16p0"
    )


@pytest.mark.parametrize("text", [CONVNETJS, "conv3x4p0 pool3s2 conv2x5", "conv1x1"])
def test_a_network_says_which_specification_it_was_made_from(text):
    network = create_network((784, 10), generator=np.random.default_rng(0), layer_spec=text)
    assert network.layer_spec == read_layer_spec(text)


def test_the_shapes_of_convnetjs_net_are_its_own():
    assert read_layer_spec(CONVNETJS).shapes(28) == [
        Shape(24, 24, 1),
        Shape(12, 12, 8),
        Shape(4, 4, 16),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Expected 1 to 12 convolutions, such as “crop24 conv5x8 pool2"),
        ("pool2", "found “pool2” as word 1"),
        ("conv3x8 pool2 pool2", "found “pool2” as word 3"),
        ("conv3x8 crop24", "found “crop24” as word 2"),
        ("conv3x8 dense", "found “dense” as word 2"),
        ("conv0x8", "a kernel of 1 or more"),
        ("conv3x9999", "1 to 512 filters"),
        ("conv3x8p3", "a padding from 0 to below the kernel"),
        ("conv3x8 pool0", "a pooling of 1 or more"),
        ("conv1x1 " * 13, "and found 13"),
    ],
)
def test_a_text_that_makes_no_sense_is_refused_with_the_word(text, message):
    with pytest.raises(ValueError, match=message):
        read_layer_spec(text)


@pytest.mark.parametrize(
    ("text", "side", "message"),
    [
        ("conv9x8p0 conv9x8p0 conv9x8p0 conv9x8p0", 28, "leave 0 × 0 pixels of 28 × 28, too few"),
        ("conv3x8 pool29", 28, "too few for “conv3x8 pool29”"),
        ("crop24 conv3x8", 12, "images of at least 24"),
        ("conv9x512 conv9x512", 28, r"take [\d,]+ multiplications for every image"),
    ],
)
def test_images_that_are_too_small_or_too_much_work_are_refused(text, side, message):
    with pytest.raises(ValueError, match=message):
        read_layer_spec(text).shapes(side)
