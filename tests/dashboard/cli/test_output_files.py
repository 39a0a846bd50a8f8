"""Files that commands write: never in the place of an input, a device or a link."""

import os

import numpy as np
import pytest
from training_helpers import few_samples, write_csv

from dashboard.cli import main
from nn import load_pretrained, load_weights, save_weights

SMALL = ["--network-structure", "784", "4", "10", "--num-epochs", "1"]


def contents_of(*paths) -> list[bytes]:
    return [path.read_bytes() for path in paths]


@pytest.mark.parametrize("flag", ["--history-path", "--weight-path"])
@pytest.mark.parametrize("spelling", ["same", "dotted", "hard link"])
def test_an_input_is_never_overwritten(tmp_path, capsys, flag, spelling):
    data = write_csv(tmp_path / "train.npz", few_samples(20))
    before = contents_of(data)
    name = {"same": "train.npz", "dotted": "./x/../train.npz", "hard link": "link.npz"}[spelling]
    (tmp_path / "x").mkdir()
    os.link(data, tmp_path / "link.npz")
    assert main(["train", "--train-path", "train.npz", *SMALL, flag, name]) == 2
    assert f"{flag}: " in capsys.readouterr().err
    assert contents_of(data) == before


def test_a_file_of_samples_in_the_folder_that_is_read_is_never_overwritten(data_folder, capsys):
    images = data_folder / "idx" / "train-images-idx3-ubyte"
    before = contents_of(images)
    folder = str(data_folder / "idx")
    assert main(["train", "--train-path", folder, *SMALL, "--history-path", str(images)]) == 2
    assert contents_of(images) == before


@pytest.mark.parametrize("flag", ["--history-path", "--weight-path"])
def test_a_symbolic_link_is_not_replaced(tmp_path, capsys, flag):
    (tmp_path / "target").write_bytes(b"kept")
    (tmp_path / "link.npz").symlink_to("target")
    assert main(["train", *SMALL, flag, "link.npz"]) == 1
    assert "symbolic link" in capsys.readouterr().err
    assert (tmp_path / "link.npz").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"kept"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_device_or_a_pipe_is_not_replaced(tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe.npz")
    assert main(["train", *SMALL, "--history-path", "pipe.npz"]) == 1
    assert "a device or a pipe" in capsys.readouterr().err
    assert not (tmp_path / "pipe.npz").is_file()


def test_weights_are_converted_for_other_programs_and_back(tmp_path, capsys):
    images = few_samples(5).images
    expected = load_pretrained().predict_proba(images)
    for name in ("a.safetensors", "a.json", "a.onnx", "a.py", "a.zip", "b.npz"):
        assert main(["convert", "mlp", name]) == 0
        assert (tmp_path / name).stat().st_size > 0
    for name in ("a.safetensors", "a.json", "a.npz", "b.npz"):
        np.testing.assert_allclose(load_weights(name).predict_proba(images), expected, atol=1e-6)
    assert main(["convert", "a.json", "a.json"]) == 2
    assert "would be overwritten" in capsys.readouterr().err
    assert main(["convert", "mlp", "a.txt"]) == 2
    assert ".safetensors" in capsys.readouterr().err


def test_weights_of_another_program_are_evaluated_with_a_note(tmp_path, capsys, data_folder):
    network = load_pretrained()
    np.savez(tmp_path / "keras.npz", *network.parameters())
    data = ["--data-path", str(data_folder / "test.csv"), "--robustness", "0"]
    assert main(["evaluate", *data, "--weight-path", "keras.npz"]) == 0
    out, err = capsys.readouterr()
    assert "ReLU is assumed" in err
    assert "test.csv: 100 samples, header, labels 0 to 9, pixels 0 to 255." in err
    assert main(["evaluate", *data]) == 0
    assert capsys.readouterr().out.split("accuracy")[1] == out.split("accuracy")[1]


@pytest.mark.parametrize(
    ("change", "flags", "word"),
    [
        (lambda x: x.reshape(-1, 28, 28).transpose(0, 2, 1).reshape(-1, 784), "--transpose", None),
        (lambda x: 255 - x, "--invert", None),
        (lambda x: x // 5, "--scale", "5"),
    ],
)
def test_what_is_implausible_is_told_and_a_flag_corrects_it(tmp_path, capsys, change, flags, word):
    samples = few_samples(100)
    wrong = type(samples)(np.ascontiguousarray(change(samples.images)), samples.labels)
    write_csv(tmp_path / "a.csv", wrong)
    data = ["--data-path", "a.csv", "--robustness", "0"]
    assert main(["evaluate", *data]) == 0
    out, err = capsys.readouterr()
    assert "Warning: " in err
    assert flags in err
    assert main(["evaluate", *data, flags, *([word] if word else [])]) == 0
    out, err = capsys.readouterr()
    assert "Warning: " not in err
    assert float(out.split("accuracy ")[1].split(" %")[0]) > 95


def test_training_samples_among_the_validation_samples_are_told(tmp_path, capsys):
    write_csv(tmp_path / "a.csv", few_samples(60))
    paths = ["--train-path", "a.csv", "--validation-path", "a.csv"]
    assert main(["train", *paths, *SMALL]) == 0
    assert "60 of 60 validation samples are also training samples" in capsys.readouterr().err


def test_a_network_saved_as_json_is_read_whichever_way_round(tmp_path, capsys, data_folder):
    network = load_pretrained()
    turned = network.with_parameters(
        [W.T.reshape(W.shape).copy() if W.ndim == 2 else W for W in network.parameters()]
    )
    save_weights(turned, tmp_path / "turned.json")
    data = ["--data-path", str(data_folder / "test.csv"), "--robustness", "0"]
    assert main(["evaluate", *data, "--weight-path", "turned.json"]) == 0
    out, err = capsys.readouterr()
    assert "turned" in err
    assert float(out.split("accuracy ")[1].split(" %")[0]) > 95
