"""Parses the command line, runs one command, and turns whatever goes wrong into one line.

Commands import what they need when they run, so that help and errors come at once.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import sys
from collections.abc import Sequence

from dashboard.cli import data, evaluate, predict, serve, site, train
from dashboard.cli.failure import INTERRUPTED, CommandError, describe
from dashboard.training.settings import SettingError

COMMANDS = (serve, site, train, evaluate, predict, data)

DESCRIPTION = """\
A neural-net laboratory on NumPy: train a digit recogniser, watch it learn, draw a digit.

  inkling serve                            open the laboratory in the browser
  inkling train                            train on the 5,000 digits that come along
  inkling data fetch mnist                 fetch the full MNIST
  inkling train --data-set mnist           train on it
  inkling evaluate --data-set mnist --weight-path inkling-weights.npz"""

EPILOG = """\
Each command has its own help: inkling train --help.
Exit codes: 0 done, 1 the job failed, 2 a wrong argument, 130 stopped by Ctrl-C."""

WRONG_ARGUMENT = 2


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="inkling",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    version = importlib.metadata.version("inkling")
    parser.add_argument("--version", action="version", version=f"inkling {version}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that the arguments ask for.

    Parameters
    ----------
    argv
        The arguments after the name of the program; None: those of the process.

    Returns
    -------
    The exit code: 0 done, 1 failed, 2 a wrong value, 130 stopped by Ctrl-C. Unknown or missing
    arguments raise SystemExit(2), as argparse does.
    """
    arguments = make_parser().parse_args(argv)
    parser: argparse.ArgumentParser = arguments.parser
    try:
        code = int(arguments.run(arguments))
        # Here, where an output that nobody reads any more is still caught.
        sys.stdout.flush()
        return code
    except SettingError as error:
        sys.stderr.write(f"{parser.prog}: error: {error}\n")
        return WRONG_ARGUMENT
    except KeyboardInterrupt:
        sys.stderr.write(f"\n{parser.prog}: stopped by Ctrl-C.\n")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has had enough; nothing more may be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except CommandError as error:
        return _fail(parser, str(error))
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        return _fail(parser, describe(error))


def _fail(parser: argparse.ArgumentParser, sentence: str) -> int:
    sys.stderr.write(f"{parser.prog}: {sentence}\n")
    return 1
