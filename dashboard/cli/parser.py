"""The argument parser of `inkling`: help for terminals of 80 columns, and suggestions."""

from __future__ import annotations

import argparse
import difflib
import re
import shutil
import textwrap
from typing import Any, NoReturn

COLUMNS = 80
_UNKNOWN = re.compile(r"unrecognized arguments: (--[\w-]+)")
_CHOICE = re.compile(r"invalid choice: '([^']*)' \(choose from (.*)\)")


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Wraps everything at 80 columns at most, except indented lines, such as examples."""

    def __init__(self, prog: str, **options: Any) -> None:
        columns = min(COLUMNS, shutil.get_terminal_size().columns)
        super().__init__(prog, **{"width": columns - 2, "max_help_position": 26, **options})

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        paragraphs = text.split("\n\n")
        return "\n\n".join(
            paragraph
            if any(line.startswith(" ") for line in paragraph.split("\n"))
            else textwrap.fill(paragraph, width, initial_indent=indent, subsequent_indent=indent)
            for paragraph in paragraphs
        )


class Parser(argparse.ArgumentParser):
    """A parser whose errors suggest the flag or command that was probably meant."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "formatter_class": HelpFormatter})

    def error(self, message: str) -> NoReturn:
        """Exit with 2 and a sentence on stderr."""
        hint = ""
        if match := _UNKNOWN.search(message):
            hint = _suggestion(match[1], self._all_options())
        elif match := _CHOICE.search(message):
            hint = _suggestion(match[1], re.findall(r"[\w-]+", match[2]))
        super().error(message + hint)

    def _all_options(self) -> list[str]:
        """Return the flags of this parser and of those of its commands."""
        options: list[str] = []
        for action in self._actions:  # argparse has no public list of actions
            options += action.option_strings
            if isinstance(action, argparse._SubParsersAction):
                for parser in action.choices.values():
                    options += parser._all_options()
        return options


def _suggestion(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, sorted(set(known)), n=1)
    return f"; did you mean {close[0]}?" if close else ""
