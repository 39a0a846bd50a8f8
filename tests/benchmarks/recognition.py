"""How fast digits are augmented and framed, and what the ready-trained nets read beyond MNIST.

Run it as ``python tests/benchmarks/recognition.py``; the full MNIST is needed (INKLING_DATA, or
the download). Only digits of its validation part are used, changed into stand-ins for handwriting
of other origins; none of its test digits, so that these numbers may choose things. The digits of
13 other writers come with scikit-learn (Alpaydin and Kaynak, "Optical recognition of handwritten
digits", 1998), in 8 × 8 pixels; the styles of `data_cache.synthesis` were made with an eye on them.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from benchmarks.peers import python_peer  # noqa: E402
from benchmarks.rounds import ContestantError  # noqa: E402
from data_cache import (  # noqa: E402
    change_stroke_width,
    create_augmentation,
    frame_digits,
    load_data_set,
    to_float,
)
from data_cache.synthesis import draw_non_digits, write_digit  # noqa: E402
from nn import PRETRAINED, load_pretrained  # noqa: E402
from nn.calibration import (  # noqa: E402
    confidence,
    confidence_threshold,
    reliability_diagram,
)

COUNT = 1500
SEED = 11
OTHER_WRITERS = """
import sys, numpy
from sklearn.datasets import load_digits
digits = load_digits()
numpy.savez(sys.stdout.buffer, images=digits.images / 16, labels=digits.target)
"""


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def rate(function: Callable[[np.ndarray], object], pictures: np.ndarray) -> float:
    """Pictures a second, the best of five turns."""
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        function(pictures)
        seconds.append(time.perf_counter() - start)
    return len(pictures) / min(seconds)


def pasted(images: np.ndarray, side: int, generator: np.random.Generator) -> np.ndarray:
    """Digits (n, 28, 28) anywhere on canvases."""
    canvases = np.zeros((len(images), side, side))
    for canvas, image in zip(canvases, images, strict=True):
        top, left = generator.integers(0, side - 27, 2)
        canvas[top : top + 28, left : left + 28] = image
    return canvases


def stand_ins(images: np.ndarray, generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Canvases of digits as other pens, papers and scanners would give them."""
    count = len(images)
    large = np.repeat(np.repeat(images, 3, axis=1), 3, axis=2)
    thick = change_stroke_width(pasted(images, 56, generator), generator.uniform(0.5, 2, count))
    specks = pasted(images, 84, generator)
    for canvas in specks:
        for row, column in generator.integers(0, 82, (3, 2)):
            canvas[row : row + 2, column : column + 2] = 1
    noisy = pasted(images, 56, generator) + 0.08 * generator.standard_normal((count, 56, 56))
    low = images.reshape(count, 14, 2, 14, 2).mean(axis=(2, 4))
    postal = np.repeat(np.repeat(low, 2, axis=1), 2, axis=2)
    return {
        "as they are": images,
        "three times as large": large,
        "hard 28 × 28 pixels": (images > 0.4).astype(float),
        "thick pens": thick,
        "specks": specks,
        "noise": noisy.clip(0, 1),
        "low resolution": postal,
    }


def other_writers() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Canvases of scikit-learn's digits, enlarged in two ways, and their labels."""
    command = [str(python_peer("scikit_learn")), "-c", OTHER_WRITERS]
    answer = subprocess.run(command, check=True, capture_output=True).stdout
    with np.load(BytesIO(answer)) as archive:
        images, labels = archive["images"], archive["labels"]
    large = {}
    for title, method in (("smooth", Image.Resampling.BICUBIC), ("squares", Image.Resampling.BOX)):
        pictures = [Image.fromarray(image).resize((56, 56), method) for image in images]
        canvases = np.stack([np.asarray(picture) for picture in pictures]).clip(0, 1)
        large[f"13 other writers, {title}"] = np.pad(canvases, ((0, 0), (14, 14), (14, 14)))
    return large, labels


def main() -> None:
    """Print the speeds, then a line for every stand-in."""
    data = load_data_set("mnist")
    digits = to_float(data.validation.images)
    for name in ("affine", "light", "full"):
        augment = create_augmentation(name, np.random.default_rng(SEED))
        assert augment is not None
        say(f"augmentation {name:<8} {rate(augment, digits[:2000]):10,.0f} digits/s")
    squares = digits.reshape(-1, 28, 28)
    say(f"frame_digits (28 × 28)  {rate(frame_digits, squares[:500]):10,.0f} digits/s")
    generator = np.random.default_rng(SEED)
    labels = data.validation.labels[:COUNT]
    sets = {
        title: (frame_digits(canvases)[0], labels)
        for title, canvases in stand_ins(squares[:COUNT], generator).items()
    }
    written = np.arange(COUNT) % 10
    canvases = np.stack([write_digit(int(digit), generator) for digit in written])
    sets["a made-up hand"] = (frame_digits(canvases)[0], written)
    try:
        others, known = other_writers()
        sets |= {title: (frame_digits(canvases)[0], known) for title, canvases in others.items()}
    except ContestantError as error:
        say(f"13 other writers: {error}")
    nets = {name: load_pretrained(name) for name in PRETRAINED}
    say(f"\n{'read right, framed':<26}" + "".join(f"{name:>10}" for name in nets))
    for title, (framed, expected) in sets.items():
        shares = [
            (net.predict_log_proba(framed).argmax(axis=1) == expected).mean()
            for net in nets.values()
        ]
        say(f"{title:<26}" + "".join(f"{100 * share:8.2f} %" for share in shares))
    no_digits = to_float(draw_non_digits(900, np.random.default_rng(SEED), data.validation.images))
    for name, net in nets.items():
        given = net.predict_proba(digits)
        error = reliability_diagram(given, data.validation.labels).expected_calibration_error
        least = confidence_threshold(confidence(given))
        refused = (confidence(net.predict_proba(no_digits)) < least).mean()
        say(
            f"{name}: calibration error {error:.4f} on validation digits; refuses "
            f"{100 * refused:.1f} % of made-up non-digits where it keeps 99 % of those digits"
        )


if __name__ == "__main__":
    with threadpool_limits(1, user_api="blas"):
        main()
