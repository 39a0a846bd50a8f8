"""`inkling evaluate`: scores a net on samples it was not trained on.

It says how sure the numbers are, which classes are taken for which, whether the net's own
probabilities can be believed, what it refuses as no digit, and how much change it bears.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import Any

import numpy as np

from dashboard.cli.blas import one_thread
from dashboard.cli.data_arguments import NamedSamples, add_data_arguments, open_named
from dashboard.cli.report import (
    accuracy_sentence,
    as_json,
    calibration_lines,
    confusion_lines,
    examination_json,
    mistake_lines,
    rejection_lines,
    robustness_lines,
)
from dashboard.cli.settings import explain, read_flag
from dashboard.cli.weights_argument import NamedNetwork, add_weights_argument, open_network
from dashboard.evaluation.rejection import Rejection, measure_rejection
from dashboard.evaluation.report import Examination, examine
from dashboard.evaluation.robustness import RobustnessPoint, measure_robustness
from dashboard.training.settings import SettingError
from data_cache import DIGIT_NAMES, data_set_available, load_data_set
from data_cache.synthesis import draw_non_digits

DESCRIPTION = """\
Score a net: accuracy with its 95 % interval (Wilson), mean negative log-likelihood, the share
recognised of every class, the confusion matrix, the worst mistakes, and calibration (expected
calibration error in 15 bins). For digits also the share of non-digits that it refuses when it
keeps 99 % of the samples (made-up ones, and Fashion-MNIST if it is on this machine), and how
accuracy falls as digits are changed. Score it on samples that it did not learn from, or the
numbers say little."""

NON_DIGITS = 900
ROBUSTNESS_DIGITS = 300
SEED = 0


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of `inkling`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "evaluate",
        help="score a net: accuracy, confusion, calibration, rejection, robustness",
        description=DESCRIPTION.replace("%", "%%"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run, parser=parser)
    add_weights_argument(parser)
    add_data_arguments(parser, required=True)
    parser.add_argument("--binarize", metavar="THRESHOLD", help=explain("binarize"))
    parser.add_argument(
        "--robustness",
        metavar="DIGITS",
        default=str(ROBUSTNESS_DIGITS),
        help="how many digits are changed for the robustness curves; 0 leaves them out "
        "(default: %(default)s, a hundred take about 3 s)",
    )
    parser.add_argument("--json", action="store_true", help="print the numbers as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Score, and print what came of it."""
    text = arguments.binarize
    binarize = None if text is None else read_flag("--binarize", "binarize", text)
    digits = read_count(arguments.robustness)
    net = open_network(arguments)
    data = open_named(arguments)
    with one_thread():
        examination, rejections, points = asyncio.run(_measure(net, data, binarize, digits))
    evaluation = examination.evaluation
    if arguments.json:
        numbers = {
            "weights": net.title,
            "data": data.title,
            **as_json(evaluation),
            **examination_json(examination, rejections, points),
        }
        sys.stdout.write(f"{json.dumps(numbers, indent=2)}\n")
        return 0
    lines = [
        f"{net.title} on {data.title}: {accuracy_sentence(evaluation)}",
        *_warning(net, arguments),
        "",
        *confusion_lines(evaluation, data.class_names),
        "",
        *mistake_lines(examination, data.class_names),
        "",
        *calibration_lines(examination.reliability),
        *rejection_lines(rejections),
        *robustness_lines(points),
    ]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def read_count(text: str) -> int:
    """Read how many digits are to be changed; SettingError for what is no such number."""
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise SettingError(f"--robustness: takes a whole number from 0; found “{text[:24]}”.")
    return int(text)


async def _measure(
    net: NamedNetwork, data: NamedSamples, binarize: int | None, digits: int
) -> tuple[Examination, list[Rejection], list[RobustnessPoint]]:
    samples = data.samples
    examination = await examine(net.network, samples, binarize=binarize)
    # What is no digit, and how digits change when turned, is known of digits alone.
    if data.class_names != DIGIT_NAMES or binarize is not None:
        return examination, [], []
    made = draw_non_digits(NON_DIGITS, np.random.default_rng(SEED), samples.images)
    others = {"made-up non-digits": made}
    if data_set_available("fashion-mnist"):
        others["Fashion-MNIST, part test"] = load_data_set("fashion-mnist").test.images
    rejections = [
        await measure_rejection(net.network, examination.confidences, title, images)
        for title, images in others.items()
    ]
    if not digits:
        return examination, rejections, []
    points = [point async for point in measure_robustness(net.network, samples[:digits])]
    return examination, rejections, points


def _warning(net: NamedNetwork, arguments: argparse.Namespace) -> list[str]:
    if net.is_pretrained and arguments.data_set == "digits":
        return ["The pretrained model was trained on these digits, so this is not a test of it."]
    return []
