"""Numbers and percentages as the current language writes them.

Fields, files, addresses and `data-*` attributes have numbers as Python writes them.
"""

from __future__ import annotations

from numbers import Number
from string import Formatter
from typing import Any

from dashboard.languages.language import Language
from dashboard.languages.text import current_language


def format_number(value: float, spec: str = ",", language: Language | None = None) -> str:
    """Return a number as text.

    Parameters
    ----------
    value
    spec
        As in Python's `format`; its commas and points become those of the language.
    language
        The current one by default.
    """
    language = language or current_language()
    text = format(value, spec)
    if (language.decimal, language.group) == (".", ","):
        return text
    return text.translate({ord("."): language.decimal, ord(","): language.group})


def format_percent(share: float, decimals: int = 1, language: Language | None = None) -> str:
    """Return a share in [0, 1] as a percentage with so many decimals."""
    language = language or current_language()
    return format_number(100 * share, f".{decimals}f", language) + language.percent


class NumberFormatter(Formatter):
    """Fills in texts such as “{count:,} samples”, with numbers as a language writes them."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return a value as text; a number without a format spec stays as Python writes it."""
        if format_spec and isinstance(value, Number):
            return format_number(value, format_spec, self._language)  # type: ignore[arg-type]
        text: str = super().format_field(value, format_spec)
        return text
