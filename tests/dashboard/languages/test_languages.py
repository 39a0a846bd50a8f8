"""Which language a visitor gets, wherever the code of a session runs, and its numbers."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from bokeh.document import Document
from bokeh.models import Spacer
from cache_helpers import run
from panel.io.state import set_curdoc

from dashboard.languages.client import client_table, page_texts
from dashboard.languages.language import (
    ENGLISH,
    LANGUAGES,
    accepted_codes,
    choose_language,
    find_language,
    terminal_codes,
)
from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import (
    current_language,
    gettext,
    in_current_language,
    ngettext,
    pgettext,
    set_language,
    use_language,
)
from dashboard.site.languages import page_table
from dashboard.training.background_tasks import BackgroundTasks

GERMAN, FRENCH, SPANISH, CHINESE = (find_language(code) for code in ("de", "fr", "es", "zh"))


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([], "en"),
        ([""], "en"),
        (["de"], "de"),
        (["DE-at"], "de"),
        (["tlh", "fr_CA"], "fr"),
        (["zh-CN"], "zh-Hans"),
        (["zh"], "zh-Hans"),
        (["en-GB", "de"], "en"),
        (["xx", "<script>"], "en"),
    ],
)
def test_the_first_wanted_language_that_is_offered_is_chosen(codes, expected):
    assert choose_language(codes).code == expected


@pytest.mark.parametrize(
    ("header", "codes"),
    [
        ("", []),
        ("de-DE,de;q=0.9,en;q=0.8", ["de-DE", "de", "en"]),
        ("en;q=0.2, es ;q=0.7, fr", ["fr", "es", "en"]),
        ("de;q=0, fr;q=x, ;;;, es", ["es"]),
    ],
)
def test_the_languages_of_a_browser_are_read_by_their_weights(header, codes):
    assert accepted_codes(header) == codes


@pytest.mark.parametrize(
    ("environment", "codes"),
    [
        ({}, []),
        ({"LANG": "C.UTF-8", "LANGUAGE": "de"}, []),
        ({"LANG": "de_DE.UTF-8"}, ["de_DE.UTF-8"]),
        ({"LANG": "en_US", "LC_ALL": "fr_FR"}, ["fr_FR"]),
        ({"LANG": "en_US", "LANGUAGE": "es:de"}, ["es", "de", "en_US"]),
    ],
)
def test_the_languages_of_a_terminal_are_read_as_gettext_does(environment, codes):
    assert terminal_codes(environment) == codes


@pytest.mark.parametrize(
    ("language", "number", "share"),
    [
        (ENGLISH, "12,345.6", "92.1 %"),
        (GERMAN, "12.345,6", "92,1\u00a0%"),
        (FRENCH, "12\u202f345,6", "92,1\u202f%"),
        (SPANISH, "12\u202f345,6", "92,1\u00a0%"),
        (CHINESE, "12,345.6", "92.1%"),
    ],
)
def test_numbers_are_written_as_the_language_does(language, number, share):
    with use_language(language):
        assert (format_number(12345.6, ",.1f"), format_percent(0.921)) == (number, share)


def test_texts_have_values_and_the_form_of_a_count():
    with use_language(GERMAN):
        assert gettext("iteration {iteration}", iteration=3) == "Iteration 3"
        assert gettext("a text of no catalogue") == "a text of no catalogue"
        assert gettext("") == ""
        units = [ngettext("{count} unit", "{count} units", n, count=n) for n in (0, 1, 2)]
    assert units == ["0 Einheiten", "1 Einheit", "2 Einheiten"]
    with use_language(CHINESE):
        assert ngettext("{count} unit", "{count} units", 1, count=1) == "1 个单元"
    assert gettext("iteration {iteration}", iteration=3) == "iteration 3"


def session_of(language):
    """A document of a visitor with this language, and what its callbacks say."""
    document, said = Document(), []
    set_language(document, language)
    model = Spacer(tags=[])
    document.add_root(model)
    return document, model, said


def test_two_sessions_of_a_process_keep_their_languages_in_callbacks_tasks_and_threads():
    async def main() -> None:
        pool = ThreadPoolExecutor(1)
        tasks = BackgroundTasks(lambda _task, _error: None)
        loop = asyncio.get_running_loop()
        sessions = [session_of(language) for language in (GERMAN, FRENCH, ENGLISH)]

        async def work(said) -> None:
            for _ in range(3):
                said.append(gettext("Train"))
                await asyncio.sleep(0)
            said.append(await loop.run_in_executor(pool, in_current_language(gettext), "Train"))

        for document, model, said in sessions:

            def changed(_attribute, _old, _new, said=said) -> None:
                said.append(gettext("Train"))
                tasks.begin(work(said))

            model.on_change("tags", changed)
            patch = {"events": [{"kind": "ModelChanged", "model": model.ref, "attr": "tags",
                                 "new": [1]}]}  # fmt: skip
            with set_curdoc(document):
                document.apply_json_patch(patch)
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})
        assert [said for _, _, said in sessions] == [
            [word] * 5 for word in ("Trainieren", "Entraîner", "Train")
        ]
        assert current_language() is ENGLISH
        pool.shutdown()

    run(main())


def test_the_scripts_of_a_page_have_a_table_except_in_english():
    assert client_table(ENGLISH) == ""
    table = json.loads(client_table(GERMAN))
    assert set(table) == set(page_texts())
    assert table["Copy link"] == "Link kopieren"


@pytest.mark.parametrize("language", LANGUAGES[1:], ids=lambda it: it.code)
def test_the_table_of_the_site_has_the_shell_and_the_start(language):
    table = json.loads(page_table(language))
    for text in ("Starting Python (1 of 3) …", "Digits", "Why", "All settings", "Copied"):
        assert table["texts"][text] not in ("", text)
    assert "MNIST" in table["about"]
    # What is not English costs the start of another page nothing, and its own little.
    assert len(page_table(language)) < 20_000


def test_a_word_has_the_gender_of_what_it_stands_for():
    with use_language(FRENCH):
        assert pgettext("class", "none") == "aucune"
        assert pgettext("setting", "none") == "aucun"
    with use_language(GERMAN):
        assert pgettext("setting", "none") == "keine"
    assert pgettext("setting", "none") == "none"
