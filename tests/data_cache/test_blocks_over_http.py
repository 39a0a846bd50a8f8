"""Block files, their manifest, and fetching them from a server."""

from __future__ import annotations

import asyncio
import dataclasses
import gzip
import json
import re

import numpy as np
import pytest
from cache_helpers import no_pause, numbered_samples, numbers_of, run
from hypothesis import given
from hypothesis import strategies as st

from data_cache import (
    DataError,
    DataSet,
    HttpBlockSource,
    PrefetchError,
    PrefetchQueue,
    decode_block,
    encode_block,
    fetch_url,
    load_data_set_from_manifest,
    load_part,
    open_manifest,
    parse_manifest,
    write_blocks,
)


def small_set(name="small", first=0) -> DataSet:
    parts = (numbered_samples(n, first + at) for n, at in ((23, 0), (7, 100), (5, 200)))
    return DataSet(name, name.title(), tuple("0123456789"), *parts)


def refused(read, *arguments) -> str:
    with pytest.raises(DataError) as caught:
        read(*arguments)
    return str(caught.value)


# Blocks


@given(count=st.integers(0, 9))
def test_a_block_comes_back_as_it_was_packed_compressed_or_not(count):
    samples = numbered_samples(count)
    packed = encode_block(samples)
    for content in (packed, gzip.decompress(packed)):
        found = decode_block(content)
        assert np.array_equal(found.images, samples.images)
        assert np.array_equal(found.labels, samples.labels)


def test_the_same_samples_give_the_same_bytes():
    assert encode_block(numbered_samples(9)) == encode_block(numbered_samples(9))
    assert encode_block(numbered_samples(9))[4:8] == bytes(4)  # no time of packing


def test_a_block_of_another_kind_truncated_or_damaged_is_refused():
    whole = gzip.decompress(encode_block(numbered_samples(2)))
    assert "b'INK1' was expected, but 9 bytes that begin with b'<!DOCTYP'" in refused(
        decode_block, b"<!DOCTYPE", "7.bin"
    )
    assert refused(decode_block, whole[:-1], "7.bin") == (
        "7.bin: the header at byte 4 says 2 samples, so 1578 bytes were expected, but 1577 were "
        "found."
    )
    assert "7.bin: the gzip stream ends too early" in refused(
        decode_block, encode_block(numbered_samples(2))[:-9], "7.bin"
    )


# The manifest


def test_a_manifest_lists_every_block_with_its_count_size_and_checksum(tmp_path):
    write_blocks([small_set("one"), small_set("two")], tmp_path, block_size=10)
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


def test_a_manifest_comes_back_as_it_was_written(tmp_path):
    written = write_blocks([small_set()], tmp_path)
    assert parse_manifest(written.to_json(), "") == written


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<!DOCTYPE html>", "JSONDecodeError"),
        ("[]", "TypeError"),
        ('{"format": 1}', "KeyError: 'data_sets'"),
        ('{"format": 2, "data_sets": []}', "format 1 was expected, not 2"),
        ('{"format": 1, "data_sets": [{"name": "x"}]}', "KeyError"),
    ],
)
def test_a_manifest_that_is_none_is_refused(text, shown):
    message = refused(parse_manifest, text, "http://x/manifest.json")
    assert message.startswith("http://x/manifest.json: a manifest of")
    assert shown in message


def test_a_data_set_or_part_that_is_not_listed_is_refused(tmp_path):
    manifest = write_blocks([small_set("one"), small_set("two")], tmp_path)
    assert 'no data set "three"; there are one, two.' in refused(manifest.part, "three", "train")
    assert 'the data set "one" has no part "exam".' in refused(manifest.part, "one", "exam")


# Over HTTP


@pytest.fixture
def site(server, tmp_path):
    """A server that has the block files of a small data set under /data/."""
    write_blocks([small_set()], tmp_path, block_size=10)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            server.files[f"/data/{path.relative_to(tmp_path).as_posix()}"] = path.read_bytes()
    return server


def manifest_of(site):
    return open_manifest(f"{site.url}/data/manifest.json")


def test_every_sample_arrives_exactly_once_per_epoch_in_fresh_order(site):
    async def main():
        source = HttpBlockSource(await manifest_of(site), "small")
        assert source.sample_count == 23
        orders = []
        generator = np.random.default_rng(0)
        async with PrefetchQueue(source, 2, 2, generator=generator) as queue:
            for _ in range(2):
                blocks = [await anext(queue) for _ in range(3)]
                orders.append([n for block in blocks for n in numbers_of(block.images)])
                for block in blocks:
                    assert [n % 10 for n in numbers_of(block.images)] == block.labels.tolist()
        assert sorted(orders[0]) == sorted(orders[1]) == list(range(23))
        assert orders[0] != orders[1]
        inside = [n for n in orders[0] if n < 10]
        assert inside != sorted(inside)

    run(main())


@pytest.mark.parametrize(
    ("memory", "asked"), [(48 * 2**20, 3), (0, 9), (10 * 784, 7)], ids=["all", "none", "one block"]
)
def test_blocks_that_memory_holds_are_not_fetched_again(site, memory, asked):
    async def main():
        source = HttpBlockSource(await manifest_of(site), "small", memory=memory)
        before = sum(site.asked.values())
        generator = np.random.default_rng(0)
        for _ in range(3):
            seen = []
            for request in source.plan_epoch(generator):
                seen += numbers_of((await source.fetch(request)).images)
            assert sorted(seen) == list(range(23))
        assert sum(site.asked.values()) - before == asked

    run(main())


def test_epochs_from_memory_come_in_the_order_of_fetched_ones_without_waiting(site):
    async def main():
        manifest = await manifest_of(site)
        orders = []
        for memory in (48 * 2**20, 10 * 784, 0):
            source = HttpBlockSource(manifest, "small", memory=memory)
            queue = PrefetchQueue(source, 2, 2, generator=np.random.default_rng(0))
            first = [summary_of(await anext(queue)) for _ in range(3)]
            if memory > 23 * 784:
                # The two that wait, and all that follow.
                later = [queue.take_ready() for _ in range(6)]
                assert queue.data_futures_len == 0
            else:
                later = [await anext(queue) for _ in range(6)]
            orders.append(first + [summary_of(block) for block in later])
            await queue.close()
        assert orders[0] == orders[1] == orders[2]

    run(main())


def summary_of(block):
    return block.epoch, block.index, block.is_last, numbers_of(block.images)


def test_a_damaged_block_is_refused_by_its_checksum_and_fetched_again_on_demand(site):
    async def main():
        manifest = await manifest_of(site)
        path = "/data/blocks/0003.bin.gz"
        right = site.files[path]
        site.files[path] = encode_block(numbered_samples(7))
        source = HttpBlockSource(manifest, "small", "validation")
        settings = {"generator": np.random.default_rng(0), "retries": 2, "pause": no_pause}
        async with PrefetchQueue(source, 1, 1, **settings) as queue:
            with pytest.raises(PrefetchError) as caught:
                await anext(queue)
            assert site.asked[path] == 3
            assert re.search(
                r"blocks/0003.bin.gz: \d+ bytes with SHA-256 \w{12}… were expected, but \d+ bytes "
                r"with \w{12}… were found; the block is damaged or from another build",
                str(caught.value),
            )
            site.files[path] = right
            assert len(await anext(queue)) == 7

    run(main())


def test_a_block_that_was_unpacked_on_the_way_is_accepted(site):
    async def main():
        for path in list(site.files):
            if path.endswith(".gz"):
                site.files[path] = gzip.decompress(site.files[path])
        samples = await load_part(await manifest_of(site), "small", "train")
        assert numbers_of(samples.images) == list(range(23))

    run(main())


def test_a_whole_data_set_is_fetched_in_order_and_each_block_once(site):
    async def main():
        reports = []
        data = await load_data_set_from_manifest(
            await manifest_of(site), "small", progress=lambda *report: reports.append(report)
        )
        assert (data.name, data.title, data.class_names) == ("small", "Small", tuple("0123456789"))
        assert numbers_of(data.train.images) == list(range(23))
        assert numbers_of(data.validation.images) == list(range(100, 107))
        assert numbers_of(data.test.images) == list(range(200, 205))
        assert reports == [(done, 5) for done in range(1, 6)]
        blocks = {path: count for path, count in site.asked.items() if "blocks" in path}
        assert set(blocks.values()) == {1}
        assert len(blocks) == 5

    run(main())


def test_a_part_that_cannot_be_fetched_says_why_and_leaves_no_task(site):
    async def main():
        manifest = await manifest_of(site)
        site.statuses["/data/blocks/0001.bin.gz"] = 500
        with pytest.raises(PrefetchError, match="status 200 was expected, but 500 was found"):
            await load_part(manifest, "small", "train", pause=no_pause)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main())


def test_a_count_that_is_not_the_manifests_is_refused(site):
    async def main():
        manifest = await manifest_of(site)
        (block,) = manifest.part("small", "test")
        manifest.data_sets["small"].parts["test"] = (dataclasses.replace(block, count=6),)
        with pytest.raises(PrefetchError, match="6 samples were expected, but 5 were found"):
            await load_part(manifest, "small", "test", pause=no_pause)

    run(main())


def test_an_address_that_is_missing_or_out_of_reach_is_named(site):
    async def main():
        with pytest.raises(DataError, match=r"/nothing: status 200 was expected, but 404 was"):
            await fetch_url(site.url + "/nothing")
        with pytest.raises(DataError, match=r"127\.0\.0\.1:1/: the server could not be reached"):
            await fetch_url("http://127.0.0.1:1/")
        site.cut_short.add("/data/manifest.json")
        with pytest.raises(DataError, match="the server could not be reached"):
            await manifest_of(site)

    run(main())
