"""Trains a recipe without each school of handwriting and evaluates it on that school's styles.

`python scripts/leave_one_school_out.py FOLDER mlp --num-epochs 20` prints for each style the mean
accuracy of the networks that have not seen it. Networks in the folder are not trained again, and an
interrupted training is resumed. The other synthetic digits, whose templates belong to no school,
are left out. Needs the full MNIST, as make_pretrained.py.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
from style_accuracy import digits_of, write

from data_cache import to_float
from data_cache.synthesis import HANDWRITING_STYLES, SCHOOLS
from nn import Network, load_weights


def main(words: list[str]) -> int:
    """Train what is missing, and print a line for each style."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="of the weights files")
    parser.add_argument("recipe", help="mlp, best, or the path of a recipe with school digits")
    parser.add_argument("--num-epochs", help="instead of the recipe's")
    parser.add_argument("--count", type=int, default=200, help="digits of each style (200)")
    arguments = parser.parse_args(words)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    more = ["--num-epochs", arguments.num_epochs] if arguments.num_epochs else []
    networks = {
        school: train_without(school, arguments.folder, arguments.recipe, more)
        for school in SCHOOLS
    }
    accuracies = []
    for style in HANDWRITING_STYLES:
        images = to_float(digits_of(style, arguments.count).images)
        shares = [
            (networks[school].predict_proba(images).argmax(axis=1) == style.digit).mean()
            for school in style.schools
        ]
        accuracies.append(float(np.mean(shares)))
        write(f"{style.digit} {style.name:<36}{100 * accuracies[-1]:8.1f} %")
    write(f"mean of {len(accuracies)} styles, each unseen: {100 * np.mean(accuracies):.2f} %")
    return 0


def train_without(school: str, folder: Path, recipe: str, more: list[str]) -> Network:
    """Return the network that was trained without a school, training it if it is missing."""
    path = folder / f"without-{school}.npz"
    checkpoint = folder / f"without-{school}.checkpoint.npz"
    if not path.exists() or checkpoint.exists():
        resume = ["--resume"] if checkpoint.exists() else []
        flags = ["--recipe", recipe, "--pen-digits", "0", "--without-school", school]
        command = [*flags, *more, "--weight-path", str(path), *resume]
        subprocess.run([sys.executable, "-m", "dashboard.cli", "train", *command], check=True)
        checkpoint.unlink()
    return load_weights(path)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
