import re
from pathlib import Path

import pytest

import dashboard.upstream
from dashboard.upstream import PATCHES, VARIABLE, is_applied

# How the docstring of a patch begins to say what it changes.
HEADING = re.compile(r"^( \* Changes  |- \*\*Changes\*\*: )", re.MULTILINE)
FOLDER = Path(dashboard.upstream.__file__).parent


def test_every_patch_is_one_file_of_the_folder_that_says_what_it_changes() -> None:
    files = {
        path.relative_to(FOLDER).with_suffix("").as_posix()
        for path in FOLDER.rglob("*")
        if path.suffix in (".py", ".js") and HEADING.search(path.read_text("utf-8"))
    }

    assert {patch.name for patch in PATCHES} == files


def test_every_patch_has_a_measured_gain_and_a_text_for_upstream() -> None:
    for patch in PATCHES:
        assert all((patch.target, patch.versions, patch.gain, patch.issue)), patch.name
        if patch.reason == "speed":
            assert re.search(r"\d+ (%|ms)", patch.gain), patch.name


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("on", {"template": True, "adoption": True}),
        ("", {"template": True, "adoption": True}),
        ("off", {"template": False, "adoption": False}),
        ("template, message_loop", {"template": True, "adoption": False}),
    ],
)
def test_the_variable_turns_all_patches_on_or_off_or_names_those_to_apply(
    value: str, expected: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, value)

    assert {name: is_applied(name) for name in expected} == expected


def test_a_name_that_no_patch_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "tempalte")

    with pytest.raises(ValueError, match=r"INKLING_UPSTREAM_PATCHES.*tempalte"):
        is_applied("template")
