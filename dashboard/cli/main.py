"""The entry point of `inkling`: parses the command line and runs one command.

Errors become one line on stderr. Slow imports are inside the commands, so that help is immediate.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import sys
from collections.abc import Sequence

from dashboard.cli import (
    check,
    compare,
    convert,
    data,
    evaluate,
    predict,
    report,
    runs,
    serve,
    site,
    sweep,
    train,
)
from dashboard.cli.errors import INTERRUPTED, CommandError, describe
from dashboard.cli.parser import Parser
from dashboard.cli.terminal import discard_output, flush_streams, prepare_streams
from dashboard.languages.language import choose_language, terminal_codes
from dashboard.languages.text import gettext, gettext_noop, use_language
from dashboard.languages.words import translate_errors
from dashboard.training.settings import SettingError

COMMANDS = (
    *(serve, site, train, sweep, runs, compare),
    *(evaluate, report, predict, check, convert, data),
)

DESCRIPTION = gettext_noop("""\
A neural-net laboratory on NumPy: train and evaluate a digit recogniser, serve the app.

  inkling serve                            serve the app to browsers
  inkling train                            train on the 5,000 bundled digits
  inkling data fetch mnist                 fetch the full MNIST
  inkling train --data-set mnist           train on it
  inkling evaluate --weight-path inkling-weights.npz
  inkling predict photograph.jpg           say what digit a picture shows""")

EPILOG = gettext_noop("""\
Each command has its own help: inkling train --help.
Exit codes: 0 done, 1 the job failed, 2 a wrong argument, 130 interrupted by Ctrl-C.""")

WRONG_ARGUMENT = 2


def make_parser() -> Parser:
    """Return the parser of all commands."""
    parser = Parser(prog="inkling", description=gettext(DESCRIPTION), epilog=gettext(EPILOG))
    version = importlib.metadata.version("inkling")
    parser.add_argument(
        "--version",
        action="version",
        version=f"inkling {version}",
        help=gettext("show the version and exit"),
    )
    subparsers = parser.add_subparsers(title=gettext("commands"), metavar=gettext("COMMAND"))
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
        Exit code: 0 done, 1 failed, 2 an invalid value, 130 interrupted by Ctrl-C. Without a
        command, the help is printed.

    Raises
    ------
    SystemExit
        With code 2 for unknown or missing arguments, as argparse does.
    """
    prepare_streams()
    translate_errors()
    with use_language(choose_language(terminal_codes(os.environ))):
        return _run(argv)


def _run(argv: Sequence[str] | None) -> int:
    """Run one command, in the language of the terminal; see `main`."""
    parser = make_parser()
    try:
        arguments = _parse(parser, argv)
        parser = getattr(arguments, "parser", parser)
        code = int(arguments.run(arguments))
        # Flush here, where errors are still caught.
        flush_streams()
        return code
    except SettingError as error:
        sys.stderr.write(parser.error_line(str(error)))
        return WRONG_ARGUMENT
    except KeyboardInterrupt:
        sentence = gettext("{command}: interrupted by Ctrl-C.", command=parser.prog)
        sys.stderr.write(f"\n{sentence}\n")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader closed the pipe; nothing may be written to it, not even at exit.
        discard_output()
        return 1
    except CommandError as error:
        return _fail(parser, str(error))
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        if isinstance(error, OSError) and error.filename is None:
            discard_output()  # it may be full
        return _fail(parser, describe(error))


def _parse(parser: Parser, argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the arguments; without a command, the one that prints the help."""

    def print_help(_arguments: argparse.Namespace) -> int:
        parser.print_help()
        return 0

    parser.set_defaults(run=print_help)
    try:
        return parser.parse_args(argv)
    except SystemExit:
        flush_streams()  # the help
        raise


def _fail(parser: Parser, sentence: str) -> int:
    sys.stderr.write(f"{parser.prog}: {sentence}\n")
    return 1
