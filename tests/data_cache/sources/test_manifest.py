"""The manifest of block files."""

from __future__ import annotations

import json

import pytest
from cache_helpers import error_of, small_data_set

from data_cache import parse_manifest, write_blocks


def test_a_manifest_lists_every_block_with_its_count_size_and_checksum(tmp_path):
    write_blocks([small_data_set("one"), small_data_set("two")], tmp_path, block_size=10)
    content = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert content["format"] == 1
    assert [item["name"] for item in content["data_sets"]] == ["one", "two"]
    parts = content["data_sets"][0]["parts"]
    assert {part: listed["count"] for part, listed in parts.items()} == {
        "train": 23,
        "validation": 7,
        "test": 5,
    }
    assert [block["count"] for block in parts["train"]["blocks"]] == [10, 10, 3]
    paths = [
        b["path"] for s in content["data_sets"] for p in s["parts"].values() for b in p["blocks"]
    ]
    assert paths == [f"blocks/{number:04d}.bin.gz" for number in range(10)]
    assert sorted(paths) == sorted(
        str(path.relative_to(tmp_path)) for path in tmp_path.glob("blocks/*")
    )
    first = parts["train"]["blocks"][0]
    assert first["bytes"] == (tmp_path / first["path"]).stat().st_size


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
    assert message.startswith("http://x/manifest.json: expected a manifest of")
    assert shown in message


def test_an_unlisted_data_set_or_part_is_refused(tmp_path):
    manifest = write_blocks([small_data_set("one"), small_data_set("two")], tmp_path)
    message = error_of(manifest.part, "three", "train")
    assert message.endswith('expected one of the data sets one, two, found "three".')
    message = error_of(manifest.part, "one", "exam")
    assert message.endswith('one of the parts train, validation, test of "one", found "exam".')
