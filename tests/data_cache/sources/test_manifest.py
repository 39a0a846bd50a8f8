"""The manifest of block files."""

import json

import pytest
from cache_helpers import error_of, small_data_set

from data_cache import parse_manifest, write_blocks


def test_a_manifest_lists_every_block_with_its_count_and_size(tmp_path):
    write_blocks([small_data_set("one"), small_data_set("two")], tmp_path, block_size=10)
    content = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert content["format"] == 1
    assert [item["name"] for item in content["data_sets"]] == ["one", "two"]
    parts = content["data_sets"][0]["parts"]
    assert {part: (listed["count"], [b["count"] for b in listed["blocks"]])
            for part, listed in parts.items()} == {
        "train": (23, [10, 10, 3]), "validation": (7, [7]), "test": (5, [5]),
    }  # fmt: skip
    blocks = [b for s in content["data_sets"] for p in s["parts"].values() for b in p["blocks"]]
    files = sorted(tmp_path.glob("blocks/*"))
    assert [b["path"] for b in blocks] == [f"blocks/{number:04d}.bin.gz" for number in range(10)]
    assert [tmp_path / b["path"] for b in blocks] == files
    assert [b["bytes"] for b in blocks] == [path.stat().st_size for path in files]


def test_a_manifest_is_parsed_as_it_was_written(tmp_path):
    written = write_blocks([small_data_set()], tmp_path)
    assert parse_manifest(written.to_json(), "") == written


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<!DOCTYPE html>", "JSONDecodeError"),
        ("[]", "TypeError"),
        ('{"format": 1}', "KeyError: 'data_sets'"),
        ('{"format": 2, "data_sets": []}', "format 1, found 2"),
        ('{"format": 1, "data_sets": [{"name": "x"}]}', "KeyError"),
    ],
)
def test_other_content_is_refused(text, shown):
    message = error_of(parse_manifest, text, "http://x/manifest.json")
    assert message.startswith("http://x/manifest.json: expected")
    assert shown in message


@pytest.mark.parametrize(
    ("name", "part", "expected"),
    [
        ("three", "train", 'one, two, found "three"'),
        ("one", "exam", 'train, validation, test of "one", found "exam"'),
    ],
)
def test_an_unknown_data_set_or_part_is_refused_with_the_known_ones(tmp_path, name, part, expected):
    manifest = write_blocks([small_data_set("one"), small_data_set("two")], tmp_path)
    assert expected in error_of(manifest.part, name, part)
