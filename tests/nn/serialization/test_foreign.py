"""Weights of PyTorch and Keras, as those programs wrote them, and whatever shapes leave open."""

import io
import json
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from network_helpers import assert_equal_networks, refusal, small_network
from weights_files import archive

from nn import Network, create_network, load_pretrained, weights_from_bytes, weights_to_bytes
from nn.serialization import load_weights, read_weights

FILES = Path(__file__).parents[2] / "files" / "weights"
TORCH = ("torch_sequential", "torch_named", "torch_convolutional")
KERAS = ("keras_dense", "keras_convolutional")
EXPECTED = dict(np.load(FILES / "expected.npz"))


@pytest.mark.parametrize(
    ("model", "name"),
    [
        *((name, f"{name}.npz") for name in (*TORCH, *KERAS)),
        *((name, f"{name}.safetensors") for name in TORCH),
        *((name, f"{name}_named.npz") for name in KERAS),
    ],
)
def test_real_exports_give_the_probabilities_of_their_program(model, name):
    reading = read_weights((FILES / name).read_bytes(), name)
    found = reading.network.predict_proba(EXPECTED["images"])
    np.testing.assert_allclose(found, EXPECTED[model], atol=1e-5)
    assert "ReLU is assumed" in reading.notes[0]


def test_an_archive_packed_again_by_macos_is_the_same_network():
    network = small_network()
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(weights_to_bytes(network, ".npz"))) as source,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        packed.writestr("weights/", b"")
        for name in source.namelist():
            packed.writestr(f"weights/{name}", source.read(name))
            packed.writestr(f"__MACOSX/weights/._{name}", b"\0\5\x16\7")
        packed.writestr("weights/.DS_Store", b"\0\0\0\1Bud1")
    assert_equal_networks(weights_from_bytes(file.getvalue(), "a.npz"), network)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize("sizes", [(784, 10), (784, 6, 6, 10), (784, *[4] * 11, 10)])
def test_numbered_arrays_are_read_in_numeric_order_either_way_round(sizes, biases, turned):
    network = small_network(sizes, biases=biases)
    arrays = [W.T if turned and W.ndim == 2 else W for W in network.parameters()]
    numbered = {f"arr_{index}": array for index, array in enumerate(arrays)}
    shuffled = {key: numbered[key] for key in sorted(numbered, key=str)}
    assert_equal_networks(weights_from_bytes(archive(**shuffled), "a.npz"), network)


@pytest.mark.parametrize(
    "pattern",
    ["W{}|b{}", "w_{}|b_{}", "fc{}.weight|fc{}.bias", "dense_{}/kernel:0|dense_{}/bias:0"],
)
@pytest.mark.parametrize("first", [0, 1])
def test_names_of_layers_tell_which_bias_belongs_to_which_matrix(pattern, first):
    network = small_network((784, 5, 5, 10))
    keys = [part.format(index) for index in range(first, first + 3) for part in pattern.split("|")]
    arrays = dict(zip(keys, network.parameters(), strict=True))
    shuffled = {key: arrays[key] for key in sorted(keys, reverse=True)}
    assert_equal_networks(weights_from_bytes(archive(**shuffled), "a.npz"), network)


def test_layers_with_unrelated_names_are_put_in_order_by_their_shapes():
    network = small_network((784, 6, 5, 10))
    parameters = network.parameters()
    names = ("zebra", "apple", "mango")
    arrays = {}
    for index in (1, 2, 0):
        arrays[f"{names[index]}.weight"] = parameters[2 * index].T
        arrays[f"{names[index]}.bias"] = parameters[2 * index + 1]
    assert_equal_networks(weights_from_bytes(archive(**arrays), "a.npz"), network)


def test_a_score_chooses_the_order_of_layers_that_are_alike():
    network = small_network((784, 6, 6, 6, 10))
    parameters = network.parameters()
    names = ("enter", "zebra", "apple", "leave")
    arrays = {}
    for index in (2, 3, 0, 1):
        arrays[f"{names[index]}.weight"] = parameters[2 * index].T
        arrays[f"{names[index]}.bias"] = parameters[2 * index + 1]
    data = archive(**arrays)
    reading = read_weights(
        data,
        "a.npz",
        lambda one: float(np.array_equal(one.parameters()[2], parameters[2])),
    )
    assert_equal_networks(reading.network, network)


def test_a_score_chooses_the_way_round_of_flat_lists_of_json():
    network = small_network((784, 10, 10))
    turned = network.with_parameters(
        [W.T.reshape(W.shape).copy() if W.ndim == 2 else W for W in network.parameters()]
    )
    data = weights_to_bytes(turned, ".json")

    def score(candidate):
        return float(np.array_equal(candidate.parameters()[0], network.parameters()[0]))

    assert_equal_networks(read_weights(data, "a.json").network, turned)
    reading = read_weights(data, "a.json", score)
    assert_equal_networks(reading.network, network)
    assert "turned" in reading.notes[0]
    # Without a clear winner the usual way is kept.
    assert_equal_networks(read_weights(data, "a.json", lambda _: 0.5).network, turned)


def test_a_score_chooses_where_convolutions_pool():
    plan = "conv5x2p2 pool2 conv5x3p0 pool2"
    network = create_network((784, 10), generator=np.random.default_rng(1), layer_spec=plan)
    kernels = [
        layer.weights.reshape(5, 5, -1, layer.weights.shape[1]) for layer in network.convolutions
    ]
    (dense,) = network.dense_layers
    arrays = [kernels[0], network.convolutions[0].bias, kernels[1], network.convolutions[1].bias]
    data = archive(*arrays, dense.weights, dense.bias)
    reading = read_weights(data, "a.npz", lambda one: float(one.title == network.title))
    assert_equal_networks(reading.network, network)
    assert network.layer_spec.text in reading.notes[-1]


def brought(network: Network) -> dict[str, bytes]:
    """One network as the files of several programs."""
    parameters = network.parameters()
    weights, biases = parameters[::2], parameters[1::2]
    depth = range(len(weights))
    torch = {
        f"{i}.{kind}": a
        for i in depth
        for kind, a in zip(("weight", "bias"), (weights[i].T, biases[i]), strict=True)
    }
    lists = {key: array.tolist() for key, array in torch.items()}
    rows = [W.T.tolist() for W in weights]
    plain = [W.tolist() for W in weights]
    flat = {f"W{i + 1}": weights[i].ravel().tolist() for i in depth}
    flat |= {f"b{i + 1}": biases[i].tolist() for i in depth}
    return {
        "a compiled module": archive(**{f"_orig_mod.module.{key}": a for key, a in torch.items()}),
        "with numbers of a run": archive(**torch, epoch=np.array(3), accuracy=np.array(0.9)),
        "scikit-learn": archive(
            **{f"coefs_{i}": weights[i] for i in depth},
            **{f"intercepts_{i}": biases[i] for i in depth},
        ),
        "biases last": archive(*weights, *biases),
        "biases as columns": archive(
            **{f"w{i}": weights[i].T for i in depth},
            **{f"b{i}": biases[i][:, np.newaxis] for i in depth},
        ),
        "JSON in an object": json.dumps({"state_dict": lists}).encode(),
        "JSON of get_weights": json.dumps([a.tolist() for a in parameters]).encode(),
        "JSON with outputs as rows": json.dumps(
            {"weights": rows, "biases": [b.tolist() for b in biases]}
        ).encode(),
        "nested JSON": json.dumps(
            {f"W{i}": plain[i] for i in depth} | {f"b{i}": biases[i].tolist() for i in depth}
        ).encode(),
        "JSON that counts from one": json.dumps(flat).encode(),
    }


BROUGHT = brought(small_network((784, 5, 5, 10)))


@pytest.mark.parametrize("content", BROUGHT.values(), ids=BROUGHT)
def test_the_same_network_is_read_from_the_files_of_other_programs(content):
    assert_equal_networks(weights_from_bytes(content, "a"), small_network((784, 5, 5, 10)))


def test_the_json_of_a_book_is_read_with_its_sigmoid():
    network = small_network((784, 4, 10), activation="sigmoid")
    (first, a, second, b) = network.parameters()
    content = {
        "sizes": [784, 4, 10],
        "weights": [first.T.tolist(), second.T.tolist()],
        "biases": [a[:, np.newaxis].tolist(), b[:, np.newaxis].tolist()],
        "cost": "CrossEntropyCost",
    }
    assert_equal_networks(weights_from_bytes(json.dumps(content).encode(), "a.json"), network)


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_a_score_chooses_the_way_round_of_square_matrices_and_keeps_the_other(suffix):
    network = small_network((784, 6, 6, 10))
    turned = [W.T if W.shape == (6, 6) else W for W in network.parameters()]
    data = weights_to_bytes(network.with_parameters([W.copy() for W in turned]), ".json")
    if suffix == ".npz":
        data = archive(*turned)

    def score(better: float, candidate: Network) -> float:
        return better * float(np.array_equal(candidate.parameters()[2], network.parameters()[2]))

    reading = read_weights(data, "a", partial(score, 1.0))
    assert_equal_networks(reading.network, network)
    assert "turned" in reading.notes[-1]
    np.testing.assert_array_equal(reading.other.network.parameters()[2], turned[2])
    # Where the score is little better, the file is taken as it is.
    reading = read_weights(data, "a", partial(score, 0.15))
    np.testing.assert_array_equal(reading.network.parameters()[2], turned[2])
    assert_equal_networks(reading.other.network, network)
    assert reading.other.way


def test_batch_normalisation_is_named():
    arrays = {"bn.running_mean": np.ones(3), "fc.weight": np.ones((10, 784))}
    assert "batch normalisation" in refusal(archive(**arrays), "my.npz")


def test_an_archive_of_other_files_is_named_by_what_is_in_it():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("m/saved_model.pb", b"")
        packed.writestr("m/keras_metadata.pb", b"")
    message = refusal(file.getvalue(), "my.zip")
    assert "“m/saved_model.pb”" in message
    assert "unpack it" in message
    objects = archive(weights=np.array([None, np.ones(3)], object))
    assert "Python objects" in refusal(objects, "my.npz")


def test_the_description_of_a_model_is_no_weights():
    content = json.dumps({"class_name": "Sequential", "config": {}, "keras_version": "3"})
    assert "np.savez" in refusal(content.encode(), "my.json")


def test_a_json_file_of_nested_lists_by_name_is_read():
    network = small_network((784, 3, 10))
    keys = ("fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias")
    lists = {key: array.T.tolist() for key, array in zip(keys, network.parameters(), strict=True)}
    content = str(lists).replace("'", '"').encode()
    assert_equal_networks(weights_from_bytes(content, "a.json"), network)


def test_the_pretrained_network_in_the_orientation_of_pytorch_is_the_same(tmp_path):
    network = load_pretrained()
    arrays = {}
    for index, layer in enumerate(network.dense_layers):
        arrays[f"{index}.weight"], arrays[f"{index}.bias"] = layer.weights.T, layer.bias
    np.savez(tmp_path / "a.npz", **arrays)
    assert_equal_networks(load_weights(tmp_path / "a.npz"), network)
