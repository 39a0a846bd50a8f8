"""`inkling check`: repeats the runs of results that were handed in, and says which hold."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path
from typing import Any

from dashboard.cli.errors import CommandError
from dashboard.training.settings import SettingError

DESCRIPTION = """\
Repeat the run of every result that was handed in for a task, and say which results
hold: the text is undamaged and belongs to the task, the fixed settings were kept, the
repeated run has the scores and the weights that the text says, and the goal is met.

Where Inkling computes with the same backend and the same arithmetic as where the
result was made, everything must be equal to the bit. Elsewhere, as for results from
a browser, numbers are compared within a tolerance, and the verdict says so."""

EXAMPLE = """\
examples:
  inkling check --task task.toml handed-in/*.txt

Exit code: 0 if all hold, 1 if some do not."""


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of `inkling`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "check",
        help="check results that were handed in for a task",
        description=DESCRIPTION,
        epilog=EXAMPLE,
    )
    parser.set_defaults(run=run, parser=parser)
    parser.add_argument("files", metavar="FILE", nargs="+", help="a text that was handed in")
    parser.add_argument("--task", metavar="FILE", required=True, help="the task, a TOML file")


def run(arguments: argparse.Namespace) -> int:
    """Check."""
    from dashboard.lessons.lesson import LessonError  # noqa: PLC0415 - slow
    from dashboard.lessons.task import read_task  # noqa: PLC0415

    try:
        task = read_task(_read(arguments.task), arguments.task)
    except LessonError as error:
        raise SettingError(f"--task: {error}") from error
    refused = 0
    for name in arguments.files:
        verdict = _check(name, task)
        refused += not verdict.startswith("holds")
        sys.stdout.write(f"{name}: {verdict}\n")
        sys.stdout.flush()
    total = len(arguments.files)
    sys.stdout.write(f"{total - refused} of {total} hold, {refused} refused.\n")
    return 1 if refused else 0


def _read(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandError(f"{name}: expected a text in UTF-8, found other bytes.") from error


def _check(name: str, task: Any) -> str:
    """Return the verdict on a file in a line."""
    from dashboard.lessons.lesson import LessonError  # noqa: PLC0415 - slow
    from dashboard.lessons.measures import MEASURES  # noqa: PLC0415
    from dashboard.lessons.replay import check_result, describe_tolerance  # noqa: PLC0415
    from dashboard.lessons.result import read_result  # noqa: PLC0415
    from data_cache import load_digits  # noqa: PLC0415

    try:
        result = read_result(_read(name), name)
    except (LessonError, CommandError) as error:
        return f"refused: {str(error).removeprefix(f'{name}: ')}"
    verdict = asyncio.run(check_result(result, task, load_digits(), time.perf_counter))
    if not verdict.holds:
        return f"refused: {' '.join(verdict.faults)}"
    scores = ", ".join(
        f"{MEASURES[key].title()} {MEASURES[key].format(value)}"
        for key, value in verdict.scores.items()
    )
    how = (
        "to the bit"
        if verdict.is_exact
        else f"made with other arithmetic ({result.backend}), so not to the bit: "
        f"{describe_tolerance()}"
    )
    return f"holds, {how}: {scores}"
