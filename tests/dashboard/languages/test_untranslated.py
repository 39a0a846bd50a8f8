"""Sentences in Python that no call of `gettext` has, so that no catalogue gets them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
AREAS = (
    *("data_cache/readers", "data_cache/sources", "data_cache/preprocessing"),
    *("data_cache/points/csv.py", "data_cache/download.py", "data_cache/datasets.py"),
    *("nn/serialization", "nn/layer_spec.py", "nn/architectures.py", "nn/choices.py"),
    *("dashboard/autosave", "dashboard/cli", "dashboard/digits", "dashboard/evaluation"),
    *("dashboard/plane/views", "dashboard/report", "dashboard/sharing", "dashboard/teaching"),
    *("dashboard/shell", "dashboard/weights_file.py", "dashboard/training/settings.py"),
    *(
        "dashboard/lessons",
        "dashboard/site",
        "dashboard/visitors.py",
        "dashboard/sample_warnings.py",
    ),
    *("dashboard/inspection", "dashboard/api/settings.py", "dashboard/session.py"),
)
FUNCTIONS = ("gettext", "gettext_noop", "ngettext", "pgettext")
SENTENCE = re.compile(r"[A-Za-z]{2,}[,;:]? [a-z]{2,}[,;:]? [a-z{]")
"""Three words in a row, or two and a value."""

NOT_FOR_PEOPLE = {
    "an error that names a class or a parameter, for programmers": r"^[A-Za-z_.]+: expected ",
    "a statement of SQL": r"^\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|PRAGMA) ",
    "a style sheet or a script": r"[:;] [\w-]+;|=> |=\{|\{ \w|const |\w\(\)|linear-gradient",
    "code that is written to a file": r'^\s*(from|import|def|""")',
}
EXCEPTIONS = {
    "a contradiction inside a file that Inkling wrote itself": (
        *("dashboard/autosave/digits.py", "dashboard/autosave/own_digits.py"),
        *("dashboard/autosave/plane.py", "dashboard/autosave/runs.py"),
        *("dashboard/sharing/point_text.py", "dashboard/teaching/own_digits.py"),
    ),
    "a message from the page's scripts that they never send": (
        *("dashboard/digits/picture.py", "dashboard/digits/views/pad.py"),
        "dashboard/shell/components/client_component.py",
    ),
    "for programmers": ("dashboard/training/settings.py",),
    "for the log": ("dashboard/shell/tabs.py", "dashboard/shell/redraw_scheduler.py"),
    "translated where it is shown, from the catalogue's other texts": (
        *("dashboard/cli/evaluation_text.py", "nn/architectures.py"),
    ),
    "stored with the run, in English": ("dashboard/cli/train_job.py",),
    "said before any script has run, which knows the language": ("dashboard/site/page.py",),
    "comments in the settings of a server": ("dashboard/site/headers.py",),
    "caught, and told in other words": (
        "dashboard/lessons/query.py",
        *("data_cache/readers/png_bands.py", "data_cache/sources/fetch.py"),
        *("nn/serialization/torch_layout.py", "dashboard/shell/lesson_drawer.py"),
    ),
    "the code and its comments in a file for NumPy": ("nn/serialization/numpy_code.py",),
}
"""Files that have such texts, and why they are not translated."""


def texts_without_gettext(source: str, has_docs: bool) -> Iterator[str]:
    """Yield the texts outside calls of gettext, docstrings and assertions.

    `has_docs` tells whether the docs of parameters are shown, as those of settings are.
    """
    tree = ast.parse(source)
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in FUNCTIONS:
            skipped.update(map(id, node.args))
        if isinstance(node, ast.keyword) and node.arg == "doc" and not has_docs:
            skipped.add(id(node.value))
        if isinstance(node, ast.Expr | ast.Assert):
            skipped.add(id(node.value if isinstance(node, ast.Expr) else node.msg))
        if isinstance(node, ast.JoinedStr):
            skipped.update(map(id, node.values))
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def sentences_of(source: str, has_docs: bool = False) -> list[str]:
    return [
        text
        for text in texts_without_gettext(source, has_docs)
        if SENTENCE.search(re.sub(r"<[^>]*>", " ", text))
        and not any(re.search(pattern, text) for pattern in NOT_FOR_PEOPLE.values())
    ]


def test_a_sentence_outside_gettext_is_found():
    source = """
"The docstring of a module."
raise ValueError(f"{name}: the file was not found")
raise ValueError(gettext("The file was not found, as is told."))
value = param.Number(doc="What a parameter means here.")
"""
    assert sentences_of(source) == ["{}: the file was not found"]


@pytest.mark.parametrize("area", AREAS)
def test_what_a_person_reads_is_translated(area):
    known = {file for files in EXCEPTIONS.values() for file in files}
    path = ROOT / area
    found = {}
    for file in [path] if path.suffix else sorted(path.rglob("*.py")):
        name = file.relative_to(ROOT).as_posix()
        source = file.read_text(encoding="utf-8")
        sentences = sentences_of(source, has_docs=file.name == "settings.py")
        assert sentences or name not in known, f"{name} needs no exception any more"
        if name not in known and sentences:
            found[name] = sentences
    assert found == {}
