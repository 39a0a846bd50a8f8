import csv
import json
import math
import re
import signal
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits
from training_helpers import few_samples, make_run, train

from dashboard.cli import main, train_job
from dashboard.cli.progress import Progress
from nn import ClassificationMetrics, load_weights

SMALL = ["--network-structure", "784", "12", "10", "--batch-size", "20", "--num-epochs", "2"]


def run_train(data_folder, *more, name="idx"):
    return main(
        [
            "train",
            *("--train-path", str(data_folder / name)),
            *("--validation-path", str(data_folder / name)),
            *SMALL,
            *more,
        ]
    )


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def stop_at(monkeypatch, iteration):
    """Press Ctrl-C when training gets to an iteration."""
    publish = Progress.publish

    def press(self, snapshot):
        publish(self, snapshot)
        if snapshot.iteration >= iteration and not pressed:
            pressed.append(snapshot.iteration)
            signal.raise_signal(signal.SIGINT)

    pressed = []
    monkeypatch.setattr(Progress, "publish", press)
    return pressed


def short_slices(monkeypatch):
    """Let a clock go so fast that every slice is a single step."""
    now = iter(range(10**9))
    monkeypatch.setattr(train_job.time, "perf_counter", lambda: float(next(now)))


def test_it_trains_on_the_bundled_digits_when_no_data_are_named(tmp_path, capsys):
    assert main(["train", *SMALL]) == 0
    out, err = capsys.readouterr()
    assert load_weights("inkling-weights.npz").sizes == (784, 12, 10)
    assert re.search(
        r"^500 test samples \(not used before\): accuracy \d\d\.\d\d % \(\d+ of 500; "
        r"95 % interval \d+\.\d\d to \d+\.\d\d %\), loss \d\.\d{4}$",
        out,
        re.MULTILINE,
    )
    assert "The weights of iteration 400 are in inkling-weights.npz" in out
    assert "4,000 training samples, scored on 500 validation samples" in err
    assert [line.split(" ")[1] for line in err.splitlines() if line.startswith("epoch")] == [
        "1/2",
        "2/2",
    ]


@pytest.mark.parametrize(
    ("train_name", "validation_name"),
    [
        ("idx", "idx"),
        ("idx-gz", "idx-gz"),
        ("idx/train-images-idx3-ubyte", "idx-gz/t10k-images-idx3-ubyte.gz"),
        ("train.csv", "test.csv"),
        ("train.csv.gz", "test.csv.gz"),
    ],
)
def test_every_format_gives_the_same_weights(data_folder, train_name, validation_name):
    paths = ["--train-path", str(data_folder / train_name)]
    paths += ["--validation-path", str(data_folder / validation_name)]
    assert main(["train", *paths, *SMALL, "--weight-path", "a.npz"]) == 0
    assert main(["train", "--train-path", str(data_folder / "idx"), *SMALL]) == 0
    for one, other in zip(
        load_weights("a.npz").parameters(),
        load_weights("inkling-weights.npz").parameters(),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


def test_the_command_line_of_the_seed_project_works(data_folder, capsys):
    command = (
        "train --train-path {0}/train.csv --validation-path {0}/test.csv "
        "--network-structure 784 500 300 100 10 --learning-rate 0.003 --batch-size 64 "
        "--num-epochs 10 --activation-function re-lu --initialization xavier "
        "--weight-path my_weights.json"
    )
    assert main(command.format(data_folder).split()) == 0
    network = load_weights("my_weights.json")
    assert network.sizes == (784, 500, 300, 100, 10)
    assert network.activation == "relu"
    assert set(json.loads(Path("my_weights.json").read_text())) == {
        *("W0", "b0", "W1", "b1", "W2", "b2", "W3", "b3")
    }
    samples = few_samples(100, 1000)
    evaluation = ClassificationMetrics(10)
    evaluation.evaluate(network, samples.images / np.float32(255), samples.labels)
    out = capsys.readouterr().out
    assert f"({evaluation.correct} of 100;" in out
    assert evaluation.accuracy > 0.7
    assert out.startswith(
        "100 validation samples (evaluated only, not used to choose weights): accuracy"
    )


def test_the_summary_has_the_confusion_matrix(data_folder, capsys):
    run_train(data_folder)
    lines = capsys.readouterr().out.splitlines()
    rows = [line.split() for line in lines if re.match(r"\d  ", line)]
    assert [row[0] for row in rows] == list("0123456789")
    counts = np.array([[0 if cell == "·" else int(cell) for cell in row[1:11]] for row in rows])
    labels = few_samples(100, 1000).labels
    np.testing.assert_array_equal(counts.sum(axis=1), np.bincount(labels, minlength=10))
    right = int(re.search(r"\((\d+) of 100", lines[0]).group(1))
    assert np.trace(counts) == right


def test_without_validation_samples_nothing_is_scored(data_folder, capsys):
    assert main(["train", "--train-path", str(data_folder / "idx"), *SMALL]) == 0
    out, err = capsys.readouterr()
    assert "validation" not in out + err
    assert out.startswith("The weights of iteration 30")


def test_the_history_file_has_the_curve_and_the_scores(data_folder):
    assert run_train(data_folder, "--history-path", "curve.csv") == 0
    rows = rows_of("curve.csv")
    assert [int(row["iteration"]) for row in rows] == list(range(1, 31))
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    assert [row["iteration"] for row in rows if row["validation_accuracy"]] == ["15", "30"]
    assert not any(row["test_accuracy"] for row in rows)


def test_the_test_part_of_a_data_set_is_scored_once_at_the_end():
    main(["train", *SMALL, "--history-path", "curve.csv"])
    rows = rows_of("curve.csv")
    assert [row["iteration"] for row in rows if row["validation_accuracy"]] == ["200", "400"]
    assert [row["iteration"] for row in rows if row["test_accuracy"]] == ["400"]


def test_the_schedule_spans_the_whole_run(data_folder):
    run_train(data_folder, "--history-path", "curve.csv", "--learning-rate", "0.01")
    rates = [float(row["learning_rate"]) for row in rows_of("curve.csv")]
    expected = [0.005 * (1 + math.cos(math.pi * step / 30)) for step in range(30)]
    np.testing.assert_allclose(rates, expected, rtol=1e-4)


def test_two_runs_with_one_seed_are_the_same_and_another_seed_is_not(data_folder):
    options = ["--augment", "--dropout", "0.1", "--binarize", "127", "--history-path"]
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        weights = ["--weight-path", f"{name}.npz", "--seed", seed]
        assert run_train(data_folder, *options, f"{name}.csv", *weights) == 0
    first, same, other = (Path(f"{name}.csv").read_bytes() for name in "abc")
    assert Path("a.npz").read_bytes() == Path("b.npz").read_bytes()
    assert first == same != other


@pytest.mark.parametrize(
    ("flags", "setting", "value"),
    [
        (["--activation-function", "Leaky_ReLU"], "activation", "leaky-relu"),
        (["--schedule", "one_cycle"], "schedule", "one-cycle"),
        (["--optimizer", "AdamW"], "optimizer", "adamw"),
        (["--initialization", "Xavier"], "initialization", "xavier"),
        (["--l1", "1e-4"], "l1", 1e-4),
        (["--l2", "1e-3"], "l2", 1e-3),
        (["--dropout", "0.5"], "dropout", 0.5),
        (["--binarize", "127"], "binarize", 127),
        (["--augment"], "augment", "affine"),
        (["--augment", "full"], "augment", "full"),
        (["--network-structure", "784,64,32,10"], "hidden_layers", [64, 32]),
        (["--network-structure", "784", "10"], "hidden_layers", []),
    ],
)
def test_every_flag_reaches_its_setting(data_folder, monkeypatch, flags, setting, value):
    jobs = []
    original = train_job.TrainingJob.__init__

    def remember(self, *arguments, **options):
        original(self, *arguments, **options)
        jobs.append(self)

    monkeypatch.setattr(train_job.TrainingJob, "__init__", remember)
    assert run_train(data_folder, "--num-epochs", "1", *flags) == 0
    assert getattr(jobs[0].settings, setting) == value


def test_divergence_fails_with_a_sentence_and_keeps_the_last_good_weights(data_folder, capsys):
    options = ["--optimizer", "sgd", "--learning-rate", "10", "--num-epochs", "50"]
    assert run_train(data_folder, *options, "--network-structure", "784", "30", "30", "10") == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("inkling train: Training paused itself: at iteration ")
    assert "Try a smaller learning rate than " in last
    assert last.endswith("Nothing was learnt, so nothing was saved.")


def test_ctrl_c_stops_at_a_step_saves_and_says_so(data_folder, monkeypatch, capsys):
    short_slices(monkeypatch)
    stop_at(monkeypatch, 7)
    before = signal.getsignal(signal.SIGINT)
    assert run_train(data_folder, "--history-path", "curve.csv") == 130
    assert signal.getsignal(signal.SIGINT) is before
    out, err = capsys.readouterr()
    assert out == ""
    assert re.search(r"Stopped by Ctrl-C after 0\.\d+ epochs; saving\.", err)
    rows = rows_of("curve.csv")
    assert 7 <= len(rows) < 15
    assert f"The weights of iteration {len(rows)} are in inkling-weights.npz" in err
    assert load_weights("inkling-weights.npz").sizes == (784, 12, 10)


@pytest.mark.parametrize("iteration", [1, 14, 15, 22])
def test_resuming_after_ctrl_c_gives_the_numbers_of_an_unbroken_run(
    data_folder, monkeypatch, iteration
):
    flags = ["--augment", "--dropout", "0.2", "--schedule", "one-cycle", "--history-path"]
    assert run_train(data_folder, *flags, "whole.csv", "--weight-path", "whole.npz") == 0
    with monkeypatch.context() as patch:
        short_slices(patch)
        pressed = stop_at(patch, iteration)
        assert run_train(data_folder, *flags, "broken.csv") == 130
        assert pressed
    assert run_train(data_folder, *flags, "broken.csv", "--resume") == 0
    for whole, broken in (
        ("whole.csv", "broken.csv"),
        ("whole.npz", "inkling-weights.npz"),
        ("whole.checkpoint.npz", "inkling-weights.checkpoint.npz"),
    ):
        assert Path(whole).read_bytes() == Path(broken).read_bytes()


def test_settings_need_not_be_named_again_to_resume(data_folder, capsys):
    paths = ["--train-path", str(data_folder / "idx")]
    flags = ["--schedule", "constant", "--optimizer", "momentum", "--l2", "0.001"]
    assert main(["train", *paths, *SMALL, *flags]) == 0
    assert main(["train", *paths, "--resume", "--num-epochs", "3"]) == 0
    assert main(["train", *paths, *SMALL, *flags, "--num-epochs", "3", "--weight-path=w.npz"]) == 0
    assert Path("w.npz").read_bytes() == Path("inkling-weights.npz").read_bytes()
    assert "From here on number of epochs is 3 instead of 2." in capsys.readouterr().err


def test_a_finished_test_score_does_not_enter_a_resumed_run():
    constant = ["--schedule", "constant", "--history-path"]
    main(["train", *SMALL, *constant, "a.csv", "--num-epochs", "1"])
    main(["train", "--resume", "--num-epochs", "2", "--history-path", "a.csv"])
    main(["train", *SMALL, *constant, "b.csv", "--weight-path", "b.npz"])
    assert Path("a.csv").read_text() == Path("b.csv").read_text()


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--seed", "9"], "--seed: the run to resume has 1, and 9 was asked for; leave the flag"),
        (["--augment"], "--augment: the run to resume has none, and affine was asked for"),
        (["--network-structure", "784", "10"], "--network-structure: the run to resume has [12]"),
        (["--num-epochs", "2"], "the run already has its 2 epochs; ask for more with --num-epochs"),
    ],
)
def test_what_made_the_weights_cannot_change_on_resuming(data_folder, capsys, flags, sentence):
    paths = ["--train-path", str(data_folder / "idx")]
    assert main(["train", *paths, *SMALL]) == 0
    capsys.readouterr()
    assert main(["train", *paths, "--resume", "--num-epochs", "3", *flags]) == 1
    assert f"inkling train: {sentence}" in capsys.readouterr().err


def test_resuming_with_other_data_is_refused(data_folder, capsys):
    assert main(["train", "--train-path", str(data_folder / "idx"), *SMALL]) == 0
    path = str(data_folder / "test.csv")
    assert main(["train", "--train-path", path, "--resume"]) == 1
    err = capsys.readouterr().err
    assert "inkling-weights.checkpoint.npz: this run learnt from other samples (300 samples" in err
    assert "than those named now (100 samples" in err


def test_resuming_nothing_and_damaged_checkpoints_say_so(capsys):
    assert main(["train", "--resume"]) == 1
    assert (
        "inkling train: inkling-weights.checkpoint.npz: there is no such checkpoint, "
        "so there is nothing to go on with.\n"
    ) in capsys.readouterr().err
    with open("inkling-weights.checkpoint.npz", "wb") as file:
        file.write(b"PK rubbish")
    assert main(["train", "--resume"]) == 1
    assert "expected a whole checkpoint and found 10 bytes" in capsys.readouterr().err


class Terminal:
    """A stream that says that it is a terminal."""

    encoding = "utf-8"

    def __init__(self):
        self.text = ""

    def isatty(self):
        return True

    def write(self, text):
        self.text += text
        return len(text)

    def flush(self):
        pass


def test_a_terminal_gets_a_bar_with_epoch_loss_accuracy_speed_and_time_left():
    terminal = Terminal()
    run = make_run()
    progress = Progress(run, 2, terminal, iter(range(1000)).__next__)
    train(run, epochs=1, publish=progress.publish)
    progress.end_epoch(run)
    train(run, steps=5, publish=progress.publish)
    progress._bar.refresh()
    progress.close()
    assert re.search(
        r"epoch 2/2 · loss \d\.\d{3} · accuracy \d+\.\d %:?\s+67% \|.*\| .* samples/s · .* left",
        terminal.text,
    )
    assert re.search(r"epoch 1/2 · loss .* accuracy .* samples/s · .* left\n", terminal.text)


def test_the_line_of_an_epoch_tells_speed_and_time_left_by_the_clock(capsys):
    import sys  # noqa: PLC0415 - the stream that capsys put there

    run = make_run()
    progress = Progress(run, 4, sys.stderr, iter([0.0, 3.0]).__next__)
    train(run, epochs=1)
    progress.end_epoch(run)
    assert "epoch 1/4 · " in (line := capsys.readouterr().err)
    assert line.endswith(" · 100 samples/s · 00:09 left\n")


def test_a_binarized_net_is_scored_on_binarized_samples(data_folder, capsys):
    assert run_train(data_folder, "--binarize", "127", "--num-epochs", "4") == 0
    out = capsys.readouterr().out
    samples = few_samples(100, 1000)
    losses = []
    for images in ((samples.images > 127).astype(np.float32), samples.images / np.float32(255)):
        evaluation = ClassificationMetrics(10)
        evaluation.evaluate(load_weights("inkling-weights.npz"), images, samples.labels)
        losses.append(f"loss {evaluation.loss:.4f}")
    assert losses[0] in out
    assert losses[1] not in out


def test_products_are_computed_in_one_thread(data_folder, monkeypatch):
    threads = []

    def look(self, snapshot):
        libraries = [info for info in threadpool_info() if info["user_api"] == "blas"]
        threads.extend(info["num_threads"] for info in libraries)

    monkeypatch.setattr(Progress, "publish", look)
    with threadpool_limits(2, user_api="blas"):
        assert run_train(data_folder, "--num-epochs", "1") == 0
    assert set(threads) == {1}


def test_after_divergence_a_smaller_rate_goes_on_from_the_last_good_weights(data_folder, capsys):
    calm = ["--optimizer", "sgd", "--schedule", "constant", "--learning-rate", "0.1"]
    assert run_train(data_folder, *calm) == 0
    paths = ["train", "--train-path", str(data_folder / "idx"), "--resume", "--num-epochs", "20"]
    assert main([*paths, "--learning-rate", "10"]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert "The weights of iteration 30 are back." in last
    assert "The weights of iteration 30 are in inkling-weights.npz" in last
    assert main([*paths, "--learning-rate", "0.05"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1].startswith("epoch 20/20 · ")
    assert "validation" not in lines[-1]
    losses = [float(re.search(r"loss ([\d.]+)", line).group(1)) for line in lines[-18:]]
    assert losses[-1] < losses[0]
