"""Gathers the texts of the source in the catalogues of all languages, and compiles them.

A text that is new has no translation yet, and one that is gone is left out; `make languages` runs
this, and a test fails while a catalogue of an offered language is not complete.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from dashboard.languages.client import find_texts
from dashboard.languages.language import ENGLISH, LANGUAGES
from dashboard.lessons.lesson import change_texts
from dashboard.lessons.library import LESSONS, load_lesson

ROOT = Path(__file__).parents[1]
CATALOGUES = ROOT / "dashboard" / "languages" / "catalogues"
FOLDERS = ("dashboard", "data_cache", "nn")
FUNCTIONS = {"gettext": 1, "gettext_noop": 1, "ngettext": 2, "pgettext": 2}
"""How many of the first arguments of these functions are texts, or a context and a text."""
DATE = datetime(2026, 11, 27, tzinfo=UTC)
"""In the header of all catalogues, so that equal texts give equal files."""


class Text(NamedTuple):
    """A text, or two forms by number, and its context."""

    id: str | tuple[str, str]
    context: str | None = None


def gather_texts() -> dict[Text, list[str]]:
    """Return all texts, each with the files that it stands in."""
    found: dict[Text, list[str]] = {}
    paths = (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*")))
    for path in paths:
        texts: list[Text] = []
        if path.suffix == ".py":
            texts = list(texts_of_module(path.read_text(encoding="utf-8")))
        elif path.suffix in (".js", ".html"):
            texts = [Text(text) for text in find_texts(path.read_text(encoding="utf-8"))]
        elif path.suffix == ".toml" and path.stem in LESSONS:
            texts = [Text(text) for text in texts_of_lesson(path.stem)]
        for text in texts:
            files = found.setdefault(text, [])
            name = path.relative_to(ROOT).as_posix()
            if name not in files:
                files.append(name)
    return found


def texts_of_module(source: str) -> Iterator[Text]:
    """Yield the texts of a Python module; a variable is a text that is marked elsewhere."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            values = [
                argument.value
                for argument in node.args[: FUNCTIONS.get(node.func.id, 0)]
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
            ]
            if len(values) == 1:
                yield Text(values[0])
            elif values and node.func.id == "pgettext":
                yield Text(values[1], values[0])
            elif values:
                yield Text((values[0], values[1]))


def texts_of_lesson(name: str) -> list[str]:
    """Return the texts of a lesson of the package."""
    texts: list[str] = []

    def note(text: str) -> str:
        texts.append(text)
        return text

    change_texts(load_lesson(name), note)
    return list(dict.fromkeys(texts))


def read_catalogue(code: str) -> Catalog:
    """Return the catalogue of a language as it is in its file; empty without one."""
    path = CATALOGUES / f"{code}.po"
    if not path.exists():
        return Catalog(locale=code.replace("-", "_"))
    with path.open("rb") as file:
        return read_po(file, locale=code.replace("-", "_"))


def update_catalogue(code: str, texts: dict[Text, list[str]]) -> Catalog:
    """Return the catalogue of a language with exactly these texts, and their translations."""
    before = read_catalogue(code)
    updated = Catalog(
        locale=code.replace("-", "_"),
        project="Inkling",
        fuzzy=False,
        creation_date=DATE,
        revision_date=DATE,
        last_translator="",
        language_team="",
        header_comment="# Texts of Inkling; `make languages` brings new ones here.",
    )
    for text, files in texts.items():
        known = before.get(text.id, text.context)
        updated.add(
            text.id,
            known.string if known is not None else None,
            locations=[(name, None) for name in files],
            flags={"fuzzy"} if known is not None and known.fuzzy else set(),
            context=text.context,
        )
    return updated


def compile_catalogue(catalogue: Catalog) -> bytes:
    """Return a catalogue as the bytes of a file `.mo`."""
    content = io.BytesIO()
    write_mo(content, catalogue)
    return content.getvalue()


def main() -> None:
    """Bring the files of all languages up to date."""
    texts = gather_texts()
    for language in LANGUAGES:
        if language is ENGLISH:
            continue
        catalogue = update_catalogue(language.code, texts)
        with (CATALOGUES / f"{language.code}.po").open("wb") as file:
            write_po(file, catalogue, width=100, include_lineno=False)
        (CATALOGUES / f"{language.code}.mo").write_bytes(compile_catalogue(catalogue))
        missing = sum(not message.string for message in catalogue if message.id)
        print(f"{language.code}: {len(texts)} texts, {missing} without a translation")  # noqa: T201


if __name__ == "__main__":
    main()
