"""The files of the site for languages other than English: the page's texts, and Python's.

The page is built in English. Its first script loads a table of the texts that stand in it and in
its scripts; the worker loads the catalogue. A page in English loads neither.
"""

import json
from collections.abc import Iterable
from importlib.resources import files

from dashboard.languages.catalogue import catalogue_file
from dashboard.languages.client import find_texts, page_texts
from dashboard.languages.language import ENGLISH, LANGUAGES, Language
from dashboard.languages.text import translate, use_language
from dashboard.shell import read_asset
from dashboard.shell.page import about_html

OTHERS = tuple(language for language in LANGUAGES if language is not ENGLISH)
TABLE_FILES = {language.code: f"languages/{language.code}.json" for language in OTHERS}
"""The tables of texts, by the codes of the languages."""
CATALOGUE_FILES = {language.code: f"languages/{language.code}.mo" for language in OTHERS}
"""The catalogues, by the codes of the languages."""
FIRST_SCRIPTS = ("status.js", "download.js", "head.js")
"""Those that stand in the page itself; their texts do, too, in every language."""
SCRIPTS = (
    *(*FIRST_SCRIPTS, "page.js", "worker.js", "service-worker.js"),
    "../upstream/site_build/message_loop.js",
)
# Modules whose texts stand in the page as it is built: the titles of panes and of their panels.
MODULES = ("session.py", "inspection/digits_panels.py", "shell/tabs.py")


def language_files() -> dict[str, bytes]:
    """Return the tables and the catalogues, by their paths in the site."""
    contents = {}
    for language in OTHERS:
        contents[TABLE_FILES[language.code]] = page_table(language)
        contents[CATALOGUE_FILES[language.code]] = catalogue_file(language.code).read_bytes()
    return contents


def page_table(language: Language) -> bytes:
    """Return the JSON of what the first script of the page translates."""
    package = files("dashboard")
    sources = [read_asset("page.html")]
    sources += [(package / name).read_text(encoding="utf-8") for name in MODULES]
    texts = {text for source in sources for text in find_texts(source)}
    texts |= {*_script_texts(SCRIPTS), *page_texts()}
    with use_language(language):
        about = about_html()
    table = {
        "direction": language.direction,
        "texts": {text: translate(language, text) for text in sorted(texts)},
        "about": about,
    }
    return json.dumps(table, ensure_ascii=False).encode()


def first_texts(language: Language) -> dict[str, str]:
    """Return the texts of the first script, which may tell that no others come."""
    return {text: translate(language, text) for text in _script_texts(FIRST_SCRIPTS)}


def _script_texts(names: Iterable[str]) -> list[str]:
    folder = files("dashboard") / "site"
    scripts = [(folder / name).read_text(encoding="utf-8") for name in names]
    return sorted({text for script in scripts for text in find_texts(script)})
