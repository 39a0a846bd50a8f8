"""Runs the command line in the process of a test."""

from __future__ import annotations

from dashboard.cli import main


def outcome_of(arguments: str, capsys) -> tuple[int, str, str]:
    """Return the exit code, the standard output and the standard error of `inkling ARGUMENTS`."""
    try:
        code = main(arguments.split())
    except SystemExit as end:
        code = int(end.code or 0)
    return code, *capsys.readouterr()
