"""`inkling report`: the report of a training, and the command in it that repeats the training."""

from __future__ import annotations

import csv
import shlex
from pathlib import Path

import pytest
from html_values import accuracy_of, code_of

from dashboard.cli import main

SMALL = ["--network-structure", "784", "12", "10", "--num-epochs", "2", "--seed", "7"]


@pytest.fixture(autouse=True)
def _own_state(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("INKLING_API_STATE", str(tmp_path / "state"))


@pytest.mark.parametrize(
    "more",
    [
        [],
        ["--patience", "1", "--calibrate", "--learning-rate", "0.01", "--augment", "affine"],
        ["--architecture", "conv5x2 pool4", "--weight-average", "0.9", "--pen-digits", "20"],
    ],
)
def test_the_command_in_the_report_gives_the_same_test_accuracy(capsys, more) -> None:
    assert main(["train", *SMALL, *more]) == 0
    assert main(["report"]) == 0
    assert "inkling-report.html" in capsys.readouterr().out
    first = Path("inkling-report.html").read_text()
    words = shlex.split(code_of(first).replace("\\\n", " "))
    assert words[0] == "inkling"
    assert main(words[1:]) == 0
    assert main(["report", "repeated-weights.npz", "--output", "second.html"]) == 0
    assert accuracy_of(Path("second.html").read_text()) == accuracy_of(first)
    # The bytes too, not the accuracy alone.
    assert Path("repeated-weights.npz").read_bytes() == Path("inkling-weights.npz").read_bytes()


@pytest.mark.parametrize("change", [[], ["--l2", "0.01", "--schedule", "constant"]])
def test_a_training_that_changed_when_it_was_resumed_has_no_command(capsys, change) -> None:
    schedule = ["--schedule", "constant"] if change else []
    assert main(["train", *SMALL, *schedule]) == 0
    assert main(["train", *SMALL[:4], "--resume", "--num-epochs", "3", *change]) == 0
    assert main(["report"]) == 0
    html = Path("inkling-report.html").read_text()
    assert not code_of(html)
    assert "cannot be repeated" in html
    capsys.readouterr()


def test_a_report_needs_the_data_of_the_training(capsys, data_folder) -> None:
    path = str(data_folder / "idx")
    data = ["--train-path", path, "--validation-path", path]
    assert main(["train", *SMALL, *data]) == 0
    assert main(["report"]) == 1
    assert "give the same data" in capsys.readouterr().err
    assert main(["report", *data]) == 0
    words = shlex.split(code_of(Path("inkling-report.html").read_text()).replace("\\\n", " "))
    assert words[words.index("--train-path") + 1] == path


def test_a_stored_run_is_reported_after_its_files_are_gone(capsys, data_folder) -> None:
    path = str(data_folder / "idx")
    data = ["--train-path", path, "--validation-path", path]
    more = ["--patience", "1", "--calibrate", "--save-run", "wide"]
    assert main(["train", *SMALL, *data, *more]) == 0
    assert main(["report", *data]) == 0
    by_file = Path("inkling-report.html").read_text()
    for file in Path().glob("inkling-weights*"):
        file.unlink()
    for run in ("1", "wide"):
        assert main(["report", "--run", run]) == 0
        html = Path("inkling-report.html").read_text()
        assert (accuracy_of(html), code_of(html)) == (
            accuracy_of(by_file),
            code_of(by_file),
        )
    assert "<h1>wide</h1>" in html
    assert main(["report", "--run", "wide", "inkling-weights.npz"]) == 2
    assert main(["train", *SMALL, "--save-run", "wide"]) == 0
    assert main(["report", "--run", "wide"]) == 1
    assert "runs 1, 2; give a number" in capsys.readouterr().err
    assert main(["report", "--run", "1", "--data-set", "digits"]) == 1
    assert "run 1 (wide): expected the samples of this run" in capsys.readouterr().err
    assert main(["runs", "delete", "1"]) == 0
    assert main(["report", "--run", "1"]) == 1
    capsys.readouterr()


def test_a_run_of_a_sweep_has_no_weights_and_its_refusal_has_the_command_that_stores_them(
    capsys,
) -> None:
    sweep = 'name = "rates"\n[settings]\nnetwork-structure = [784, 12, 10]\nnum-epochs = 1\n'
    Path("rates.toml").write_text(f"{sweep}[vary]\nlearning-rate = [0.01]\n")
    assert main(["sweep", "rates.toml", "--workers", "1"]) == 0
    capsys.readouterr()
    assert main(["report", "--run", "1"]) == 1
    refusal = capsys.readouterr().err
    assert "run 1 (learning rate 0.01, seed 1): its weights are not stored" in refusal
    command = shlex.split(refusal[refusal.index("inkling train") :])
    assert main(command[1:]) == 0
    assert main(["report", "--run", "2"]) == 0
    assert main(["compare", "--output", "both.csv"]) == 0
    first, second = list(csv.DictReader(Path("both.csv").read_text().splitlines()))
    assert first["test_accuracy"] == second["test_accuracy"]
    capsys.readouterr()


def test_a_report_does_not_replace_the_weights(capsys) -> None:
    assert main(["train", *SMALL]) == 0
    assert main(["report", "--output", "inkling-weights.npz"]) == 2
    assert main(["report", "nothing.npz"]) == 1
    capsys.readouterr()
