"""The entry point of `inkling`: parses the command line and runs one command.

Errors become one line on stderr. Slow imports are inside the commands, so that help is immediate.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import sys
from collections.abc import Sequence

from dashboard.cli import convert, data, evaluate, predict, serve, site, train
from dashboard.cli.errors import INTERRUPTED, CommandError, describe
from dashboard.training.settings import SettingError

COMMANDS = (serve, site, train, evaluate, predict, convert, data)

DESCRIPTION = """\
A neural-net laboratory on NumPy: train and evaluate a digit recogniser, serve the app.

  inkling serve                            serve the app to browsers
  inkling train                            train on the 5,000 bundled digits
  inkling data fetch mnist                 fetch the full MNIST
  inkling train --data-set mnist           train on it
  inkling evaluate --data-set mnist --weight-path inkling-weights.npz"""

EPILOG = """\
Each command has its own help: inkling train --help.
Exit codes: 0 done, 1 the job failed, 2 a wrong argument, 130 interrupted by Ctrl-C."""

WRONG_ARGUMENT = 2


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
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
    """Run one command.

    Parameters
    ----------
    argv
        The arguments after the program name; None: those of the process.

    Returns
    -------
    int
        Exit code: 0 done, 1 failed, 2 an invalid value, 130 interrupted by Ctrl-C.

    Raises
    ------
    SystemExit
        With code 2 for unknown or missing arguments, as argparse does.
    """
    arguments = make_parser().parse_args(argv)
    parser: argparse.ArgumentParser = arguments.parser
    try:
        code = int(arguments.run(arguments))
        # Flush here, where BrokenPipeError is still caught.
        sys.stdout.flush()
        return code
    except SettingError as error:
        sys.stderr.write(f"{parser.prog}: error: {error}\n")
        return WRONG_ARGUMENT
    except KeyboardInterrupt:
        sys.stderr.write(f"\n{parser.prog}: interrupted by Ctrl-C.\n")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader closed the pipe; nothing may be written to it, not even at exit.
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
