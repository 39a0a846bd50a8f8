import json
import re
from dataclasses import replace

import numpy as np
import pytest

import nn
from dashboard.cli import main, train_job
from dashboard.cli.main import make_parser
from dashboard.cli.recipe import apply_recipe
from dashboard.cli.settings import CommandSettings
from dashboard.cli.train import read_settings
from dashboard.training.checkpoint import read_checkpoint, write_checkpoint
from data_cache import open_samples
from nn import PRETRAINED, load_weights
from nn.calibration import fit_temperature

QUICK = {"network-structure": [784, 12, 10], "batch-size": 20, "num-epochs": 2}
CONVOLUTIONAL = ["--architecture", "conv3x4 pool4", "--network-structure", "784", "10"]


@pytest.fixture
def run_train(data_folder):
    paths = [
        "--train-path",
        str(data_folder / "idx"),
        "--validation-path",
        str(data_folder / "idx"),
    ]

    def run(*flags):
        return main(["train", *paths, *flags])

    return run


def quick(*flags):
    return ["--batch-size", "50", "--num-epochs", "2", *flags]


def numbers_of(path):
    return [parameter.tobytes() for parameter in load_weights(path).parameters()]


def write_recipe(tmp_path, content, name="my.json"):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return ["--recipe", str(path)]


# Recipes


def test_a_recipe_equals_its_flags(run_train, tmp_path, capsys):
    flags = ["--network-structure", "784", "12", "10", "--batch-size", "20", "--num-epochs", "2"]
    assert run_train(*flags, "--augment", "light", "--weight-path", "flags.npz") == 0
    as_toml = (
        'network-structure = [784, 12, 10]\nbatch-size = 20\nnum-epochs = 2\naugment = "light"\n'
        'weight-path = "toml.npz"\n'
    )
    assert run_train(*write_recipe(tmp_path, as_toml, "my.toml")) == 0
    as_json = {**QUICK, "augment": "light", "weight-path": "json.npz"}
    assert run_train(*write_recipe(tmp_path, as_json)) == 0
    assert numbers_of("flags.npz") == numbers_of("toml.npz") == numbers_of("json.npz")


def test_flags_override_a_recipe(run_train, tmp_path):
    recipe = write_recipe(tmp_path, {**QUICK, "half": True})
    assert run_train(*recipe, "--network-structure", "784", "9", "10", "--num-epochs", "1") == 0
    assert load_weights("inkling-weights.npz").sizes == (784, 9, 10)
    assert read_checkpoint("inkling-weights.checkpoint.npz").state.epoch == 1


@pytest.mark.parametrize(
    ("content", "key_value"),
    [
        ({"batchsize": 3}, "Did you mean “batch-size”?"),
        ({"batch_size": 3}, "Did you mean “batch-size”?"),
        ({"xyzzy": 3}, "activation-function, architecture, "),
        ({"resume": True}, "“resume”"),
        ({"half": "yes"}, "“half”"),
        ({"network-structure": "784 10"}, "“network-structure”"),
        ({"network-structure": []}, "“network-structure”"),
        ({"batch-size": [3]}, "“batch-size”"),
        ({"seed": True}, "“seed”"),
        ({"batch-size": "many"}, "--batch-size: Batch size takes a whole number from 1 to 4,096"),
        ("[1]", "keys"),
        ("{", "JSON"),
    ],
)
def test_an_invalid_recipe_exits_with_2_and_names_the_key(
    run_train, tmp_path, capsys, content, key_value
):
    assert run_train(*write_recipe(tmp_path, content)) == 2
    error = capsys.readouterr().err
    assert key_value in error
    assert error.count("\n") == 1


def test_the_content_of_a_recipe_tells_its_format(run_train, tmp_path, capsys):
    (tmp_path / "recipe").write_text('{"num-epochs": 0}')
    assert run_train("--recipe", "recipe") == 2
    assert "--num-epochs" in capsys.readouterr().err
    (tmp_path / "recipe").write_text("<html><body>403")
    assert run_train("--recipe", "recipe") == 2
    assert "a web page" in capsys.readouterr().err


def test_a_missing_recipe_or_an_unknown_name_is_an_error(run_train, capsys):
    assert run_train("--recipe", "none.toml") == 1
    assert "--recipe: none.toml cannot be read (No such file" in capsys.readouterr().err
    assert run_train("--recipe", "none.yaml") == 2
    assert "“none.yaml”" in (capsys.readouterr().err)


@pytest.mark.parametrize("name", PRETRAINED)
def test_the_recipes_of_the_pretrained_models_are_valid(name):
    arguments = make_parser().parse_args(["train", "--recipe", name])
    apply_recipe(arguments, arguments.parser)
    settings = CommandSettings(**read_settings(arguments))
    assert arguments.data_set == "mnist"
    assert arguments.half
    assert settings.make_network(784, 10, np.random.default_rng(0)).classes == 10


# Architectures


def test_a_convolutional_network_is_trained_saved_and_evaluated(run_train, capsys):
    assert run_train(*CONVOLUTIONAL, *quick("--num-epochs", "6", "--learning-rate", "0.01")) == 0
    out, err = capsys.readouterr()
    network = load_weights("inkling-weights.npz")
    assert network.title == "784 → conv3x4 pool4 → 10"
    assert f"Training: {network.title} relu" in err
    assert float(re.search(r"accuracy (\d+\.\d\d) %", out)[1]) > 50
    assert (
        main(
            [
                "evaluate",
                "--weight-path",
                "inkling-weights.npz",
                "--data-set",
                "digits",
                "--robustness",
                "0",
            ]
        )
        == 0
    )
    assert "784 → conv3x4 pool4 → 10" in capsys.readouterr().out


def test_an_architecture_by_name_sets_layers_and_batch_size(run_train):
    assert run_train("--architecture", "ConvNetJS", "--num-epochs", "1") == 0
    assert nn.architecture_of(load_weights("inkling-weights.npz")) == "convnetjs"
    checkpoint = read_checkpoint("inkling-weights.checkpoint.npz")
    assert checkpoint.state.iteration == 300 / 20


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (
            ["--architecture", "deep"],
            2,
            "as architecture and found 'deep'",
        ),
        (["--architecture", "conv3x4 pool99"], 2, "too few for “conv3x4 pool99”"),
        (
            ["--architecture", "small", "--weight-path", "net.json"],
            2,
            "--weight-path: convolutional layers need an .npz or .safetensors file; "
            "found “net.json”.",
        ),
        (["--half", "--weight-path", "net.json"], 2, "--half: float16 needs an .npz file"),
    ],
)
def test_invalid_architectures_are_rejected_before_training(
    run_train, capsys, flags, code, message
):
    assert run_train(*flags) == code
    assert message in capsys.readouterr().err


def test_half_saves_float16_weights(run_train):
    assert run_train(*quick("--half", "--weight-path", "half.npz")) == 0
    for parameter in load_weights("half.npz").parameters():
        np.testing.assert_array_equal(parameter, parameter.astype(np.float16))


# Averaging, label smoothing and patience


def test_a_resumed_run_with_averaging_smoothing_and_patience_equals_an_uninterrupted_one(run_train):
    all_of_it = [
        *CONVOLUTIONAL,
        *("--batch-size", "50", "--augment", "full", "--schedule", "constant"),
        *("--weight-average", "0.9", "--label-smoothing", "0.1", "--patience", "9"),
    ]
    assert run_train(*all_of_it, "--num-epochs", "3", "--weight-path", "whole.npz") == 0
    assert run_train(*all_of_it, "--num-epochs", "2", "--weight-path", "broken.npz") == 0
    flags = ["--resume", "--num-epochs", "3", "--weight-path", "broken.npz"]
    assert run_train(*flags) == 0
    assert numbers_of("whole.npz") == numbers_of("broken.npz")
    whole, broken = (read_checkpoint(f"{name}.checkpoint.npz") for name in ("whole", "broken"))
    assert whole.state.averaged_steps == broken.state.averaged_steps == 18
    for mine, theirs in zip(
        whole.state.averaged.parameters(), broken.state.averaged.parameters(), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)


def test_the_averaged_weights_are_evaluated_and_saved(run_train, capsys):
    assert run_train(*quick("--weight-average", "0.99")) == 0
    assert "(their running mean)" in capsys.readouterr().out
    state = read_checkpoint("inkling-weights.checkpoint.npz").state
    saved = load_weights("inkling-weights.npz")
    for mine, mean, last in zip(
        saved.parameters(), state.averaged.parameters(), state.network.parameters(), strict=True
    ):
        np.testing.assert_array_equal(mine, mean)
        assert not np.array_equal(mine, last)


def test_patience_stops_early_and_saves_the_best_epoch(run_train, monkeypatch, capsys):
    # Epochs of these losses; the third does best, and two worse ones are the patience.
    losses = iter([0.9, 0.7, 0.4, 0.5, 0.6, 0.1])
    nets = []
    add = train_job.BlockRun.add_validation

    def score(run, found):
        nets.append([parameter.tobytes() for parameter in run.network.parameters()])
        add(run, type(found)(found.iteration, next(losses), found.accuracy, found.count))

    monkeypatch.setattr(train_job.BlockRun, "add_validation", score)
    assert run_train("--batch-size", "50", "--num-epochs", "6", "--patience", "2") == 0
    out, err = capsys.readouterr()
    assert "No lower validation loss in 2 epochs: done after 5 of 6." in err
    assert "The weights of epoch 3, which did best on the validation samples, are in" in out
    assert numbers_of("inkling-weights.npz") == nets[2]


def test_a_checkpoint_without_a_newer_setting_is_resumed(run_train):
    flags = quick("--schedule", "constant", "--weight-path", "old.npz")
    assert run_train(*flags) == 0
    path = "old.checkpoint.npz"
    checkpoint = read_checkpoint(path)
    newer = ("architecture", "label_smoothing", "weight_average")
    older = ("num_epochs", "schedule", "binarize")
    settings = {k: v for k, v in checkpoint.settings.items() if k not in newer}
    task = {**checkpoint.task, "settings": {k: checkpoint.task["settings"][k] for k in older}}
    write_checkpoint(replace(checkpoint, settings=settings, task=task), path)
    assert run_train("--resume", "--num-epochs", "3", "--weight-path", "old.npz") == 0


# Synthetic samples


def test_synthetic_digits_and_non_digits_are_added_also_on_resuming(run_train, capsys):
    flags = ["--pen-digits", "40", "--non-digits", "30", "--batch-size", "37", "--augment", "light"]
    flags += ["--schedule", "constant", "--school-digits", "20", "--without-school", "french"]
    assert run_train(*flags, "--num-epochs", "3", "--weight-path", "whole.npz") == 0
    assert "390 training samples" in capsys.readouterr().err
    assert run_train(*flags, "--num-epochs", "1", "--weight-path", "broken.npz") == 0
    assert run_train("--resume", "--num-epochs", "3", "--weight-path", "broken.npz") == 0
    assert numbers_of("whole.npz") == numbers_of("broken.npz")
    assert read_checkpoint("whole.checkpoint.npz").state.iteration == 33
    flags = ["--resume", "--without-school", "german", "--weight-path", "broken.npz"]
    assert run_train(*flags) == 1
    assert "--without-school: expected french" in capsys.readouterr().err


# Calibration


@pytest.mark.parametrize("patience", [(), ("--patience", "5")])
def test_calibration_divides_the_logits_by_the_temperature(
    run_train, data_folder, capsys, patience
):
    assert run_train(*quick("--weight-path", "plain.npz", *patience)) == 0
    assert run_train(*quick("--weight-path", "other.npz", "--calibrate", *patience)) == 0
    temperature = float(re.search(r"divided by (\d+\.\d{3})", capsys.readouterr().out)[1])
    plain, other = load_weights("plain.npz"), load_weights("other.npz")
    for mine, theirs in zip(plain.parameters()[:-2], other.parameters()[:-2], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_allclose(
        other.layers[-1].weights * temperature, plain.layers[-1].weights, rtol=2e-3
    )
    watched = open_samples(data_folder / "idx", "test")
    x = watched.images / np.float32(255)
    fitted = fit_temperature(other.predict_log_proba(x), watched.labels)
    assert fitted == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("flags", [["--calibrate"], ["--patience", "2"]])
def test_calibration_and_patience_need_validation_samples(data_folder, capsys, flags):
    assert main(["train", "--train-path", str(data_folder / "idx"), *flags]) == 2
    assert f"{flags[0]}: expected validation samples" in capsys.readouterr().err
