"""The texts of the page's scripts, which are translated in the browser by `gettext` of `texts.js`.

Each script has its texts in English; the page brings a table of their translations along.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files

from dashboard.languages.language import ENGLISH, Language
from dashboard.languages.text import translate

CALL = re.compile(r'\bgettext(?:_noop)?\(\s*("(?:[^"\\]|\\.)*")')
"""A call in a script or a template, whose text is one literal in double quotes."""

FOLDERS = ("assets", "components")


def find_texts(script: str) -> list[str]:
    """Return the texts that a script translates, without repetitions."""
    return list(dict.fromkeys(json.loads(literal) for literal in CALL.findall(script)))


@cache
def page_texts() -> tuple[str, ...]:
    """Return the texts of all scripts in `dashboard/shell`."""
    shell = files("dashboard.shell")
    scripts = [
        script.read_text(encoding="utf-8")
        for folder in FOLDERS
        for script in (shell / folder).iterdir()
        if script.name.endswith(".js")
    ]
    return tuple(sorted({text for script in scripts for text in find_texts(script)}))


@cache
def client_table(language: Language) -> str:
    """Return the translations of the scripts' texts, as JSON inside a script; "" for English."""
    if language is ENGLISH:
        return ""
    table = {text: translate(language, text) for text in page_texts()}
    return json.dumps(table, ensure_ascii=False).replace("<", "\\u003c")
