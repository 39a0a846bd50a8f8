"""`inkling evaluate`: evaluates a network on samples that it was not trained on.

The report has accuracy with its interval, the confusion matrix, calibration, the rejection of
non-digits, and the robustness to transformed digits.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import Any

import numpy as np

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
from dashboard.cli.report import (
    accuracy_sentence,
    calibration_lines,
    confusion_lines,
    mistake_lines,
    rejection_lines,
    report_json,
    robustness_lines,
)
from dashboard.evaluation.rejection import Rejection, measure_rejection
from dashboard.evaluation.report import EvaluationReport, evaluate_network
from dashboard.evaluation.robustness import RobustnessPoint, measure_robustness
from data_cache import DIGIT_NAMES, data_set_available, load_data_set
from data_cache.synthesis import draw_non_digits

DESCRIPTION = """\
Evaluate a network: accuracy with its 95 % interval (Wilson), mean negative log-likelihood, recall
of every class, the confusion matrix, the most confident mistakes, and calibration (expected
calibration error in 15 bins). For digits also the share of non-digits that is rejected at 99 %
true-positive rate (synthetic ones, and Fashion-MNIST if it is on this machine), and the accuracy
on shifted, rotated, scaled, thickened and noisy digits. Use samples that the network was not
trained on: on its training samples accuracy is too high."""

NON_DIGITS = 900
ROBUSTNESS_DIGITS = 300
MAX_DIGITS = 1_000_000
SEED = 0


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of `inkling`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "evaluate",
        help="evaluate a network: accuracy, confusion, calibration, rejection, robustness",
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
        help="number of digits for the robustness curves; 0 leaves the curves out "
        "(default: %(default)s, a hundred take about 3 s)",
    )
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Evaluate, and print the report."""
    text = arguments.binarize
    binarize = None if text is None else read_flag("--binarize", "binarize", text)
    digits = read_integer("--robustness", arguments.robustness, 0, MAX_DIGITS)
    net = open_network(arguments)
    data = open_named(arguments)
    with limit_blas_threads():
        report, rejections, points = asyncio.run(_measure(net, data, binarize, digits))
    if arguments.json:
        numbers = {
            "weights": net.title,
            "data": data.title,
            **report_json(report, rejections, points),
        }
        sys.stdout.write(f"{json.dumps(numbers, indent=2)}\n")
        return 0
    lines = [
        f"{net.title} on {data.title}: {accuracy_sentence(report.metrics)}",
        *_warning(net, arguments),
        "",
        *confusion_lines(report.metrics, data.class_names),
        "",
        *mistake_lines(report, data.class_names),
        "",
        *calibration_lines(report.reliability),
        *rejection_lines(rejections),
        *robustness_lines(points),
    ]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


async def _measure(
    net: NamedNetwork, data: NamedSamples, binarize: int | None, digits: int
) -> tuple[EvaluationReport, list[Rejection], list[RobustnessPoint]]:
    samples = data.samples
    report = await evaluate_network(net.network, samples, binarize=binarize)
    # Non-digits and the transformations are defined for images of digits in shades of gray.
    if data.class_names != DIGIT_NAMES or binarize is not None:
        return report, [], []
    synthetic = draw_non_digits(NON_DIGITS, np.random.default_rng(SEED), samples.images)
    others = {"synthetic non-digits": synthetic}
    if data_set_available("fashion-mnist"):
        others["Fashion-MNIST, part test"] = load_data_set("fashion-mnist").test.images
    rejections = [
        await measure_rejection(net.network, report.confidences, title, images)
        for title, images in others.items()
    ]
    if not digits:
        return report, rejections, []
    points = [point async for point in measure_robustness(net.network, samples[:digits])]
    return report, rejections, points


def _warning(net: NamedNetwork, arguments: argparse.Namespace) -> list[str]:
    if net.is_pretrained and arguments.data_set == "digits":
        return ["The pretrained model was trained on these digits, so this is not a test of it."]
    return []
