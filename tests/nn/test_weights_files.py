import io
import json
import zipfile
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nn import (
    ACTIVATIONS,
    Dense,
    Network,
    WeightsError,
    atomic,
    create_network,
    load_weights,
    save_weights,
    weights_from_bytes,
    weights_to_bytes,
)

KINDS = [("net.npz", "s4"), ("net.json", "s4"), ("bare.json", "s0")]


def make(sizes=(4, 3, 2), **settings) -> Network:
    return create_network(sizes, generator=np.random.default_rng(0), **settings)


def assert_same(first: Network, second: Network) -> None:
    assert first.sizes == second.sizes
    assert first.activation == second.activation
    assert first.has_biases == second.has_biases
    assert first.dtype == second.dtype
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        np.testing.assert_array_equal(one, other)


@st.composite
def networks(draw, dtype=np.float32, biases=None) -> Network:
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
    with_biases = draw(st.booleans()) if biases is None else biases
    width = 8 * np.dtype(dtype).itemsize
    numbers = st.floats(allow_nan=False, allow_infinity=False, width=width)

    def array(*shape):
        return draw(hnp.arrays(dtype, shape, elements=numbers))

    layers = [
        Dense(array(rows, columns), array(columns) if with_biases else None)
        for rows, columns in pairwise(sizes)
    ]
    return Network(tuple(layers), draw(st.sampled_from(ACTIVATIONS)))


@given(networks())
def test_npz_gives_back_exactly_what_was_saved(network):
    assert_same(weights_from_bytes(weights_to_bytes(network, ".npz"), "a.npz"), network)


@given(networks(dtype=np.float64))
def test_npz_keeps_float64(network):
    assert_same(weights_from_bytes(weights_to_bytes(network, ".npz"), "a.npz"), network)


@given(networks())
def test_the_layout_of_s4_gives_back_exactly_what_was_saved(network):
    assert_same(weights_from_bytes(weights_to_bytes(network, ".json"), "a.json"), network)


@given(networks(biases=False))
def test_the_layout_of_s0_gives_back_exactly_what_was_saved(network):
    assert_same(weights_from_bytes(weights_to_bytes(network, ".json", "s0"), "a.json"), network)


@pytest.mark.parametrize(("name", "layout"), KINDS)
def test_a_file_is_written_and_read_by_its_suffix(tmp_path, name, layout):
    network = make(biases=layout != "s0")
    save_weights(network, tmp_path / name, layout)
    assert_same(load_weights(tmp_path / name), network)
    assert_same(load_weights(str(tmp_path / name)), network)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_same_network_gives_the_same_bytes():
    for suffix in (".npz", ".json"):
        assert weights_to_bytes(make(), suffix) == weights_to_bytes(make(), suffix)


def test_the_layout_of_s4_is_flat_by_rows_under_numbered_names():
    content = json.loads(weights_to_bytes(make((2, 3, 2)), ".json"))
    assert list(content) == ["W0", "b0", "W1", "b1"]
    W0 = make((2, 3, 2)).layers[0].weights
    np.testing.assert_array_equal(np.float32(content["W0"]), [*W0[0], *W0[1]])
    assert content["b0"] == [0.0, 0.0, 0.0]


def test_only_what_the_layout_of_s4_cannot_say_gets_a_name_of_its_own():
    content = json.loads(weights_to_bytes(make(activation="tanh", biases=False), ".json"))
    assert content["activation"] == "tanh"
    assert content["biases"] is False
    assert content["b1"] == [0.0, 0.0]


def test_the_layout_of_s0_is_nested_by_layer_and_row():
    network = make(biases=False)
    content = json.loads(weights_to_bytes(network, ".json", "s0"))
    assert list(content) == ["weights"]
    for rows, layer in zip(content["weights"], network.layers, strict=True):
        np.testing.assert_array_equal(np.float32(rows), layer.weights)


def test_json_written_elsewhere_with_integers_and_blanks_is_read():
    text = b' { "b0" : [0, 1] ,\n "W0" : [1, 2.5, -3e0, 4, 5, 6], "activation": "Re-Lu" } '
    network = weights_from_bytes(text, "a.JSON")
    assert network.sizes == (3, 2)
    np.testing.assert_array_equal(network.layers[0].weights, [[1, 2.5], [-3, 4], [5, 6]])
    assert network.activation == "relu"
    assert network.dtype == np.float32


@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: [v]], ids=["flat", "one to a row"])
def test_s0_weights_without_their_rows_are_cut_for_784_inputs(wrap):
    network = make((784, 3, 2), biases=False)
    layers = [[wrap(float(v)) for v in layer.weights.ravel()] for layer in network.layers]
    text = json.dumps({"weights": layers}).encode()
    assert_same(weights_from_bytes(text, "a.json"), network)


def test_a_single_column_with_single_rows_after_it_is_not_taken_for_a_flat_list():
    network = make((5, 1, 1), biases=False)
    assert_same(weights_from_bytes(weights_to_bytes(network, ".json", "s0"), "a.json"), network)


def test_a_network_with_biases_does_not_fit_the_layout_of_s0():
    with pytest.raises(WeightsError, match=r"no room for biases.* save it as \.npz or in the layo"):
        weights_to_bytes(make(), ".json", "s0")


# Bad files: each message names the file, what was expected and what was found.


def complaint(data: bytes, name: str) -> str:
    with pytest.raises(WeightsError) as error:
        weights_from_bytes(data, name)
    message = str(error.value)
    assert name in message
    assert "\n" not in message
    return message


def archive(**arrays) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def good_arrays(**changes):
    arrays = {
        "format": np.array(1),
        "activation": np.array("relu"),
        "sizes": np.array([4, 3, 2]),
        "biases": np.array(True),
        "W0": np.ones((4, 3), dtype=np.float32),
        "b0": np.ones(3, dtype=np.float32),
        "W1": np.ones((3, 2), dtype=np.float32),
        "b1": np.ones(2, dtype=np.float32),
    }
    arrays.update(changes)
    return {key: array for key, array in arrays.items() if array is not None}


def good_json(**changes) -> bytes:
    content = {"W0": [1.0] * 12, "b0": [0.0] * 3, "W1": [1.0] * 6, "b1": [0.0] * 2, **changes}
    return json.dumps({key: v for key, v in content.items() if v is not None}).encode()


def test_the_good_examples_of_these_tests_are_read():
    assert weights_from_bytes(archive(**good_arrays()), "a.npz").sizes == (4, 3, 2)
    assert weights_from_bytes(good_json(), "a.json").sizes == (4, 3, 2)


@pytest.mark.parametrize(("name", "layout"), KINDS)
def test_a_file_truncated_anywhere_is_refused_by_name(name, layout):
    data = weights_to_bytes(make(biases=layout != "s0"), name[-5:].lstrip("et"), layout)
    assert_same(weights_from_bytes(data, name), make(biases=layout != "s0"))
    for length in range(len(data)):
        message = complaint(data[:length], name)
        assert f"{length:,} bytes" in message
        assert "expected" in message


def test_an_archive_with_a_changed_byte_is_refused_or_harmless():
    network = make((2, 2))
    data = weights_to_bytes(network, ".npz")
    refused = 0
    for position in range(len(data)):
        changed = data[:position] + bytes([data[position] ^ 0x41]) + data[position + 1 :]
        try:
            assert_same(weights_from_bytes(changed, "a.npz"), network)
        except WeightsError:
            refused += 1
    assert refused > len(data) / 3


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_refused_by_name(data):
    complaint(data, "a.npz")
    complaint(b"PK" + data, "a.npz")
    complaint(b"{" + data, "a.json")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"W0": None}, "arrays W0, b0, W1, b1 for the sizes [4, 3, 2] and found W1, b0, b1"),
        ({"W1": None}, "arrays W0, b0, W1, b1 for the sizes [4, 3, 2] and found W0, b0, b1"),
        ({"b1": None}, "and found W0, W1, b0"),
        ({"b0": None, "b1": None}, "and found W0, W1"),
        ({"W1": None, "b1": None}, "and found W0, b0"),
        ({"b0": None, "W1": None, "b1": None, "biases": np.array(False)}, "W0, W1 for the sizes"),
        ({"extra": np.ones(2)}, "and found W0, W1, b0, b1, extra"),
        ({"format": None}, "expected an archive with format, activation, sizes, biases, W0, ..."),
        ({"sizes": None}, "biases, W0, ... and found W0, W1, activation, b0, b1, biases, format"),
        ({"format": np.array(3)}, "expected weights of format 1 or 2 and found 3"),
        ({"format": np.array("1")}, "expected weights of format 1 or 2 and found 1"),
        ({"activation": np.array("step")}, "one of relu, leaky-relu, tanh, sigmoid, linear and fo"),
        ({"sizes": np.array("4-3-2")}, "expected sizes as a list of whole numbers and biases"),
        ({"sizes": np.array([4])}, "for the sizes [4] and found W0"),
        ({"sizes": np.array([], int)}, "for the sizes [] and found W0"),
        ({"sizes": np.arange(2**20)}, "the arrays W0, b0, W1, b1, W2, b2, W3, b3, W4, b4 for"),
        ({"biases": np.array(3)}, "and biases as true or false and found [4 3 2] and 3"),
        ({"W0": np.ones(12, np.float32)}, "expected W0 to have the shape (4, 3) for the sizes [4"),
        ({"W0": np.ones((0, 3), np.float32), "sizes": np.array([0, 3, 2])}, "W0 to be a table"),
        ({"W1": np.ones((4, 2), np.float32)}, "expected W1 to have the shape (3, 2) for the sizes"),
        ({"b0": np.ones(4, np.float32)}, "b0 to have the shape (3,) for the sizes [4, 3, 2] and"),
        ({"b0": np.ones((3, 1), np.float32)}, "and found (3, 1)"),
        ({"b0": np.ones(3)}, "as float64 or float16, and found float64 in b0"),
        ({"W0": np.ones((4, 3), int)}, "as float64 or float16, and found int64 in W0"),
        ({"W0": np.array([[None]])}, "Object arrays cannot be loaded"),
    ],
)  # fmt: skip
def test_an_archive_of_another_layout_or_shape_is_refused(changes, expected):
    assert expected in complaint(archive(**good_arrays(**changes)), "my net.npz")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused_with_their_place(bad):
    weights = np.ones((3, 2), dtype=np.float32)
    weights[1, 1] = weights[2, 0] = bad
    message = complaint(archive(**good_arrays(W1=weights)), "a.npz")
    assert f"expected finite numbers and found {bad} at position 3 of W1 (2 in all)" in message
    bias = np.array([0, 0, bad], dtype=np.float32)
    message = complaint(archive(**good_arrays(b0=bias)), "a.npz")
    assert f"found {bad} at position 2 of b0 (1 in all)" in message


def test_an_archive_whose_header_promises_too_much_is_refused():
    header = b"\x93NUMPY\x01\x00v\x00"
    text = b"{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999, 99999), }"
    file = io.BytesIO(archive(**good_arrays(W0=None)))
    with zipfile.ZipFile(file, "a") as target:
        target.writestr("W0.npy", header + text.ljust(117) + b"\n")
    assert "damaged or truncated" in complaint(file.getvalue(), "a.npz")


def test_arrays_of_another_byte_order_or_by_columns_are_read():
    arrays = good_arrays()
    swapped = {
        key: np.asfortranarray(array.astype(">f4")) if array.dtype.kind == "f" else array
        for key, array in arrays.items()
    }
    network = weights_from_bytes(archive(**swapped), "a.npz")
    assert network.dtype == np.float32
    np.testing.assert_array_equal(network.layers[0].weights, arrays["W0"])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"[1, 2]", "and found a list"),
        (b"{}", "(the layout of S0) and found {}"),
        (b'{"v": 1, "w": 2}', "expected an object with W0, b0, W1, ... (the layout of S4) or with "
         "weights (the layout of S0) and found the keys v, w"),
        (good_json(W1=None), "expected the keys W0, b0 and found the keys W0, b0, b1"),
        (good_json(b1=None), "expected the keys W0, b0, W1, b1 and found the keys W0, b0, W1"),
        (good_json(note="mine"), "and found the keys W0, b0, W1, b1, note"),
        (good_json(W0=[1.0] * 13), "length of W0 to be a multiple of 3, the length of b0, and fou"),
        (good_json(W0=[]), "expected the length of W0 to be a multiple of 3"),
        (good_json(b0=[]), "expected the length of W0 to be a multiple of 0"),
        (good_json(W1=[1.0] * 8), "expected W1 to have 3 rows, the outputs of W0, and found the "
         "shape (4, 2)"),
        (good_json(W0=[[1.0] * 3] * 4), "expected W0 as one flat list of numbers and found lists"),
        (good_json(W0=[[1.0], [1.0, 2.0]]), "expected rows of equal length in W0"),
        (good_json(W0="1 2 3"), "expected W0 to be a list of numbers and nothing else"),
        (good_json(b1=5), "expected b1 to be a list of numbers"),
        (good_json(W0=["1"] * 12), "expected W0 to be a list of numbers and nothing else"),
        (good_json(W0=[None] * 12), "expected W0 to be a list of numbers and nothing else"),
        (good_json(activation="step"), "Unknown activation 'step': choose one of relu"),
        (good_json(activation=3), "Unknown activation 3"),
        (good_json(biases=False, b0=[0, 1, 0]), 'zeros in every b, since "biases" is false'),
        (good_json(biases="no"), "and found the keys"),
        (good_json(W0=[float("nan")] * 12), "NaN is not a finite number"),
        (good_json(W0=[float("inf")] * 12), "Infinity is not a finite number"),
        (good_json().replace(b"1.0", b"1e400", 1), "found inf at position 0 of W0 (1 in all)"),
        (good_json(b0=[0.0, 0.0, 1e39]), "found inf at position 2 of b0"),
        (b'{"weights": 3}', "expected weights to be a list of layers"),
        (b'{"weights": []}', "expected weights to be a list of layers"),
        (b'{"weights": [[[1.0]]], "b": 1}', "nothing beside it, and found the keys b"),
        (b'{"weights": [[[1.0, 2.0]], [[1.0]]]}', "expected W1 to have 2 rows"),
        (b'{"weights": [[[1.0, 2.0], [1.0]]]}', "expected rows of equal length in layer 0"),
        (b'{"weights": [[1.0, 2.0]]}', "length of layer 0 to be a multiple of its 784 inputs"),
        (b'{"weights": [[[[1.0]]]]}', "expected W0 to be a table of inputs by outputs"),
        (b"\xff\xfe\x00", "expected whole JSON"),
        (b"[" * 100_000, "expected whole JSON"),
    ],
)  # fmt: skip
def test_json_of_another_layout_or_shape_is_refused(data, expected):
    assert expected in complaint(data, "my net.json")


def test_a_file_of_the_other_format_is_told_to_change_its_ending():
    message = complaint(weights_to_bytes(make(), ".json"), "a.npz")
    assert "expected an .npz archive" in message
    assert "give it the ending .json" in message
    assert "expected whole JSON" in complaint(weights_to_bytes(make(), ".npz"), "a.json")


@pytest.mark.parametrize("name", ["net.txt", "net", "net.json.gz"])
def test_an_unknown_ending_is_refused_for_reading_and_writing(tmp_path, name):
    (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(WeightsError, match=r"ends in \.npz or \.json and found .*net"):
        load_weights(tmp_path / name)
    with pytest.raises(WeightsError, match=r"ends in \.npz or \.json"):
        save_weights(make(), tmp_path / name)
    assert (tmp_path / name).read_bytes() == b"{}"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"the weights file .*gone\.npz: No such file"):
        load_weights(tmp_path / "gone.npz")


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"not write the weights file .*gone/net\.npz: No such"):
        save_weights(make(), tmp_path / "gone" / "net.npz")


def test_an_unknown_layout_gets_the_list_of_choices():
    with pytest.raises(ValueError, match="Unknown weights layout 's9': choose one of s4, s0"):
        weights_to_bytes(make(), ".json", "s9")


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_weights_that_blew_up_are_not_saved_over_good_ones(tmp_path, suffix):
    path = tmp_path / f"net{suffix}"
    network = make()
    save_weights(network, path)
    network.layers[1].bias[0] = np.nan
    with pytest.raises(WeightsError, match="bias of layer 1 hold NaN or infinity and were not sav"):
        save_weights(network, path)
    assert_same(load_weights(path), make())


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_writing_that_fails_leaves_the_old_file_and_nothing_beside_it(
    tmp_path, monkeypatch, broken
):
    path = tmp_path / "net.npz"
    save_weights(make(), path)

    def fail(*_):
        raise OSError(28, "No space left on device")

    owner = atomic.os if broken == "fsync" else atomic.Path
    monkeypatch.setattr(owner, broken, fail)
    with pytest.raises(WeightsError, match=r"Could not write .*: No space left on device"):
        save_weights(make((4, 9, 2)), path)
    monkeypatch.undo()
    assert_same(load_weights(path), make())
    assert [entry.name for entry in tmp_path.iterdir()] == ["net.npz"]


def test_the_new_file_takes_its_place_only_when_it_is_whole(tmp_path, monkeypatch):
    path = tmp_path / "net.npz"
    save_weights(make(), path)
    seen = []

    def look(descriptor):
        (temporary,) = [entry for entry in tmp_path.iterdir() if entry != path]
        seen.append((load_weights(path).sizes, temporary.stat().st_size))

    monkeypatch.setattr(atomic.os, "fsync", look)
    save_weights(make((4, 9, 2)), path)
    assert seen == [((4, 3, 2), path.stat().st_size)]
    assert load_weights(path).sizes == (4, 9, 2)
