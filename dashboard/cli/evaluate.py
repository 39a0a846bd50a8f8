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
from dashboard.cli.evaluation_text import (
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
from dashboard.languages.language import ENGLISH
from dashboard.languages.text import gettext, gettext_noop, use_language
from dashboard.training.settings import SettingError
from data_cache import DIGIT_NAMES, Samples, data_set_available, load_data_set
from data_cache.synthesis import draw_non_digits

DESCRIPTION = gettext_noop("""\
Evaluate a network: accuracy with its 95 % interval (Wilson), mean negative
log-likelihood, recall of every class, the confusion matrix, the most confident
mistakes, and calibration (expected calibration error in 15 bins). For digits also
the share of non-digits that is rejected at 99 % true-positive rate (synthetic
ones, and Fashion-MNIST if it is on this machine), and the accuracy on shifted,
rotated, scaled, thickened and noisy digits. Use samples that the network was not
trained on: on its training samples accuracy is too high.

Without data, the test part of the full MNIST is used if it is on this machine,
else that of the bundled digits.""")

NON_DIGITS = 900
ROBUSTNESS_DIGITS = 300
MAX_DIGITS = 1_000_000
SEED = 0


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of `inkling`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "evaluate",
        help=gettext("evaluate a network: accuracy, confusion, calibration, rejection, robustness"),
        description=gettext(DESCRIPTION),
    )
    parser.set_defaults(run=run, parser=parser)
    parser.add_argument(
        "file", nargs="?", metavar="FILE", help=gettext("labelled samples, as with --data-path")
    )
    add_weights_argument(parser)
    add_data_arguments(parser, required=False)
    parser.add_argument("--binarize", metavar="THRESHOLD", help=explain("binarize"))
    parser.add_argument(
        "--robustness",
        metavar="DIGITS",
        default=str(ROBUSTNESS_DIGITS),
        help=gettext(
            "number of digits for the robustness curves; 0 leaves the curves out "
            "(default: %(default)s, a hundred take about 3 s)"
        ),
    )
    parser.add_argument(
        "--json", action="store_true", help=gettext("print the report as one JSON object")
    )


def run(arguments: argparse.Namespace) -> int:
    """Evaluate, and print the report."""
    if arguments.json:  # its texts are for programs
        with use_language(ENGLISH):
            return _run(arguments)
    return _run(arguments)


def _run(arguments: argparse.Namespace) -> int:
    text = arguments.binarize
    binarize = None if text is None else read_flag("--binarize", "binarize", text)
    digits = read_integer("--robustness", arguments.robustness, 0, MAX_DIGITS)
    if arguments.file is not None:
        if arguments.data_path is not None or arguments.data_set is not None:
            raise SettingError(gettext("expected either a file, or --data-path or --data-set."))
        arguments.data_path = arguments.file
    if arguments.data_path is None and arguments.data_set is None:
        arguments.data_set = "mnist" if data_set_available("mnist") else "digits"
    net = open_network(arguments)
    data = open_named(arguments)
    with limit_blas_threads():
        asyncio.run(_evaluate(net, data, arguments, binarize, digits))
    return 0


async def _evaluate(
    net: NamedNetwork,
    data: NamedSamples,
    arguments: argparse.Namespace,
    binarize: int | None,
    digits: int,
) -> None:
    """Measure, and print every part of the report when it is known, or all of it as JSON."""
    write = _ignore if arguments.json else _write
    report = await evaluate_network(net.network, data.samples, binarize=binarize)
    write(
        [
            gettext(
                "{model} on {data}: {scores}",
                model=net.title,
                data=data.title,
                scores=accuracy_sentence(report.metrics),
            ),
            *_warning(net, arguments),
            "",
            *confusion_lines(report.metrics, data.class_names),
            "",
            *mistake_lines(report, data.class_names),
            "",
            *calibration_lines(report.reliability),
        ]
    )
    rejections: list[Rejection] = []
    points: list[RobustnessPoint] = []
    # Non-digits and the transformations are defined for images of digits in shades of gray.
    if data.class_names == DIGIT_NAMES and binarize is None:
        rejections = await _measure_rejections(net, data.samples, report)
        write(rejection_lines(rejections))
        if digits:
            async for point in measure_robustness(net.network, data.samples[:digits]):
                points.append(point)
                # The first line has the heading with it.
                write(robustness_lines([point])[0 if len(points) == 1 else -1 :])
    if arguments.json:
        numbers = {
            "weights": net.title,
            "data": data.title,
            **report_json(report, rejections, points),
        }
        _write([json.dumps(numbers, indent=2)])


async def _measure_rejections(
    net: NamedNetwork, samples: Samples, report: EvaluationReport
) -> list[Rejection]:
    """Return the shares of non-digits that are rejected."""
    synthetic = draw_non_digits(NON_DIGITS, np.random.default_rng(SEED), samples.images)
    others = {gettext("synthetic non-digits"): synthetic}
    if data_set_available("fashion-mnist"):
        others[gettext("Fashion-MNIST, part test")] = load_data_set("fashion-mnist").test.images
    return [
        await measure_rejection(net.network, report.confidences, title, images)
        for title, images in others.items()
    ]


def _write(lines: list[str]) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _ignore(_lines: list[str]) -> None:
    """Print nothing."""


def _warning(net: NamedNetwork, arguments: argparse.Namespace) -> list[str]:
    if net.is_pretrained and arguments.data_set == "digits":
        return [
            gettext(
                "The pretrained model was trained on these digits, so this is not a test of it."
            )
        ]
    return []
