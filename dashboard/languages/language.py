"""The languages that the page is offered in, and the choice of one of them.

A language is in the table below only when its catalogue is complete; a test compares them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """A language.

    Attributes
    ----------
    code
        In the attribute `lang` and in addresses, as BCP 47 has it; the name of its catalogue.
    name
        In the language itself.
    direction
        Of the writing, as the attribute `dir` has it.
    decimal, group
        What stands before the decimals of a number, and between thousands.
    percent
        What follows the number of a percentage.
    """

    code: str
    name: str
    direction: str = "ltr"
    decimal: str = "."
    group: str = ","
    percent: str = " %"

    @property
    def primary(self) -> str:
        """The language without script or region, by which it is chosen."""
        return _primary(self.code)


_NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"
_SPACE = "\N{NO-BREAK SPACE}"

ENGLISH = Language("en", "English")
"""The language of the texts in the source."""

LANGUAGES: tuple[Language, ...] = (
    ENGLISH,
    Language("de", "Deutsch", decimal=",", group=".", percent=f"{_SPACE}%"),
    Language("fr", "Français", decimal=",", group=_NARROW_SPACE, percent=f"{_NARROW_SPACE}%"),
    Language("es", "Español", decimal=",", group=_NARROW_SPACE, percent=f"{_SPACE}%"),
    Language("zh-Hans", "简体中文", percent="%"),
)
"""The languages that are offered."""


def find_language(code: str, offered: Iterable[Language] = LANGUAGES) -> Language | None:
    """Return the offered language of a code such as `de`, `de-AT` or `zh-CN`; None: none is."""
    primary = _primary(code)
    return next((language for language in offered if language.primary == primary), None)


def choose_language(codes: Iterable[str], offered: Iterable[Language] = LANGUAGES) -> Language:
    """Return the first of the wanted languages that is offered, else English.

    Parameters
    ----------
    codes
        The wanted languages, the best one first; empty and unknown ones are passed over.
    offered
        The languages to choose from.
    """
    offered = tuple(offered)
    found = (find_language(code, offered) for code in codes)
    return next((language for language in found if language is not None), ENGLISH)


def accepted_codes(header: str) -> list[str]:
    """Return the codes of a header `Accept-Language`, the best one first; faults are left out.

    References
    ----------
    RFC 9110, section 12.5.4.
    """
    weights: dict[str, float] = {}
    for entry in header[:1000].split(","):
        code, _, parameter = entry.strip().partition(";")
        name, _, value = parameter.replace(" ", "").partition("=")
        try:
            weight = float(value) if name == "q" else 1.0
        except ValueError:
            continue
        if code.strip() and 0 < weight <= 1:
            weights.setdefault(code.strip(), weight)
    return sorted(weights, key=lambda code: -weights[code])


def terminal_codes(environment: Mapping[str, str]) -> list[str]:
    """Return the codes that the environment of a terminal names, the best one first.

    References
    ----------
    GNU gettext manual, “Locale Environment Variables”: the first variable that is set counts.
    """
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((environment[name] for name in names if environment.get(name)), "")
    if _primary(locale) in ("c", "posix", ""):
        return []
    return [code for code in [*environment.get("LANGUAGE", "").split(":"), locale] if code]


def _primary(code: str) -> str:
    return code.strip().replace("_", "-").partition(".")[0].partition("-")[0].lower()
