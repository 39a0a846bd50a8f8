"""The argument parser of `inkling`: help for terminals of 80 columns, and suggestions."""

from __future__ import annotations

import argparse
import difflib
import re
import shutil
import sys
import textwrap
from typing import Any, NoReturn
from unicodedata import east_asian_width

from dashboard.languages.text import gettext, gettext_noop

COLUMNS = 80
_BREAKABLE = re.compile(r"[\u2e80-\uffef] ?|[^\s\u2e80-\uffef]+ ?| ")
"""What a line of a terminal holds as a whole: a Chinese character, or a word."""
_NOT_FIRST = "，。；：！？）”、"
_UNKNOWN = re.compile(r"unrecognized arguments: (--[\w-]+)")
_CHOICE = re.compile(r"invalid choice: '([^']*)' \(choose from (.*)\)")
_ERRORS = (
    gettext_noop("argument {argument}: expected one argument"),
    gettext_noop("argument {argument}: expected at least one argument"),
    gettext_noop("argument {argument}: invalid choice: {value} (choose from {choices})"),
    gettext_noop("argument {argument}: not allowed with argument {other}"),
    gettext_noop("argument {argument}: ignored explicit argument {value}"),
    gettext_noop("ambiguous option: {argument} could match {choices}"),
    gettext_noop("one of the arguments {arguments} is required"),
    gettext_noop("the following arguments are required: {arguments}"),
    gettext_noop("unrecognized arguments: {arguments}"),
)
"""The errors of argparse, which it does not tell in parts."""


def wrap(text: str, width: int) -> list[str]:
    """Return a text as lines of so many columns; a Chinese character takes two."""
    if text.isascii():
        return textwrap.wrap(text, width)
    lines, columns = [""], 0
    for part in _BREAKABLE.findall(" ".join(text.split())):
        needed = sum(1 + (east_asian_width(it) in "WF") for it in part.rstrip())
        if lines[-1] and columns + needed > width and part not in _NOT_FIRST:
            lines.append("")
            columns = 0
        lines[-1] += part
        columns += needed + len(part) - len(part.rstrip())
    return [line.strip() for line in lines]


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Wraps everything at 80 columns at most, except indented lines, such as examples."""

    def __init__(self, prog: str, **options: Any) -> None:
        columns = min(COLUMNS, shutil.get_terminal_size().columns)
        super().__init__(prog, **{"width": columns - 2, "max_help_position": 26, **options})

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        """Add the usage, behind the word for it in the language."""
        prefix = gettext("usage: ") if prefix is None else prefix
        super().add_usage(usage, actions, groups, prefix)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrap(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        paragraphs = text.split("\n\n")
        return "\n\n".join(
            paragraph
            if any(line.startswith(" ") for line in paragraph.split("\n"))
            else "\n".join(indent + line for line in wrap(paragraph, width - len(indent)))
            for paragraph in paragraphs
        )


class Parser(argparse.ArgumentParser):
    """A parser whose errors suggest the flag or command that was probably meant.

    argparse has its own texts from the catalogue of the process, which has none; here they are
    translated as all others.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "formatter_class": HelpFormatter, "add_help": False})
        self._positionals.title = gettext("positional arguments")
        self._optionals.title = gettext("options")
        self.add_argument(
            *("-h", "--help"), action="help", help=gettext("show this help message and exit")
        )

    def error(self, message: str) -> NoReturn:
        """Exit with 2 and a sentence on stderr."""
        hint = ""
        if match := _UNKNOWN.search(message):
            hint = _suggestion(match[1], self._all_options())
        elif match := _CHOICE.search(message):
            hint = _suggestion(match[1], re.findall(r"[\w-]+", match[2]))
        self.print_usage(sys.stderr)
        self.exit(2, self.error_line(_translated(message) + hint))

    def error_line(self, message: str) -> str:
        """Return the line that tells an error of this command."""
        return gettext("{command}: error: {message}", command=self.prog, message=message) + "\n"

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
    return gettext("; did you mean {close}?", close=close[0]) if close else ""


def _translated(message: str) -> str:
    """Return an error of argparse in the current language."""
    for template in _ERRORS:
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.*)", re.escape(template))
        if match := re.fullmatch(pattern, message, re.DOTALL):
            return gettext(template, **match.groupdict())
    return message
