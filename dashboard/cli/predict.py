"""`inkling predict`: prints a network's predictions for samples or for a drawing.

A drawing is preprocessed exactly as the drawing pad's is.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.cli.blas import one_thread
from dashboard.cli.data_arguments import add_data_arguments, open_named
from dashboard.cli.failure import CommandError
from dashboard.cli.settings import explain, read_flag
from dashboard.cli.weights_argument import add_weights_argument, open_network
from dashboard.training.settings import SettingError
from data_cache import DIGIT_NAMES, DataError, Samples, frame_digit, to_float
from data_cache.preprocessing import find_ink
from nn import Network

DESCRIPTION = """\
Predict the digit in samples of a data set or file, or in a drawing, with the probability of
each class.

A drawing is a picture of one digit (.png, .jpg, .jpeg; a photograph or a scan, dark on light or
light on dark), or a square array of values from 0 (background) to 1 (stroke), 28 x 28 or larger: an
.npy file (uint8 from 0 to 255), or a text file with a row per line,
numbers separated by blanks or commas."""

EXAMPLE = """\
examples:
  inkling predict --data-set digits --index 0 1 2
  inkling predict photograph.jpg
  inkling predict --weight-path my_weights.json drawing.npy"""

PICTURES = (".png", ".jpg", ".jpeg")


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of `inkling`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "predict",
        help="say which digit a net sees in samples or in a drawing",
        description=DESCRIPTION,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run, parser=parser)
    parser.add_argument("drawing", nargs="?", metavar="DRAWING", help="a drawing to read")
    add_weights_argument(parser)
    add_data_arguments(parser, required=False)
    parser.add_argument(
        "--index",
        nargs="+",
        metavar="N",
        help="which samples of the data, counted from 0 (default: the first)",
    )
    parser.add_argument("--binarize", metavar="THRESHOLD", help=explain("binarize"))


def run(arguments: argparse.Namespace) -> int:
    """Predict, and print several lines per sample."""
    text = arguments.binarize
    binarize = None if text is None else read_flag("--binarize", "binarize", text)
    has_data = arguments.data_path is not None or arguments.data_set is not None
    if has_data == (arguments.drawing is not None):
        raise SettingError("expected either a drawing, or samples by --data-path or --data-set.")
    net = open_network(arguments)
    with one_thread():
        if has_data:
            data = open_named(arguments)
            indices = read_indices(arguments.index or ["0"], data.samples)
            lines = _of_samples(net.network, data.samples, indices, data.class_names, binarize)
        else:
            image = read_drawing(Path(arguments.drawing), binarize)
            lines = _answer(net.network, image, arguments.drawing, DIGIT_NAMES)
        sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def read_indices(words: Sequence[str], samples: Samples) -> list[int]:
    """Return the indices of samples; raise SettingError if one is out of range."""
    for word in words:
        if not (word.isascii() and word.isdigit() and int(word[:12]) < len(samples)):
            raise SettingError(
                f"--index: expected integers from 0 to {len(samples) - 1:,}; found “{word[:24]}”."
            )
    return [int(word) for word in words]


def read_drawing(path: Path, binarize: int | None = None) -> NDArray[np.float32]:
    """Return the preprocessed drawing in a file.

    Returns
    -------
    (784,) float32 in [0, 1]

    Raises
    ------
    DataError
        If the file is not a drawing.
    CommandError
        If it is blank.
    """
    is_picture = path.suffix.lower() in PICTURES
    canvas = find_ink(read_picture(path)) if is_picture else _read_array(path)
    if canvas.dtype == np.uint8:
        canvas = canvas / 255
    try:
        framed = frame_digit(canvas)
    except ValueError as error:
        raise DataError(f"{path}: {error}") from error
    if framed is None:
        raise CommandError(f"{path}: expected a drawing, found a blank image.")
    if binarize is not None:
        framed = (framed * 255 > binarize).astype(np.float32)
    return framed


def read_picture(path: Path) -> NDArray[np.float64]:
    """Return a photograph as grey values (height, width); transparent pixels become white.

    Raises
    ------
    DataError
        If the file is not an image.
    """
    # Pillow is a dependency of Panel; it is needed only here.
    from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415

    try:
        with Image.open(path) as file:
            # Cameras store the orientation in EXIF instead of rotating the image.
            upright = ImageOps.exif_transpose(file).convert("RGBA")
            paper = Image.new("RGBA", upright.size, "white")
            return np.asarray(Image.alpha_composite(paper, upright).convert("L"), np.float64)
    except FileNotFoundError as error:
        raise DataError(f"{path}: expected a file, found none.") from error
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: expected an intact PNG or JPEG image ({error}).") from error


def _read_array(path: Path) -> NDArray[Any]:
    try:
        if path.suffix.lower() == ".npy":
            return np.asarray(np.load(path, allow_pickle=False))
        text = path.read_text(encoding="utf-8").replace(",", " ")
        rows = [
            [float(word) for word in line.split()] for line in text.splitlines() if line.strip()
        ]
        return np.array(rows, dtype=np.float64)
    except FileNotFoundError as error:
        raise DataError(f"{path}: expected a file, found none.") from error
    except (ValueError, EOFError) as error:
        raise DataError(
            f"{path}: expected a square array of numbers, as .npy or as text with a row per line "
            f"({error})."
        ) from error


def _of_samples(
    network: Network,
    samples: Samples,
    indices: Sequence[int],
    class_names: Sequence[str],
    binarize: int | None,
) -> Iterator[str]:
    for index in indices:
        image = to_float(samples.images[index : index + 1], binarize=binarize)[0]
        label = class_names[int(samples.labels[index])]
        yield from _answer(network, image, f"sample {index}, labelled {label}", class_names)


def _answer(
    network: Network, image: NDArray[np.float32], title: str, class_names: Sequence[str]
) -> Iterator[str]:
    probabilities = network.predict_proba(image[np.newaxis])[0]
    best = int(probabilities.argmax())
    yield f"{title}: {class_names[best]} ({100 * float(probabilities[best]):.1f} %)"
    width = max(len(name) for name in class_names)
    for name, probability in zip(class_names, probabilities.tolist(), strict=True):
        bar = "█" * round(40 * probability)
        yield f"  {name:<{width}} {100 * probability:6.2f} % {bar}".rstrip()
