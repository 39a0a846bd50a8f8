"""What is wrong with files, links and arguments, in the language of whom it occurs to."""

from __future__ import annotations

import pytest
from command_helpers import outcome_of
from panel.command.serve import Serve
from training_helpers import few_samples, write_csv

from dashboard.digits.state import DigitsState
from dashboard.languages.language import LANGUAGES
from dashboard.languages.text import current_language, use_language
from dashboard.languages.words import translate_errors
from dashboard.sharing.links import DIGITS_SETTINGS, read_link
from dashboard.weights_file import read_any_weights
from data_cache import DataError, read_samples
from data_cache.points.csv import points_from_csv
from nn import WeightsError

translate_errors()


def in_every_language(error, function, *arguments) -> dict[str, str]:
    """Return what an error says, by the codes of the languages."""
    said = {}
    for language in LANGUAGES:
        with use_language(language), pytest.raises(error) as caught:
            function(*arguments)
        said[language.code] = str(caught.value)
    return said


@pytest.mark.parametrize(
    ("error", "function", "content", "values"),
    [
        (WeightsError, read_any_weights, b"%PDF-1.7", ["f.x", "PDF"]),
        (WeightsError, read_any_weights, b'{"W0": [1, 2', ["f.x", "JSON", "12"]),
        (WeightsError, read_any_weights, b"PK\x03\x04", ["f.x", ".npz", "4"]),
        (DataError, points_from_csv, b"x,y,label\n1,2\n", ["f.x", "2", "1,2"]),
        (DataError, points_from_csv, b"", ["f.x", "x,y,label"]),
    ],
)
def test_a_refused_file_is_told_in_every_language(error, function, content, values):
    said = in_every_language(error, function, content, "f.x")
    assert len(set(said.values())) == len(LANGUAGES)
    assert [text for text in said.values() if not all(value in text for value in values)] == []


def test_what_is_left_out_of_a_link_is_told_in_every_language():
    said = []
    for language in LANGUAGES:
        with use_language(language):
            contents = read_link("?rate=99&color=red&data=letters", DigitsState(), DIGITS_SETTINGS)
        said.append(contents.faults)
    assert [len(faults) for faults in said] == [3] * len(LANGUAGES)
    assert len({" ".join(faults) for faults in said}) == len(LANGUAGES)
    assert all("99" in " ".join(faults) and "color" in " ".join(faults) for faults in said)


def test_a_folder_of_tables_is_read_in_every_language(tmp_path):
    write_csv(tmp_path / "train.csv", few_samples(5))
    for language in LANGUAGES:
        with use_language(language):
            assert len(read_samples(tmp_path, "train").samples) == 5


def test_numbers_in_errors_are_written_as_the_language_does():
    content = b"x,y,label\n" + b"1,2,0\n" * 20_001
    said = in_every_language(DataError, points_from_csv, content, "f.csv")
    numbers = {"en": "20,001", "de": "20.001", "fr": "20 001"}
    assert {code: number in said[code] for code, number in numbers.items()} == dict.fromkeys(
        numbers, True
    )


def outcome_in(locale: str, arguments: str, monkeypatch, capsys) -> tuple[int, str, str]:
    monkeypatch.setenv("LC_ALL", locale)
    return outcome_of(arguments, capsys)


@pytest.mark.parametrize(
    ("locale", "usage", "options"),
    [
        ("de_DE.UTF-8", "Aufruf: inkling train", "Optionen:"),
        ("xx", "usage: inkling train", "options:"),
    ],
)
def test_the_command_line_speaks_the_language_of_the_terminal(
    locale, usage, options, monkeypatch, capsys
):
    code, out, err = outcome_in(locale, "train --help", monkeypatch, capsys)
    assert (code, err, out.startswith(usage)) == (0, "", True)
    assert options in out
    assert max(map(len, out.split("\n"))) <= 80


@pytest.mark.parametrize(
    "arguments", ["train --learning-rate fast", "train --weight-path", "predict x.npy", "tran"]
)
def test_an_error_of_the_command_line_is_told_in_every_language(arguments, monkeypatch, capsys):
    codes, said = set(), set()
    for language in LANGUAGES:
        locale = f"{language.code.replace('-', '_')}.UTF-8"
        code, _, err = outcome_in(locale, arguments, monkeypatch, capsys)
        codes.add(code)
        said.add(err)
    assert len(codes) == 1
    assert len(said) == len(LANGUAGES)


def test_output_for_programs_is_the_same_in_every_language(monkeypatch, capsys):
    for arguments in (
        "predict --index 0 1 2 --csv",
        "evaluate --data-set digits --binarize 128 --json",
    ):
        outputs = {
            outcome_in(locale, arguments, monkeypatch, capsys)[:2]
            for locale in ("C.UTF-8", "de_DE.UTF-8")
        }
        assert len(outputs) == 1
        assert next(iter(outputs))[0] == 0


def test_the_visitors_of_a_server_do_not_get_the_language_of_its_terminal(monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(Serve, "invoke", lambda *_arguments: seen.append(current_language().code))
    code, _, err = outcome_in("de_DE.UTF-8", "serve --port 5999", monkeypatch, capsys)
    assert (code, seen) == (0, ["en"])
    assert "http://localhost:5999" in err
