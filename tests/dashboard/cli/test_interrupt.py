"""A real process gets a real signal."""

import re
import signal
import subprocess
import sys
from pathlib import Path

from dashboard.cli import main
from dashboard.training.checkpoint import read_checkpoint
from nn import load_weights

DEADLINE_SECONDS = 60
FLAGS = [
    *("--network-structure", "784", "12", "10", "--schedule", "constant"),
    *("--augment", "--dropout", "0.1", "--batch-size", "64"),
]


def test_ctrl_c_saves_and_a_resumed_run_equals_an_uninterrupted_one(environment):
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard.cli", "train", *FLAGS, "--num-epochs", "100000"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stderr:
        if line.startswith("epoch 1/"):
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert re.search(
        r"Stopped by Ctrl-C after \d+\.\d\d epochs; saving\.\nThe weights of iter", err
    )

    state = read_checkpoint("inkling-weights.checkpoint.npz").state
    stopped = load_weights("inkling-weights.npz")
    assert state.iteration >= 63
    assert stopped.layers[0].weights.tobytes() == state.network.layers[0].weights.tobytes()

    epochs = str(state.epoch + 1)
    assert main(["train", "--resume", "--num-epochs", epochs, "--history-path", "a.csv"]) == 0
    whole = ["--num-epochs", epochs, "--history-path", "b.csv", "--weight-path", "b.npz"]
    assert main(["train", *FLAGS, *whole]) == 0
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()
    assert Path("inkling-weights.npz").read_bytes() == Path("b.npz").read_bytes()
