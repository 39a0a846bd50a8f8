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

FORMATS = [("net.npz", "s4"), ("net.json", "s4"), ("bare.json", "s0"), ("net.json", "s0-biases")]


def network_for(layout: str) -> Network:
    return small_network(biases=layout != "s0")


@st.composite
def networks(draw, dtype=np.float32, biases=None) -> Network:
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
    network = small_network(
        sizes,
        activation=draw(st.sampled_from(ACTIVATIONS)),
        biases=draw(st.booleans()) if biases is None else biases,
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


@given(networks(), st.sampled_from(["s4", "s0-biases"]))
def test_json_is_read_exactly_as_it_was_written(network, layout):
    data = weights_to_bytes(network, ".json", layout)
    assert_equal_networks(weights_from_bytes(data, "a.json"), network)


@given(networks(biases=False))
def test_the_layout_of_s0_is_read_exactly_as_it_was_written(network):
    data = weights_to_bytes(network, ".json", "s0")
    assert_equal_networks(weights_from_bytes(data, "a.json"), network)


@pytest.mark.parametrize(("name", "layout"), FORMATS)
def test_a_file_is_written_and_read_by_its_suffix(tmp_path, name, layout):
    network = network_for(layout)
    save_weights(network, tmp_path / name, layout)
    for path in (tmp_path / name, str(tmp_path / name)):
        assert_equal_networks(load_weights(path), network)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_the_same_network_gives_the_same_bytes(suffix):
    first, second = (weights_to_bytes(small_network(), suffix) for _ in range(2))
    assert first == second


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


def test_a_file_of_the_other_format_is_refused_with_the_right_ending():
    with pytest.raises(WeightsError, match=r"expected an \.npz archive.*give it the ending \.json"):
        weights_from_bytes(weights_to_bytes(small_network(), ".json"), "a.npz")
    with pytest.raises(WeightsError, match="expected whole JSON"):
        weights_from_bytes(weights_to_bytes(small_network(), ".npz"), "a.json")


@pytest.mark.parametrize("name", ["net.txt", "net", "net.json.gz"])
def test_an_unknown_ending_is_refused_for_reading_and_writing(tmp_path, name):
    (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(WeightsError, match=r"ends in \.npz or \.json and found .*net"):
        load_weights(tmp_path / name)
    with pytest.raises(WeightsError, match=r"ends in \.npz or \.json"):
        save_weights(small_network(), tmp_path / name)
    assert (tmp_path / name).read_bytes() == b"{}"


def test_a_missing_file_and_a_missing_folder_are_named(tmp_path):
    path = tmp_path / "gone" / "net.npz"
    for use in (lambda: load_weights(path), lambda: save_weights(small_network(), path)):
        with pytest.raises(WeightsError, match=r"weights file .*gone.net\.npz: No such file"):
            use()


def test_an_unknown_layout_is_refused_with_the_choices():
    with pytest.raises(ValueError, match=r"one of s4, s0, .* found 's9'"):
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


def test_a_failed_write_is_reported_with_the_path(tmp_path):
    folder = tmp_path / "net.npz"
    folder.mkdir()
    with pytest.raises(WeightsError, match=r"Could not write the weights file .*net\.npz: "):
        save_weights(small_network(), folder)
