import io

import numpy as np
import pytest

import nn
from nn import WeightsError, weights_from_bytes, weights_to_bytes

STEM = "crop6 conv3x2 pool2 conv2x3"


def make(stem=STEM, **settings):
    generator = np.random.default_rng(0)
    network = nn.create_network((64, 4, 3), generator=generator, layer_spec=stem, **settings)
    for parameter in network.parameters():
        parameter[...] = generator.standard_normal(parameter.shape)
    return network


def saved_arrays(**changes):
    with np.load(io.BytesIO(weights_to_bytes(make(), ".npz"))) as archive:
        arrays = {key: archive[key] for key in archive.files} | changes
    file = io.BytesIO()
    np.savez(file, **{key: array for key, array in arrays.items() if array is not None})
    return file.getvalue()


@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_npz_gives_a_convolutional_net_back_exactly(tmp_path, biases, dtype):
    network = make(biases=biases, dtype=dtype, activation="tanh")
    nn.save_weights(network, tmp_path / "net.npz")
    again = nn.load_weights(tmp_path / "net.npz")
    assert (again.title, again.activation, again.dtype) == (network.title, "tanh", dtype)
    for mine, theirs in zip(again.parameters(), network.parameters(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("stem", ["conv3x9", None])
def test_half_precision_takes_half_the_room_and_keeps_three_digits(stem):
    network = nn.create_network((784, 90, 3), generator=np.random.default_rng(0), layer_spec=stem)
    whole, half = (weights_to_bytes(network, ".npz", half=choice) for choice in (False, True))
    assert len(half) < 0.6 * len(whole)
    again = weights_from_bytes(half, "half.npz")
    assert again.dtype == np.float32
    for mine, theirs in zip(again.parameters(), network.parameters(), strict=True):
        np.testing.assert_array_equal(mine, theirs.astype(np.float16))


def test_a_weight_too_large_for_half_precision_is_refused():
    network = make()
    network.layers[0].weights[0, 0] = 70_000
    with pytest.raises(WeightsError, match="too large for 16 bits"):
        weights_to_bytes(network, ".npz", half=True)


@pytest.mark.parametrize("layout", nn.LAYOUTS)
def test_json_has_no_room_for_convolutions_and_says_so(layout):
    with pytest.raises(WeightsError, match=r"no room for convolutions.*save it as \.npz"):
        weights_to_bytes(make(), ".json", layout)


def test_convolutions_that_diverged_are_not_saved():
    network = make()
    network.layers[1].bias[0] = np.nan
    with pytest.raises(WeightsError, match="The bias of layer 1 hold NaN or infinity"):
        weights_to_bytes(network, ".npz")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stem": np.array("conv3x2 pool9 conv3x2")}, "too few for “conv3x2 pool9”"),
        ({"stem": np.array("bent")}, "found “bent” as word 1"),
        ({"stem": np.array("conv99x512 " * 12)}, "the arrays K0, k0, K1"),
        ({"stem": np.array("")}, "expected the arrays W0, b0, W1, b1 for the sizes"),
        ({"stem": None}, "expected the arrays W0, b0, W1, b1 for the sizes"),
        ({"sizes": np.array([2, 4, 3])}, "images of at least 6"),
        ({"sizes": np.array([-64, 4, 3])}, "images of at least 6"),
        ({"K1": np.ones((8, 4), np.float32)}, "expected K1 to have the shape (8, 3)"),
        ({"k0": None}, "expected the arrays K0, k0"),
        ({"k0": np.array([np.nan, 1], np.float32)}, "found nan at position 0 of k0"),
        ({"W0": np.ones((64, 4), np.float32)}, "expected W0 to have the shape (48, 4)"),
    ],
)
def test_an_archive_that_contradicts_its_stem_is_refused(changes, message):
    with pytest.raises(WeightsError) as refused:
        weights_from_bytes(saved_arrays(**changes), "my net.npz")
    assert str(refused.value).startswith("my net.npz: ")
    assert message in str(refused.value)
