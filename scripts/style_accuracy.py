"""Prints the accuracy of networks on each style of handwriting, as a table.

`python scripts/style_accuracy.py best mlp other.npz` takes pretrained models by name and weights
files by path. A network that was trained on the styles is evaluated on other digits of them; with
`--school NAME` only on the styles that the school uses, for a network trained without them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from data_cache import Samples, to_float
from data_cache.synthesis import HANDWRITING_STYLES, SCHOOLS, HandwritingStyle, draw_styled_digits
from nn import PRETRAINED, Network, load_pretrained, load_weights
from nn.calibration import reliability_diagram

SEED = 2
"""Seed of the evaluated digits; those of training come from another generator."""

SURE = 0.9


def main(words: list[str]) -> int:
    """Print a line for each style, and the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", nargs="+", help="mlp, best, or the path of a weights file")
    parser.add_argument("--count", type=int, default=300, help="digits of each style (300)")
    parser.add_argument("--school", choices=list(SCHOOLS), help="only the styles of one school")
    arguments = parser.parse_args(words)
    networks = [open_network(name) for name in arguments.weights]
    styles = [
        style
        for style in HANDWRITING_STYLES
        if arguments.school is None or arguments.school in style.schools
    ]
    heads = [Path(name).stem[:14] for name in arguments.weights]
    write(f"{'style':<38}" + "".join(f"{head:>15}" for head in heads) + "   read as")
    labels, guesses = [], []
    for style in styles:
        images = to_float(digits_of(style, arguments.count).images)
        found = [network.predict_proba(images) for network in networks]
        labels.append(np.full(arguments.count, style.digit))
        guesses.append(found)
        shares = [(each.argmax(axis=1) == style.digit).mean() for each in found]
        cells = "".join(f"{100 * share:13.1f} %" for share in shares)
        write(f"{style.digit} {style.name:<36}{cells}   {confusions(style.digit, found[-1])}")
    every_label = np.concatenate(labels)
    for index, head in enumerate(heads):
        every = np.concatenate([found[index] for found in guesses])
        is_wrong = every.argmax(axis=1) != every_label
        error = reliability_diagram(every, every_label).expected_calibration_error
        sure = (every[is_wrong].max(axis=1) >= SURE).mean() if is_wrong.any() else 0.0
        write(
            f"{head}: mean {100 * (1 - is_wrong.mean()):.2f} % of {len(styles)} styles; "
            f"calibration error {error:.4f}; {100 * sure:.0f} % of the mistakes have a probability "
            f"of at least {SURE}"
        )
    return 0


def open_network(name: str) -> Network:
    """Return a pretrained model by name, or the network in a weights file."""
    return load_pretrained(name) if name in PRETRAINED else load_weights(name)


def digits_of(style: HandwritingStyle, count: int) -> Samples:
    """Return digits of a style, the same at every call."""
    generator = np.random.default_rng([SEED, HANDWRITING_STYLES.index(style)])
    return draw_styled_digits([style] * count, generator)


def confusions(digit: int, probabilities: np.ndarray) -> str:
    """Return the most frequent wrong predictions with their shares, of the last network."""
    counts = np.bincount(probabilities.argmax(axis=1), minlength=10)
    counts[digit] = 0
    wrong = [int(other) for other in np.argsort(-counts, kind="stable")[:3] if counts[other]]
    return ", ".join(f"{it} ({100 * counts[it] / len(probabilities):.0f} %)" for it in wrong)


def write(line: str) -> None:
    """Print a line without buffering."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
