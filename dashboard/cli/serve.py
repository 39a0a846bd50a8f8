"""`inkling serve`: runs Panel's server with the app and the HTTP API.

Panel is imported when the command runs, after the number of BLAS threads has been set.
"""

from __future__ import annotations

import argparse
import os
import secrets
import socket
import sys
from collections.abc import MutableMapping
from contextvars import Context
from pathlib import Path
from typing import Any

from dashboard.api.access import LOCAL_NAMES, host_name
from dashboard.api.settings import ApiSettings, settings_from_environment
from dashboard.cli.arguments import read_integer
from dashboard.cli.errors import CommandError
from dashboard.languages.text import gettext

APP = Path(__file__).parents[1] / "app.py"
API = "dashboard.api.plugin"
DEFAULT_PORT = 5006
EVERYWHERE = ("0.0.0.0", "::")
"""Addresses to listen on that mean all networks of the machine."""


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of `inkling`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "serve",
        help=gettext("serve the app to browsers"),
        description=gettext(
            "Serve the app to browsers until Ctrl-C. Each visitor gets a network of their "
            "own; no internet is needed. The HTTP API under /api serves samples, blocks "
            "and the server's own weights to programs; INKLING_TOKEN sets the token that "
            "changes need."
        ),
    )
    parser.set_defaults(run=run, parser=parser)
    parser.add_argument(
        "--port", metavar="PORT", default=str(DEFAULT_PORT), help=gettext("(default: %(default)s)")
    )
    parser.add_argument(
        "--host",
        "--address",
        metavar="ADDRESS",
        default="localhost",
        help=gettext(
            "the address to listen on: localhost serves this machine only, 0.0.0.0 the "
            "network (default: %(default)s)"
        ),
    )
    parser.add_argument(
        "--allow-origin",
        "--allow-websocket-origin",
        metavar="NAME",
        action="append",
        default=[],
        help=gettext(
            "a host name under which browsers reach this server, for example box.example; "
            "may be repeated (localhost and IP addresses are always allowed)"
        ),
    )
    parser.add_argument(
        "--open-api",
        action="store_true",
        help=gettext(
            "let anybody change the server's weights; without it, changes need the token "
            "in INKLING_TOKEN"
        ),
    )
    parser.add_argument(
        "--prefix",
        metavar="PATH",
        default="",
        help=gettext("the path under which a proxy passes requests on, for example lab"),
    )
    parser.add_argument(
        "--use-xheaders",
        action="store_true",
        help=gettext(
            "take the visitor's address from X-Real-Ip and X-Forwarded-For; only behind a "
            "proxy that sets them"
        ),
    )
    parser.add_argument(
        "--num-procs", metavar="N", default="1", help=gettext("processes (default: %(default)s)")
    )
    parser.add_argument(
        "--unused-session-lifetime",
        metavar="SECONDS",
        default="15",
        help=gettext(
            "how long the session of a visitor whose connection is cut is kept (default: "
            "%(default)s)"
        ),
    )
    parser.add_argument(
        "--log-format",
        choices=("text", "json"),
        default="text",
        help=gettext("write the log as text, or as one JSON object a line (default: %(default)s)"),
    )
    parser.add_argument(
        "--show",
        action=argparse.BooleanOptionalAction,
        default=False,
        help=gettext("open the page in a browser on this machine"),
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    port = read_integer("--port", arguments.port, 1, 65_535)
    words = panel_arguments(arguments, port)
    apply_access(arguments, os.environ)
    settings = settings_from_environment()  # the plugin reads them again; here an error is one line
    check_free(arguments.host, port)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from panel.command.serve import Serve  # noqa: PLC0415 - takes a second to import

    parser = argparse.ArgumentParser(prog="inkling serve")
    command = Serve(parser=parser)
    sys.stderr.write("".join(f"{line}\n" for line in address_lines(arguments, port, settings)))
    # Visitors do not have the language of this terminal.
    Context().run(command.invoke, parser.parse_args(words))
    return 0


def apply_access(arguments: argparse.Namespace, environment: MutableMapping[str, str]) -> None:
    """Put the access that the flags give into the environment, where the app reads it.

    A server that other machines reach gets a token of its own if the operator has set none.
    """
    if arguments.allow_origin:
        names = [host_name(name) for name in arguments.allow_origin]
        environment["INKLING_API_HOSTS"] = " ".join(
            [environment.get("INKLING_API_HOSTS", ""), *names]
        )
    if arguments.log_format != "text":
        environment["INKLING_LOG_FORMAT"] = arguments.log_format
    if arguments.open_api:
        environment["INKLING_API_OPEN"] = "yes"
    is_public = arguments.host not in LOCAL_NAMES
    if is_public and not arguments.open_api and not environment.get("INKLING_TOKEN"):
        environment["INKLING_TOKEN"] = secrets.token_urlsafe(12)


def address_lines(arguments: argparse.Namespace, port: int, settings: ApiSettings) -> list[str]:
    """Return where the app can be opened, from which machines, and who may change the weights."""
    path = f"{port}/{arguments.prefix.strip('/')}".rstrip("/")
    lines = [
        gettext("Inkling is at http://localhost:{path} on this machine (Ctrl-C ends it)", path=path)
    ]
    if arguments.host not in LOCAL_NAMES:
        names = [*settings.hosts]
        names += own_addresses() if arguments.host in EVERYWHERE else [arguments.host]
        lines += [
            gettext(
                "  and at http://{host}:{path} in the network",
                host=_bracketed(name),
                path=path,
            )
            for name in names
        ]
    if settings.is_open:
        lines.append(gettext("Anybody may change the server's weights (--open-api)."))
    elif settings.token is None:
        lines.append(
            gettext("Nobody may change the server's weights; INKLING_TOKEN would allow it.")
        )
    else:
        lines.append(
            gettext("Changing the server's weights needs the token {token}", token=settings.token)
        )
    return lines


def own_addresses() -> list[str]:
    """Return the IPv4 addresses of this machine in the network; none if there is no network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: the system only chooses the address that it would send from.
            probe.connect(("192.0.2.1", 9))
            return [str(probe.getsockname()[0])]
        except OSError:
            return []


def check_free(host: str, port: int) -> None:
    """Raise CommandError if the address and port cannot be bound."""
    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(kind, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                gettext(
                    "cannot listen on port {port} of {host} ({strerror}); choose another "
                    "with --port or --host.",
                    port=port,
                    host=host,
                    strerror=error.strerror or error,
                )
            ) from error


def panel_arguments(arguments: argparse.Namespace, port: int) -> list[str]:
    """Return the arguments of Panel's own `serve` command."""
    processes = read_integer("--num-procs", arguments.num_procs, 1, 64)
    lifetime = read_integer(
        "--unused-session-lifetime", arguments.unused_session_lifetime, 1, 7 * 86_400
    )
    words = [str(APP), "--index", APP.stem, "--port", str(port), "--plugins", API]
    words += ["--address", arguments.host, "--num-procs", str(processes)]
    words += ["--unused-session-lifetime", str(1000 * lifetime)]
    # The app has rules of its own for hosts and origins, and says on the page what is refused;
    # Bokeh would refuse the connection without a word.
    words += ["--allow-websocket-origin", "*"]
    if arguments.prefix:
        words += ["--prefix", arguments.prefix.strip("/")]
    if arguments.use_xheaders:
        words.append("--use-xheaders")
    return [*words, "--show"] if arguments.show else words


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
