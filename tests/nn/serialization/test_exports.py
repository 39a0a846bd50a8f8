"""Networks for other programs: safetensors, ONNX and NumPy code give the same probabilities.

ONNX files are run by ONNX Runtime, safetensors by PyTorch where it is installed; a small
implementation of PyTorch's layers stands in for it otherwise.
"""

import runpy
import zipfile

import numpy as np
import pytest
from network_helpers import assert_equal_networks

from nn import (
    ACTIVATIONS,
    WeightsError,
    create_network,
    load_pretrained,
    load_weights,
    save_weights,
)
from nn.serialization.numpy_code import network_to_numpy_code
from nn.serialization.safetensors import arrays_from_safetensors

PLANS = [None, "conv3x4 pool2", "crop24 conv5x3 pool2 conv3x4p0 pool3s2", "conv4x2p0 conv1x3"]
IMAGES = np.random.default_rng(5).random((7, 784)).astype(np.float32)


def network_of(plan, **settings):
    generator = np.random.default_rng(0)
    network = create_network((784, 6, 10), generator=generator, layer_spec=plan, **settings)
    for parameter in network.parameters():
        parameter[...] += generator.normal(0, 0.1, parameter.shape).astype(parameter.dtype)
    return network


NETWORKS = [
    *((f"{plan}", network_of(plan)) for plan in PLANS),
    *((name, network_of("conv3x4 pool2", activation=name)) for name in ACTIVATIONS),
    ("no biases", network_of("conv3x4 pool2", biases=False)),
    ("mlp", load_pretrained()),
    ("best", load_pretrained("best")),
]
EACH = pytest.mark.parametrize(
    "network", [one for _, one in NETWORKS], ids=[n for n, _ in NETWORKS]
)


@EACH
def test_onnx_runtime_gives_the_same_probabilities(tmp_path, network):
    onnxruntime = pytest.importorskip("onnxruntime")
    save_weights(network, tmp_path / "a.onnx")
    session = onnxruntime.InferenceSession(
        str(tmp_path / "a.onnx"), providers=["CPUExecutionProvider"]
    )
    (found,) = session.run(["probabilities"], {"pixels": IMAGES})
    np.testing.assert_allclose(found, network.predict_proba(IMAGES), atol=1e-5)


@EACH
def test_pytorch_gives_the_same_probabilities(tmp_path, network):
    torch = pytest.importorskip("torch")
    save_weights(network, tmp_path / "a.safetensors")
    arrays, metadata = arrays_from_safetensors((tmp_path / "a.safetensors").read_bytes())
    module = eval(metadata["pytorch"], {"torch": torch})
    module.load_state_dict({key: torch.tensor(array) for key, array in arrays.items()})
    with torch.no_grad():
        found = torch.softmax(module(torch.tensor(IMAGES)), 1).numpy()
    np.testing.assert_allclose(found, network.predict_proba(IMAGES), atol=1e-5)


@EACH
def test_a_safetensors_file_is_read_as_it_was_written(tmp_path, network):
    save_weights(network, tmp_path / "a.safetensors")
    assert_equal_networks(load_weights(tmp_path / "a.safetensors"), network)


@EACH
def test_numpy_code_gives_the_same_probabilities_in_at_most_sixty_lines(tmp_path, network):
    save_weights(network, tmp_path / "net.py")
    assert len((tmp_path / "net.py").read_text().splitlines()) <= 60
    predict_proba = runpy.run_path(str(tmp_path / "net.py"))["predict_proba"]
    found = predict_proba(IMAGES)
    np.testing.assert_allclose(found, network.predict_proba(IMAGES), atol=1e-5)
    np.testing.assert_allclose(predict_proba(IMAGES[0]), found[:1], atol=1e-6)


@EACH
def test_numpy_code_with_its_weights_runs_where_no_file_is(network):
    code = network_to_numpy_code(network)
    space = {"__name__": "pasted"}
    exec(code, space)
    found = space["predict_proba"](IMAGES)
    np.testing.assert_allclose(found, network.predict_proba(IMAGES), atol=1e-5)


def test_numpy_code_with_weights_that_are_not_finite_is_refused():
    network = load_pretrained().copy()
    network.layers[0].weights[0, 0] = np.nan
    with pytest.raises(WeightsError, match="finite"):
        network_to_numpy_code(network)


def test_an_archive_of_code_has_the_code_and_its_weights(tmp_path):
    network = load_pretrained()
    save_weights(network, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path)
    predict_proba = runpy.run_path(str(tmp_path / "inkling_network.py"))["predict_proba"]
    np.testing.assert_allclose(predict_proba(IMAGES), network.predict_proba(IMAGES), atol=1e-5)


def test_a_dense_layer_is_stored_as_pytorch_has_it(tmp_path):
    network = load_pretrained()
    save_weights(network, tmp_path / "a.safetensors")
    arrays, metadata = arrays_from_safetensors((tmp_path / "a.safetensors").read_bytes())
    assert {key: array.shape for key, array in arrays.items()} == {
        "0.weight": (128, 784),
        "0.bias": (128,),
        "2.weight": (10, 128),
        "2.bias": (10,),
    }
    first, _ = network.dense_layers
    np.testing.assert_array_equal(arrays["0.weight"], first.weights.T)
    assert metadata["pytorch"] == (
        "torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))"
    )
