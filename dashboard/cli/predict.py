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

from dashboard.blas import limit_blas_threads
from dashboard.cli.arguments import (
    NamedNetwork,
    NamedSamples,
    add_data_arguments,
    add_weights_argument,
    explain,
    open_named,
    open_network,
    read_flag,
    read_integer,
)
from dashboard.cli.drawings import PICTURE_CONFIDENCE, Drawing, read_drawing
from dashboard.training.settings import SettingError
from data_cache import DIGIT_NAMES, to_float
from nn import Network
from nn.calibration import confidence

DESCRIPTION = """\
Predict the digit in samples of a data set or file, or in a drawing, with the
probability of each class. Samples without labels are all answered, one line each.

A drawing is a picture of one digit, or of several beside each other (PNG, JPEG,
WebP, GIF, BMP, TIFF; a photograph or a scan, dark on light or light on dark), or a
square array of values from 0 (background) to 1 (stroke), 28 x 28 or larger: an
.npy file (as uint8 from 0 to 255), or a text file with a row per line and values
separated by blanks or commas."""

EXAMPLE = """\
examples:
  inkling predict --index 0 1 2                samples of the bundled digits
  inkling predict photograph.jpg
  inkling predict --data-path test.csv --csv > answers.csv
  inkling predict --weight-path my_weights.json drawing.npy"""

DEFAULT_DATA_SET = "digits"
_CHUNK = 1000


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of `inkling`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "predict",
        help="predict the digit in samples or in a drawing",
        description=DESCRIPTION,
        epilog=EXAMPLE,
    )
    parser.set_defaults(run=run, parser=parser)
    parser.add_argument("drawing", nargs="?", metavar="DRAWING", help="a file with a drawing")
    add_weights_argument(parser)
    add_data_arguments(parser, required=False)
    parser.add_argument(
        "--index",
        nargs="+",
        metavar="N",
        help="which samples of the data, counted from 0 (default: the first; of samples without "
        f"labels, all); without other data, of the data set {DEFAULT_DATA_SET}",
    )
    parser.add_argument(
        "--csv",
        action="store_true",
        help="print the answers alone as CSV: ImageId (from 1) and Label of every sample, or of "
        "those of --index",
    )
    parser.add_argument("--binarize", metavar="THRESHOLD", help=explain("binarize"))


def run(arguments: argparse.Namespace) -> int:
    """Predict, and print several lines per sample."""
    text = arguments.binarize
    binarize = None if text is None else read_flag("--binarize", "binarize", text)
    has_data = arguments.data_path is not None or arguments.data_set is not None
    if not has_data and arguments.drawing is None and (arguments.index or arguments.csv):
        arguments.data_set, has_data = DEFAULT_DATA_SET, True
    if has_data == (arguments.drawing is not None):
        raise SettingError("expected either a drawing, or samples by --data-path or --data-set.")
    net = open_network(arguments)
    with limit_blas_threads():
        if has_data:
            lines = _data_lines(net, open_named(arguments, labelled=False), arguments, binarize)
        else:
            drawing = read_drawing(Path(arguments.drawing), binarize)
            lines = _drawing_lines(net, drawing, arguments.drawing)
        for line in lines:
            sys.stdout.write(f"{line}\n")
    return 0


def _data_lines(
    net: NamedNetwork, data: NamedSamples, arguments: argparse.Namespace, binarize: int | None
) -> Iterator[str]:
    count = len(data.samples)
    indices = [read_integer("--index", word, 0, count - 1) for word in arguments.index or ()]
    is_short = arguments.csv or not data.is_labelled
    if not indices:
        indices = list(range(count)) if is_short else [0]
    if not is_short:
        return _sample_lines(net.network, data, indices, binarize)
    return _answer_lines(net.network, data, indices, binarize, is_csv=arguments.csv)


def _answer_lines(
    network: Network,
    data: NamedSamples,
    indices: Sequence[int],
    binarize: int | None,
    *,
    is_csv: bool,
) -> Iterator[str]:
    """Yield a line for each sample."""
    if is_csv:
        yield "ImageId,Label"
    for start in range(0, len(indices), _CHUNK):
        part = indices[start : start + _CHUNK]
        images = to_float(data.samples.images[np.array(part)], binarize=binarize)
        probabilities = network.predict_proba(images)
        for index, row in zip(part, probabilities, strict=True):
            best = int(row.argmax())
            name = data.class_names[best]
            answer = f"sample {index}: {name} ({100 * float(row[best]):.1f} %)"
            yield f"{index + 1},{best}" if is_csv else answer


def _sample_lines(
    network: Network, data: NamedSamples, indices: Sequence[int], binarize: int | None
) -> Iterator[str]:
    for index in indices:
        image = to_float(data.samples.images[index : index + 1], binarize=binarize)[0]
        label = data.class_names[int(data.samples.labels[index])]
        yield from _prediction_lines(
            network, image, f"sample {index}, labelled {label}", data.class_names
        )


def _drawing_lines(net: NamedNetwork, drawing: Drawing, title: str) -> Iterator[str]:
    """Yield the digits of a drawing; several with a line for all of them first."""
    threshold = net.confidence_threshold
    if threshold is not None and drawing.is_picture:
        threshold = max(threshold, PICTURE_CONFIDENCE)
    if len(drawing.digits) > 1:
        images = np.stack([one.image for one in drawing.digits])
        answer = "".join(
            DIGIT_NAMES[best] for best in net.network.predict_proba(images).argmax(axis=1).tolist()
        )
        yield f"{title}: {answer}, {len(drawing.digits)} digits"
    for place, one in enumerate(drawing.digits, 1):
        name = title if len(drawing.digits) == 1 else f"digit {place}"
        yield from _prediction_lines(
            net.network, one.image, name, DIGIT_NAMES, threshold=threshold, doubt=one.doubt
        )


def _prediction_lines(
    network: Network,
    image: NDArray[np.float32],
    title: str,
    class_names: Sequence[str],
    *,
    threshold: float | None = None,
    doubt: str = "",
) -> Iterator[str]:
    probabilities = network.predict_proba(image[np.newaxis])
    best = int(probabilities[0].argmax())
    is_sure = threshold is None or float(confidence(probabilities)[0]) >= threshold
    answer = f"{class_names[best]} ({100 * float(probabilities[0, best]):.1f} %)"
    if doubt:
        answer = f"not sure, since {doubt}; perhaps {answer}"
    elif not is_sure:
        answer = f"not sure, perhaps {answer}"
    yield f"{title}: {answer}"
    width = max(len(name) for name in class_names)
    for name, probability in zip(class_names, probabilities[0].tolist(), strict=True):
        bar = "█" * round(40 * probability)
        yield f"  {name:<{width}} {100 * probability:6.2f} % {bar}".rstrip()
