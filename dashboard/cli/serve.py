"""`inkling serve`: runs Panel's server with the app and the HTTP API.

Panel is imported when the command runs, after the number of BLAS threads has been set.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
from pathlib import Path
from typing import Any

from dashboard.api.settings import settings_from_environment
from dashboard.cli.failure import CommandError
from dashboard.training.settings import SettingError

APP = Path(__file__).parents[1] / "app.py"
API = "dashboard.api.plugin"
DEFAULT_PORT = 5006


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of `inkling`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "serve",
        help="serve the app to browsers",
        description="Serve the app to browsers until Ctrl-C. Each visitor gets a network of "
        "their own; no internet is needed. The HTTP API under /api serves samples, blocks and the "
        "server's own weights to programs; INKLING_TOKEN sets the token that changes need.",
    )
    parser.set_defaults(run=run, parser=parser)
    parser.add_argument(
        "--port", metavar="PORT", default=str(DEFAULT_PORT), help="(default: %(default)s)"
    )
    parser.add_argument(
        "--address",
        metavar="ADDRESS",
        help="the network address to listen on, for example 127.0.0.1 (default: all)",
    )
    parser.add_argument(
        "--allow-websocket-origin",
        metavar="HOST[:PORT]",
        action="append",
        default=[],
        help="another host name under which browsers reach this server; may be repeated "
        "(localhost is always allowed)",
    )
    parser.add_argument(
        "--show",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="open the page in a browser on this machine",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    port = read_port(arguments.port)
    settings_from_environment()  # the plugin reads them again; here an error is one line
    check_free(arguments.address, port)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from panel.command.serve import Serve  # noqa: PLC0415 - takes a second to import

    parser = argparse.ArgumentParser(prog="inkling serve")
    command = Serve(parser=parser)
    sys.stderr.write(f"Inkling is at http://localhost:{port} (Ctrl-C ends it)\n")
    command.invoke(parser.parse_args(panel_arguments(arguments, port)))
    return 0


def read_port(text: str) -> int:
    """Return a port number; raise SettingError if it is invalid."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= 65535):
        raise SettingError(f"--port: expected an integer from 1 to 65,535, found “{text[:24]}”.")
    return int(text)


def check_free(address: str | None, port: int) -> None:
    """Raise CommandError if the address and port cannot be bound."""
    kind = socket.AF_INET6 if address and ":" in address else socket.AF_INET
    with socket.socket(kind, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address or "", port))
        except OSError as error:
            raise CommandError(
                f"cannot listen on port {port}{f' of {address}' if address else ''} "
                f"({error.strerror or error}); choose another with --port or --address."
            ) from error


def panel_arguments(arguments: argparse.Namespace, port: int) -> list[str]:
    """Return the arguments of Panel's own `serve` command."""
    words = [str(APP), "--index", APP.stem, "--port", str(port), "--plugins", API]
    if arguments.address:
        words += ["--address", arguments.address]
    for name in ("localhost", "127.0.0.1"):
        words += ["--allow-websocket-origin", f"{name}:{port}"]
    if arguments.address and arguments.address not in ("localhost", "127.0.0.1", "0.0.0.0", "::"):
        words += ["--allow-websocket-origin", f"{arguments.address}:{port}"]
    for origin in arguments.allow_websocket_origin:
        words += ["--allow-websocket-origin", origin]
    return [*words, "--show"] if arguments.show else words
