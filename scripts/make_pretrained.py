"""Makes the ready-trained net: trains it, scores it, writes it with its card into nn/pretrained.

Needs the full MNIST (`inkling data fetch mnist`, or INKLING_DATA). The card's numbers come from
`inkling evaluate`, and its command is the one that is run here; the same machine gives the same
weights to the byte.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from data_cache import DATA_SETS
from nn import load_weights

FOLDER = Path(__file__).parents[1] / "nn" / "pretrained"
WEIGHTS = "digits.npz"
SEED = 1
LEAST_ACCURACY = 0.98

TRAIN = shlex.split(
    "train --data-set mnist --augment --network-structure 784 128 10 --optimizer adam "
    "--schedule one-cycle --learning-rate 0.003 --batch-size 64 --num-epochs 120 "
    f"--seed {SEED} --weight-path {WEIGHTS}"
)
EVALUATE = ["evaluate", "--data-set", "mnist", "--weight-path", WEIGHTS, "--json"]


def main() -> int:
    """Train in a folder of its own; only a net that is good enough replaces the present one."""
    with tempfile.TemporaryDirectory() as folder:
        _inkling(TRAIN, folder)
        scores = json.loads(_inkling(EVALUATE, folder))
        if scores["accuracy"] < LEAST_ACCURACY:
            sys.stderr.write(
                f"The net reached {scores['accuracy']:.4f}, and {LEAST_ACCURACY} was expected; "
                "the present one stays.\n"
            )
            return 1
        shutil.copyfile(Path(folder) / WEIGHTS, FOLDER / WEIGHTS)
    card = make_card(scores)
    (FOLDER / "digits.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    sys.stderr.write(f"{FOLDER / WEIGHTS}: {card['test_accuracy']:.4f} on the test half\n")
    return 0


def make_card(scores: dict) -> dict[str, object]:
    """Return what is known of the net, from what `inkling evaluate --json` printed."""
    return {
        "sizes": "-".join(map(str, load_weights(FOLDER / WEIGHTS).sizes)),
        "command": shlex.join(["inkling", *TRAIN]),
        "digits": DATA_SETS["mnist"].counts[0],
        "test_accuracy": scores["accuracy"],
        "test_count": scores["count"],
        "seed": SEED,
    }


def _inkling(arguments: list[str], folder: str) -> str:
    """Run the console command in `folder`; its progress is shown, its output returned."""
    root = str(FOLDER.parents[1])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", "dashboard.commands", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, **_data_folder()},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def _data_folder() -> dict[str, str]:
    """Make a relative INKLING_DATA absolute: the command runs in another folder."""
    named = os.environ.get("INKLING_DATA")
    return {"INKLING_DATA": str(Path(named).expanduser().absolute())} if named else {}


if __name__ == "__main__":
    raise SystemExit(main())
