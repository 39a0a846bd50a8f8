"""Trains a pretrained model, evaluates it and writes it with its card into nn/pretrained.

Needs the full MNIST (`inkling data fetch mnist`, or INKLING_DATA). The settings are in the recipe
beside the model; the scores in the card are those of the weights file as shipped. The same machine
gives the same weights to the byte.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
from moved_digits import move_digits

from dashboard.answer_confidence import mean_over_views
from data_cache import DATA_SETS, load_data_set, to_float
from nn import ClassificationMetrics, Network, PretrainedCard, load_weights
from nn.calibration import confidence, confidence_threshold

FOLDER = Path(__file__).parents[1] / "nn" / "pretrained"
LEAST_ACCURACY = {"mlp": 0.99, "best": 0.995}
LARGEST = {"mlp": 250_000, "best": 1_500_000}
SEED = 1


def main(arguments: list[str]) -> int:
    """Train the named models, or all; one that is not good enough does not replace the present."""
    for name in arguments or list(LEAST_ACCURACY):
        with tempfile.TemporaryDirectory() as folder:
            work = Path(os.environ.get("INKLING_WORK", folder))
            seconds = train(name, work)
            card = make_card(name, work / f"{name}.npz", seconds)
            text = json.dumps(asdict(card), indent=2)
            print(text)  # noqa: T201
            if card.test_accuracy < LEAST_ACCURACY[name] or card.bytes > LARGEST[name]:
                sys.stderr.write(
                    f"Expected {name} to have an accuracy of at least {LEAST_ACCURACY[name]} and "
                    f"at most {LARGEST[name]:,} bytes and found {card.test_accuracy} and "
                    f"{card.bytes:,}; the present one stays.\n"
                )
                return 1
            shutil.copyfile(work / f"{name}.npz", FOLDER / f"{name}.npz")
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    return 0


def command(name: str) -> list[str]:
    """Return the arguments of `inkling` that train a model."""
    return ["train", "--recipe", name, "--seed", str(SEED), "--weight-path", f"{name}.npz"]


def train(name: str, folder: Path) -> float:
    """Run the command in `folder`, resuming from a checkpoint there; return its processor time."""
    resume = ["--resume"] if (folder / f"{name}.checkpoint.npz").exists() else []
    root = str(FOLDER.parents[1])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    before = os.times().children_user
    subprocess.run(
        [sys.executable, "-m", "dashboard.cli", *command(name), *resume],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, **_data_folder()},
        check=True,
    )
    return os.times().children_user - before


def make_card(name: str, weights: Path, seconds: float) -> PretrainedCard:
    """Evaluate a weights file and return its card."""
    network = load_weights(weights)
    test = load_data_set("mnist").test
    plain = _evaluate(network, to_float(test.images), test.labels)
    moved = _evaluate(network, *move_digits(test))
    validation = load_data_set("mnist").validation
    digits = to_float(validation.images)
    known = confidence(network.predict_proba(digits))
    pictures = confidence(np.stack([mean_over_views(network, digit) for digit in digits]))
    return PretrainedCard(
        sizes=network.title,
        command=shlex.join(["inkling", *command(name)]),
        digits=DATA_SETS["mnist"].counts[0],
        test_accuracy=plain.accuracy,
        test_count=plain.count,
        moved_accuracy=moved.accuracy,
        seed=SEED,
        seconds=round(seconds, 1),
        bytes=weights.stat().st_size,
        confidence_threshold=round(confidence_threshold(known), 4),
        picture_threshold=round(confidence_threshold(pictures, 0.95), 4),
    )


def _evaluate(network: Network, x: object, labels: object) -> ClassificationMetrics:
    metrics = ClassificationMetrics(network.classes)
    metrics.evaluate(network, x, labels)
    return metrics


def _data_folder() -> dict[str, str]:
    """Return INKLING_DATA as an absolute path, because the command runs in another folder."""
    named = os.environ.get("INKLING_DATA")
    return {"INKLING_DATA": str(Path(named).expanduser().absolute())} if named else {}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
