import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from network_helpers import assert_equal_networks, small_network

from nn import (
    ACTIVATIONS,
    Network,
    WeightsError,
    load_weights,
    save_weights,
    weights_from_bytes,
    weights_to_bytes,
)
from nn.serialization import LAYOUTS

FORMATS = [("net.npz", "s4"), ("net.json", "s4"), ("bare.json", "s0"), ("net.json", "s0-biases")]


def network_for(layout: str) -> Network:
    return small_network(biases=layout != "s0")


@st.composite
def networks(draw, dtype=np.float32) -> Network:
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
    network = small_network(
        sizes,
        activation=draw(st.sampled_from(ACTIVATIONS)),
        biases=draw(st.booleans()),
        dtype=dtype,
    )
    values = st.floats(allow_nan=False, allow_infinity=False, width=8 * np.dtype(dtype).itemsize)
    return network.with_parameters(
        [draw(hnp.arrays(dtype, array.shape, elements=values)) for array in network.parameters()]
    )


@given(networks() | networks(dtype=np.float64))
def test_npz_is_read_exactly_as_it_was_written(network):
    data = weights_to_bytes(network, ".npz")
    assert_equal_networks(weights_from_bytes(data, "a.npz"), network)


@given(networks(), st.sampled_from(LAYOUTS))
def test_json_is_read_exactly_as_it_was_written(network, layout):
    layout = "s4" if network.has_biases and layout == "s0" else layout
    data = weights_to_bytes(network, ".json", layout)
    assert_equal_networks(weights_from_bytes(data, "a.json"), network)


@pytest.mark.parametrize(("name", "layout"), FORMATS)
def test_a_file_is_written_and_read_by_its_suffix(tmp_path, name, layout):
    network = network_for(layout)
    save_weights(network, tmp_path / name, layout)
    for path in (tmp_path / name, str(tmp_path / name)):
        assert_equal_networks(load_weights(path), network)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    again = weights_to_bytes(network_for(layout), (tmp_path / name).suffix, layout)
    assert (tmp_path / name).read_bytes() == again


@pytest.mark.parametrize(("name", "layout"), FORMATS)
def test_a_file_truncated_anywhere_is_refused_by_name(name, layout):
    data = weights_to_bytes(network_for(layout), name[name.index(".") :], layout)
    for length in range(len(data)):
        with pytest.raises(WeightsError) as error:
            weights_from_bytes(data[:length], name)
        message = str(error.value)
        assert message.startswith(f"{name}: expected")
        assert f"{length:,} bytes" in message


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_refused_by_name(data):
    for content, name in ((data, "a.npz"), (b"PK" + data, "a.npz"), (b"{" + data, "a.json")):
        with pytest.raises(WeightsError, match=f"^{name}: expected"):
            weights_from_bytes(content, name)


@pytest.mark.parametrize("suffix", [".npz", ".json", ".safetensors"])
@pytest.mark.parametrize("name", ["net.txt", "net", "net.npz", "net.json"])
def test_the_content_of_a_file_tells_its_format_and_not_its_name(suffix, name):
    network = small_network()
    data = weights_to_bytes(network, suffix)
    assert_equal_networks(weights_from_bytes(data, name), network)


@pytest.mark.parametrize("name", ["net.txt", "net", "net.json.gz"])
def test_an_unknown_ending_is_refused_for_writing(tmp_path, name):
    with pytest.raises(WeightsError, match=r"\.npz, .* or \.zip and found .*net"):
        save_weights(small_network(), tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (pickle.dumps({"W0": 1}), "Python pickle"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"<html>", "something else"),
        (b"", "0 bytes"),
    ],
)
def test_a_file_without_weights_is_named(content, word):
    with pytest.raises(WeightsError, match=f"^a.npz: expected weights .*{word}"):
        weights_from_bytes(content, "a.npz")


def test_a_path_that_cannot_be_read_or_written_is_named(tmp_path):
    (tmp_path / "folder.npz").mkdir()
    for path in (tmp_path / "gone" / "net.npz", tmp_path / "folder.npz"):
        for use in (load_weights, lambda path: save_weights(small_network(), path)):
            with pytest.raises(WeightsError) as error:
                use(path)
            assert str(path) in str(error.value)
            assert isinstance(error.value.__cause__, OSError)


def test_an_unknown_layout_is_refused_with_the_choices():
    with pytest.raises(ValueError, match=r"s4, s0, .* found 's9'"):
        weights_to_bytes(small_network(), ".json", "s9")


@pytest.mark.parametrize("layer_spec", ["conv3x2", None])
@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_weights_that_are_not_finite_do_not_overwrite_good_ones(tmp_path, suffix, layer_spec):
    path = tmp_path / f"net{suffix}"
    path.write_bytes(b"good")
    network = small_network((64, 3, 2), layer_spec=layer_spec)
    network.parameters()[1][0] = np.nan
    key = "b0" if layer_spec is None else "k0"
    with pytest.raises(WeightsError, match=rf"not saved.*found nan at position 0 of {key}"):
        save_weights(network, path)
    assert path.read_bytes() == b"good"
