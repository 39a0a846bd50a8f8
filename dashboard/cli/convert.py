"""`inkling convert`: writes the weights of one file in the format of another program."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from dashboard.cli.arguments import open_network
from dashboard.cli.output_files import check_output
from dashboard.languages.text import gettext, gettext_noop
from dashboard.training.settings import SettingError
from nn import PRETRAINED, save_weights
from nn.serialization import LAYOUTS, SUFFIXES

DESCRIPTION = gettext_noop("""\
Convert weights: read them from a file of Inkling, PyTorch or Keras, and write them
for another program. The end of the name of DESTINATION decides:

  .npz          exact, for Inkling
  .json         lists of numbers, in one of two layouts; dense layers alone
  .safetensors  for PyTorch; the metadata have the code of the module
  .onnx         for ONNX Runtime and others; pixels in [0, 1] to probabilities
  .py           a Python file that needs NumPy alone; weights in a .npz beside
  .zip          the same two files in an archive

SOURCE is a file, or a pretrained model by name: {names}.""")

EXAMPLE = gettext_noop("""\
examples:
  inkling convert best best.onnx
  inkling convert model.safetensors weights.npz""")


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of `inkling`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "convert",
        help=gettext("convert weights to the format of another program"),
        description=gettext(DESCRIPTION, names=", ".join(PRETRAINED)),
        epilog=gettext(EXAMPLE),
    )
    parser.set_defaults(run=run, parser=parser)
    parser.add_argument("weight_path", metavar="SOURCE", help=gettext("the weights to read"))
    parser.add_argument("destination", metavar="DESTINATION", help=gettext("the file to write"))
    parser.add_argument(
        "--layout",
        choices=LAYOUTS,
        default=LAYOUTS[0],
        help=gettext(
            "the layout of JSON: flat lists (s4), or nested lists without biases (s0) or "
            "with them (s0-biases) (default: %(default)s)"
        ),
    )
    parser.add_argument(
        "--half",
        action="store_true",
        help=gettext("write a .npz with float16 values, half the size"),
    )


def run(arguments: argparse.Namespace) -> int:
    """Convert."""
    destination = Path(arguments.destination)
    if destination.suffix.lower() not in SUFFIXES:
        raise SettingError(
            gettext(
                "DESTINATION: a weights file ends in {names}; found “{destination}”.",
                names=", ".join(SUFFIXES),
                destination=arguments.destination[:80],
            )
        )
    written = [destination]
    if destination.suffix.lower() == ".py":
        written.append(destination.with_suffix(".npz"))
    for path in written:
        check_output("DESTINATION", path, inputs=[arguments.weight_path])
    net = open_network(arguments)
    save_weights(net.network, destination, arguments.layout, half=arguments.half)
    names = gettext(" and ").join(map(str, written))
    sys.stdout.write(gettext("{title} is in {names}", title=net.network.title, names=names) + "\n")
    return 0
