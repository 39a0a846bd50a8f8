import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from command_helpers import outcome_of

from dashboard.cli import evaluate
from dashboard.cli.main import make_parser
from dashboard.cli.recipe import apply_recipe
from dashboard.cli.settings import CommandSettings
from dashboard.cli.train import read_settings
from nn import PRETRAINED, pretrained_card

COMMANDS = ("serve", "site", "train", "evaluate", "predict", "convert", "data")


@pytest.mark.parametrize(
    ("arguments", "named", "values"),
    [
        ("train --learning-rate fast", "--learning-rate", ["fast", "10"]),
        ("train --learning-rate 0", "--learning-rate", ["0"]),
        ("train --batch-size 0", "--batch-size", ["1", "4,096"]),
        ("train --num-epochs -1", "--num-epochs", ["-1", "100,000"]),
        ("train --l1 2", "--l1", ["0", "1", "2"]),
        ("train --l2 x", "--l2", ["x"]),
        ("train --dropout 1", "--dropout", ["0.9"]),
        ("train --seed 1.5", "--seed", ["1.5", "4,294,967,295"]),
        ("train --binarize 256", "--binarize", ["255", "256"]),
        ("train --activation-function swish", "--activation-function", ["relu", "swish"]),
        ("train --initialization random", "--initialization", ["he, xavier", "random"]),
        ("train --optimizer magic", "--optimizer", ["adam", "magic"]),
        ("train --schedule never", "--schedule", ["one-cycle", "never"]),
        ("train --network-structure 784", "--network-structure", ["10", "2,048", "“784”"]),
        ("train --network-structure 784 0 10", "--network-structure", ["2,048", "0"]),
        ("train --data-set letters", "--data-set", ["fashion-mnist", "letters"]),
        ("train --data-set digits --train-path x", "--data-set", ["paths"]),
        ("train --validation-path x", "--validation-path", ["--train-path"]),
        ("train --weight-path weights.txt", "--weight-path", [".npz", ".json", "weights.txt"]),
        ("train --weight-path a.npz --history-path a.npz", "--history-path", ["a.npz"]),
        ("evaluate --data-set letters", "--data-set", ["fashion-mnist", "letters"]),
        ("predict", "drawing", ["--data-path", "--data-set"]),
        ("predict drawing.npy --data-set digits", "drawing", ["--data-path", "--data-set"]),
        ("predict --data-set digits --index 1 500", "--index", ["499", "500"]),
        ("data fetch digits", "NAME", ["fashion-mnist", "digits"]),
        ("data fetch letters", "NAME", ["fashion-mnist", "letters"]),
        ("serve --port 70000", "--port", ["65,535", "70000"]),
    ],
)
def test_an_invalid_value_exits_with_2_and_one_line_with_flag_and_values(
    arguments, named, values, capsys
):
    code, out, err = outcome_of(arguments, capsys)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert re.match(r"inkling [a-z ]+: error: ", err)
    for value in (named, *values):
        assert value in err


@pytest.mark.parametrize(
    ("arguments", "end"),
    [
        ("dance", "invalid choice: 'dance'"),
        ("evalute", "; did you mean evaluate?"),
        ("train --speed 3", "unrecognized arguments: --speed 3"),
        ("train --learnig-rate 3", "; did you mean --learning-rate?"),
        ("evaluate --data-set digits --data-path x", "not allowed with argument --data-set"),
        ("evaluate --data-set digits --part last", "invalid choice: 'last'"),
        ("data", "the following arguments are required: ACTION"),
    ],
)
def test_an_unknown_or_missing_argument_exits_with_2(arguments, end, capsys):
    code, _, err = outcome_of(arguments, capsys)
    assert code == 2
    assert end in err.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            "train --train-path nowhere",
            "inkling train: nowhere: expected a readable file, found none "
            "(No such file or directory).",
        ),
        (
            "train --weight-path no/weights.npz",
            "inkling train: --weight-path: the folder no does not exist; make it first.",
        ),
        (
            "train --history-path no/curve.csv",
            "inkling train: --history-path: the folder no does not exist; make it first.",
        ),
        ("train --history-path .", "inkling train: --history-path: . is a folder; name a file."),
        (
            "evaluate --weight-path no.npz --data-set digits",
            "inkling evaluate: Could not read the weights file no.npz: No such file or directory.",
        ),
        ("predict drawing.npy", "inkling predict: drawing.npy: expected a file, found none."),
    ],
)
def test_a_failed_job_exits_with_1_and_one_line(arguments, sentence, capsys):
    code, out, err = outcome_of(arguments, capsys)
    assert (code, out, err) == (1, "", f"{sentence}\n")


def test_a_missing_data_set_is_an_error_with_the_command_that_fetches_it(capsys):
    code, _, err = outcome_of("train --data-set mnist", capsys)
    assert code == 1
    assert "fetch them with `inkling data fetch mnist`" in err
    assert len(err.splitlines()) == 1


def test_an_internal_error_is_one_line(monkeypatch, capsys):
    def fail(_arguments):
        raise ZeroDivisionError("two\nlines")

    monkeypatch.setattr(evaluate, "open_network", fail)
    code, _, err = outcome_of("evaluate --data-set digits", capsys)
    assert code == 1
    assert err.count("\n") == 1
    assert "ZeroDivisionError: two lines" in err
    assert "python -X dev -m dashboard.cli" in err


def test_ctrl_c_exits_with_130_and_one_line(monkeypatch, capsys):
    def press(_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluate, "open_network", press)
    code, _, err = outcome_of("evaluate --data-set digits", capsys)
    assert (code, err.startswith("\ninkling evaluate: "), err.count("\n")) == (130, True, 2)


def test_an_os_error_is_one_line_with_the_file(monkeypatch, capsys):
    def fail(_arguments):
        raise OSError(28, "No space left on device", "a.npz")

    monkeypatch.setattr(evaluate, "open_network", fail)
    code, _, err = outcome_of("evaluate --data-set digits", capsys)
    assert (code, err) == (1, "inkling evaluate: a.npz: No space left on device.\n")


def test_the_help_lists_every_command(capsys):
    code, out, _ = outcome_of("--help", capsys)
    assert code == 0
    for command in COMMANDS:
        assert re.search(rf"^    {command} +\w", out, re.MULTILINE)


def test_the_help_of_train_has_every_flag_and_default(capsys):
    _, out, _ = outcome_of("train --help", capsys)
    text = " ".join(out.split())
    for flag in (
        *("--train-path", "--validation-path", "--network-structure", "--learning-rate"),
        *("--batch-size", "--num-epochs", "--activation-function", "--initialization"),
        *("--weight-path", "--seed", "--optimizer", "--l1", "--l2", "--dropout", "--schedule"),
        *("--binarize", "--augment", "--resume", "--history-path", "--recipe", "--architecture"),
        *("--label-smoothing", "--weight-average", "--patience", "--half"),
        *("--pen-digits", "--non-digits", "--school-digits", "--without-school"),
    ):
        assert re.search(rf"(?<!\[){flag} \[?[A-Za-z]", text), flag
    assert "(default: 784 128 10; " in text
    for default in ("adam", "cosine", "relu", "off", "inkling-weights.npz"):
        assert f"(default: {default})" in text


def test_without_a_command_the_help_is_printed(capsys):
    assert outcome_of("", capsys) == outcome_of("--help", capsys)


@pytest.mark.parametrize("command", ["", *COMMANDS, "data fetch", "data list"])
@pytest.mark.parametrize("columns", ["60", "80", "200"])
def test_help_fits_the_terminal_and_80_columns(command, columns, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    _, out, _ = outcome_of(f"{command} --help", capsys)
    indented = [line for line in out.splitlines() if len(line) > min(int(columns), 80)]
    # Examples are not wrapped, so that they can be copied.
    assert not [line for line in indented if not line.startswith("  ") or columns != "60"]
    assert "%%" not in out


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_any_encoding_of_the_terminal_can_show_everything(environment, encoding, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "dashboard.cli", "predict", "--index", "3", "--weight-path", "best"],
        env={**environment, "PYTHONIOENCODING": encoding},
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    lines = done.stdout.decode(encoding).splitlines()
    assert lines[4].endswith("█" * 40 if encoding == "utf-8" else "#" * 40)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full")
@pytest.mark.parametrize(("stdout", "code"), [("/dev/full", 1), (None, 0)])
def test_a_full_or_closed_standard_output_causes_no_traceback(environment, stdout, code):
    redirect = f"> {stdout}" if stdout else ">&-"
    done = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -m dashboard.cli data list {redirect}'],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert len(done.stderr.splitlines()) == code


@pytest.mark.parametrize("command", [*COMMANDS, "data fetch", "data list"])
def test_every_command_has_help(command, capsys):
    code, out, _ = outcome_of(f"{command} --help", capsys)
    assert code == 0
    assert out.startswith(f"usage: inkling {command}")
    assert "None" not in out


def test_the_version_is_printed(capsys):
    code, out, _ = outcome_of("--version", capsys)
    assert code == 0
    assert re.fullmatch(r"inkling \d+\.\d+\.\d+\n", out)


def test_only_serve_and_site_import_panel(environment, tmp_path):
    script = (
        "import sys\n"
        "from dashboard.cli import main\n"
        "codes = [main(words.split()) for words in sys.argv[1:]]\n"
        "loaded = {'panel', 'bokeh', 'tornado', 'pooch'} & set(sys.modules)\n"
        "sys.exit(f'{codes} {loaded}' if any(codes) or loaded else 0)\n"
    )
    commands = [
        "train --num-epochs 1 --network-structure 784 10 --weight-path w.npz",
        "evaluate --weight-path w.npz --data-set digits --robustness 2",
        "predict --weight-path w.npz --data-set digits",
        "data list",
    ]
    done = subprocess.run(
        [sys.executable, "-c", script, *commands],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_closed_pipe_causes_no_traceback(environment, unbuffered):
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard.cli", "data", "list"],
        env={**environment, "PYTHONUNBUFFERED": unbuffered},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    process.wait()
    assert "Traceback" not in err
    assert "Exception" not in err


@pytest.mark.parametrize("name", PRETRAINED)
def test_the_command_in_the_card_of_a_pretrained_model_is_valid(name):
    card = pretrained_card(name)
    program, *words = card.command.split()
    assert program == "inkling"
    arguments = make_parser().parse_args(words)
    apply_recipe(arguments, arguments.parser)
    settings = CommandSettings(**read_settings(arguments))
    assert settings.seed == card.seed
    assert settings.make_network(784, 10, np.random.default_rng(0)).title == card.sizes
    assert arguments.data_set == "mnist"
    assert "/" not in card.command
