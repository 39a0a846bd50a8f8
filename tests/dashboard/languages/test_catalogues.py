"""The catalogues have every text of the page, and only those, in every language that is offered."""

from __future__ import annotations

import io
import re
import string
import sys
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "scripts"))

import languages as catalogues  # noqa: E402

from dashboard.digits.state import DigitsState  # noqa: E402
from dashboard.languages import words  # noqa: E402
from dashboard.languages.client import find_texts  # noqa: E402
from dashboard.languages.language import ENGLISH, LANGUAGES  # noqa: E402
from dashboard.plane.state import PlaneState  # noqa: E402
from dashboard.shell.fields import DISPLAY_NAMES, display_name  # noqa: E402
from data_cache import DATA_SETS, PLANE_SHAPES, STRENGTH_NAMES  # noqa: E402
from nn import ARCHITECTURES  # noqa: E402

OTHERS = [language.code for language in LANGUAGES if language is not ENGLISH]
SAME_EVERYWHERE = {
    "MLP",
    "XOR",
    "Fashion-MNIST",
    *DISPLAY_NAMES.values(),
    "Adam",
    "Adadelta",
    "Dense",
    "sgd",
}
"""Names that no language translates."""


@pytest.fixture(scope="module")
def texts() -> dict:
    return catalogues.gather_texts()


def forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def placeholders(text: str) -> set[tuple[str, ...]]:
    """Return the values of a text with their formats, and what argparse fills in."""
    parsed = [it[1:] for it in string.Formatter().parse(text) if it[1] is not None]
    return {*parsed, *((it,) for it in re.findall(r"%\(\w+\)\w|%%", text))}


def tags(text: str) -> list[str]:
    return sorted(re.findall(r"</?\w+[^>]*>", text))


@pytest.mark.parametrize("code", OTHERS)
def test_a_language_that_is_offered_translates_every_text_and_no_other(code, texts):
    catalogue = catalogues.read_catalogue(code)
    found = {(message.id, message.context) for message in catalogue if message.id}
    assert sorted(map(str, set(texts) - found)) == [], "run `make languages`, and translate these"
    assert sorted(map(str, found - set(texts))) == [], "run `make languages` to remove these"
    missing = [m.id for m in catalogue if m.id and not all(forms(m.string))]
    assert missing == []
    assert [message.id for message in catalogue if message.fuzzy and message.id] == []
    assert not catalogue.obsolete


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_has_the_values_and_the_elements_of_the_text(code):
    wrong = []
    for message in catalogues.read_catalogue(code):
        texts = forms(message.id)
        for translated in forms(message.string) if message.id else ():
            is_like = placeholders(translated) in map(placeholders, texts)
            if not is_like or tags(translated) != tags(texts[-1]):
                wrong.append((texts[-1], translated))
            # Attributes of the page's HTML are in plain quotes, and so is code in a text.
            if '"' not in texts[-1] and '"' in re.sub(r"<[^>]*>", "", translated):
                wrong.append((texts[-1], translated))
    assert wrong == []


WRONG_PUNCTUATION = {
    "de": r"”|\d%|[\d}] %",
    # No-break spaces, with which a line never begins with a colon.
    "fr": r"[^\S\xa0\u202f][:;!?»]|«[^\xa0]|[\d}] %|\w'\w|[\w)][:!?](\s|$)",
    "es": r"^[^¿]*\w\?$|^[^¡]*!$|\d%|[\d}] %",
    "zh-Hans": r"[\u4e00-\u9fff][,;:?!.]|[,;:?!][\u4e00-\u9fff]|[\u4e00-\u9fff]\w*[A-Za-z0-9]|\d %",
}
CODE = r"`[^`]*`|<[^>]*>|%\(\w+\)\w|https?:\S+|\?\w+=|=“[^”]*”"


@pytest.mark.parametrize("code", OTHERS)
def test_punctuation_and_spaces_are_those_of_the_language(code):
    wrong = [
        text
        for message in catalogues.read_catalogue(code)
        for text in (forms(message.string) if message.id else ())
        if re.search(WRONG_PUNCTUATION[code], re.sub(CODE, "", text), re.ASCII)
    ]
    assert wrong == []


@pytest.mark.parametrize("code", OTHERS)
def test_a_compiled_catalogue_is_that_of_its_source(code):
    compiled = (catalogues.CATALOGUES / f"{code}.mo").read_bytes()
    expected = catalogues.compile_catalogue(catalogues.read_catalogue(code))

    def entries(content: bytes) -> dict:
        return {
            (forms(message.id), message.context): message.string
            for message in read_mo(io.BytesIO(content))
        }

    assert entries(compiled) == entries(expected), "run `make languages`"


def test_words_that_are_defined_elsewhere_are_in_the_catalogues(texts):
    shown = {
        *(display_name(value) for name in ("activation", "initialization", "optimizer", "augment")
          for value in DigitsState.param[name].objects),
        *(display_name(value) for name in ("activation", "initialization", "optimizer")
          for value in PlaneState.param[name].objects),
        *(known.title for known in ARCHITECTURES.values()),
        *(data_set.title for data_set in DATA_SETS.values()),
        *(shape.title for shape in PLANE_SHAPES.values()),
        *STRENGTH_NAMES,
    }  # fmt: skip
    assert sorted(shown - {text.id for text in texts} - SAME_EVERYWHERE) == []
    listed = {*words.ARCHITECTURE_TITLES, *words.DATA_SET_TITLES, *words.SHAPE_TITLES}
    assert listed <= shown


def test_texts_of_scripts_are_found_as_one_literal():
    script = 'say(gettext("Paused: {name}", { name }))\nsay(is_on ? gettext("On \\"1\\"") : "off")'
    assert find_texts(script) == ["Paused: {name}", 'On "1"']


def test_no_script_has_a_text_that_cannot_be_found():
    for path in (ROOT / "dashboard").rglob("*.js"):
        script = path.read_text(encoding="utf-8")
        calls = re.findall(r"(?<![.\w])gettext\((?!text)", script)
        literal = re.findall(r'(?<![.\w])gettext\(\s*"', script)
        assert len(calls) == len(literal), path
