import numpy as np
import pytest

import nn


@pytest.mark.parametrize("name", nn.ARCHITECTURES)
def test_every_architecture_makes_a_net_for_digits_that_knows_its_name(name):
    architecture = nn.ARCHITECTURES[name]
    network = nn.create_network(
        (784, *architecture.hidden_layers, 10),
        generator=np.random.default_rng(0),
        stem=nn.stem_of(name),
    )
    assert nn.architecture_of(network) == name
    assert network.predict_proba(np.zeros((1, 784), np.float32)).shape == (1, 10)


def test_convnetjs_net_has_the_parameters_of_its_demo():
    network = nn.create_network(
        (784, 10), generator=np.random.default_rng(0), stem=nn.stem_of("convnetjs")
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
def test_architectures_are_named_or_planned_in_any_spelling(text, name):
    assert nn.architecture_name(text) == name


def test_a_plan_of_ones_own_is_an_architecture():
    network = nn.create_network((64, 3), generator=np.random.default_rng(0), stem="conv3x4 pool2")
    assert nn.architecture_of(network) == "conv3x4 pool2"
    assert nn.stem_of("conv3x4 pool2").text == "conv3x4 pool2"


def test_an_unknown_architecture_is_refused_with_the_choices():
    message = r"one of dense, convnetjs.* found 'deep'.*Or give a plan"
    with pytest.raises(ValueError, match=message):
        nn.architecture_name("deep")
    with pytest.raises(ValueError, match="found “pool9x” as word 2"):
        nn.architecture_name("conv3x4 pool9x")


def test_a_plan_that_would_take_for_ever_is_refused():
    with pytest.raises(ValueError, match=r"takes [\d,]+ products for every picture"):
        nn.read_plan("conv9x512 conv9x512").shapes(28)
