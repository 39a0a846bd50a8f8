"""The catalogues of translated texts, each loaded when it is first needed.

They are compiled from the files `*.po` beside them by `make languages`.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gettext import NullTranslations
    from importlib.resources.abc import Traversable


@cache
def load_catalogue(code: str) -> NullTranslations:
    """Return the catalogue of a language; FileNotFoundError if there is none."""
    from gettext import GNUTranslations  # noqa: PLC0415 - a page in English needs none

    with catalogue_file(code).open("rb") as file:
        return GNUTranslations(file)


def catalogue_file(code: str, suffix: str = ".mo") -> Traversable:
    """Return the file of a catalogue: compiled, or with the suffix `.po` its source."""
    return files("dashboard.languages") / "catalogues" / f"{code}{suffix}"
