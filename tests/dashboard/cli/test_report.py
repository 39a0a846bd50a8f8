"""`inkling report`: the report of a training, and the command in it that repeats the training."""

from __future__ import annotations

import re
import shlex
from html import unescape
from pathlib import Path

import pytest

from dashboard.cli import main

SMALL = ["--network-structure", "784", "12", "10", "--num-epochs", "2", "--seed", "7"]


def accuracy_of(html: str) -> float:
    found = re.search(r'data-accuracy="([^"]+)"', html)
    assert found is not None
    return float(found[1])


def code_of(html: str) -> str:
    found = re.search(r'<pre data-code="repeat">(.*?)</pre>', html, re.DOTALL)
    return unescape(found[1]) if found else ""


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


def test_a_report_does_not_replace_the_weights(capsys) -> None:
    assert main(["train", *SMALL]) == 0
    assert main(["report", "--output", "inkling-weights.npz"]) == 2
    assert main(["report", "nothing.npz"]) == 1
    capsys.readouterr()
