import numpy as np
import pytest

import nn


@pytest.mark.parametrize("name", nn.ARCHITECTURES)
def test_every_architecture_makes_a_net_for_digits_that_knows_its_name(name):
    architecture = nn.ARCHITECTURES[name]
    network = nn.create_network(
        (784, *architecture.hidden_layers, 10),
        generator=np.random.default_rng(0),
        layer_spec=nn.architecture_layers(name),
    )
    assert nn.architecture_of(network) == name
    assert network.predict_proba(np.zeros((1, 784), np.float32)).shape == (1, 10)


def test_convnetjs_net_has_the_parameters_of_its_demo():
    network = nn.create_network(
        (784, 10),
        generator=np.random.default_rng(0),
        layer_spec=nn.architecture_layers("convnetjs"),
    )
    assert network.parameter_count == (25 * 8 + 8) + (200 * 16 + 16) + (256 * 10 + 10)
    assert nn.ARCHITECTURES["convnetjs"].batch_size == 20


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ConvNetJS", "convnetjs"),
        ("Dense", "dense"),
        ("CROP24 conv5x8p2 pool2 conv5x16 pool3s3", "convnetjs"),
        ("conv3x4  pool2s2", "conv3x4 pool2"),
    ],
)
def test_architectures_are_named_or_specified_in_any_spelling(text, name):
    assert nn.architecture_name(text) == name


def test_a_layer_specification_is_an_architecture():
    network = nn.create_network(
        (64, 3), generator=np.random.default_rng(0), layer_spec="conv3x4 pool2"
    )
    assert nn.architecture_of(network) == "conv3x4 pool2"
    assert nn.architecture_layers("conv3x4 pool2").text == "conv3x4 pool2"


def test_an_unknown_architecture_is_refused_with_the_choices():
    message = r"one of dense, convnetjs.* found 'deep'.*Or give layers"
    with pytest.raises(ValueError, match=message):
        nn.architecture_name("deep")
    with pytest.raises(ValueError, match="found “pool9x” as word 2"):
        nn.architecture_name("conv3x4 pool9x")
