"""`inkling evaluate`: scores a net on samples it was not trained on.

It says how sure the number is, and which classes are taken for which.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import Any

from ..trainer import evaluate
from .blas import one_thread
from .data_arguments import add_data_arguments, open_named
from .report import accuracy_sentence, as_json, confusion_lines
from .settings import explain, read_flag
from .weights_argument import NamedNetwork, add_weights_argument, open_network

DESCRIPTION = """\
Score a net: accuracy with its 95 % interval (Wilson), mean negative log-likelihood, the share
recognised of every class, and the confusion matrix. Score it on samples that it did not learn
from, or the numbers say little."""


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of `inkling`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "evaluate",
        help="score a net: accuracy, loss, confusion matrix",
        description=DESCRIPTION.replace("%", "%%"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run, parser=parser)
    add_weights_argument(parser)
    add_data_arguments(parser, required=True)
    parser.add_argument("--binarize", metavar="THRESHOLD", help=explain("binarize"))
    parser.add_argument("--json", action="store_true", help="print the numbers as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Score, and print what came of it."""
    text = arguments.binarize
    binarize = None if text is None else read_flag("--binarize", "binarize", text)
    net = open_network(arguments)
    data = open_named(arguments)
    with one_thread():
        evaluation = asyncio.run(evaluate(net.network, data.samples, binarize=binarize))
    if arguments.json:
        numbers = {"weights": net.title, "data": data.title, **as_json(evaluation)}
        sys.stdout.write(f"{json.dumps(numbers, indent=2)}\n")
        return 0
    lines = [
        f"{net.title} on {data.title}: {accuracy_sentence(evaluation)}",
        *_warning(net, arguments),
        "",
        *confusion_lines(evaluation, data.class_names),
    ]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _warning(net: NamedNetwork, arguments: argparse.Namespace) -> list[str]:
    if net.is_ready_trained and arguments.data_set == "digits":
        return ["The ready-trained net learnt from these digits, so this is no test of it."]
    return []
