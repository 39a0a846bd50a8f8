"""Blocks over HTTP: order, caching, verification, and whole parts."""

from __future__ import annotations

import asyncio
import dataclasses
import gzip

import numpy as np
import pytest
from cache_helpers import (
    in_event_loop,
    no_pause,
    numbered_samples,
    numbers_of,
    same,
    small_data_set,
)

from data_cache import (
    HttpBlockSource,
    PrefetchError,
    PrefetchQueue,
    TransientError,
    encode_block,
    load_data_set_from_manifest,
    load_part,
    open_manifest,
    write_blocks,
)


@pytest.fixture
def site(server, tmp_path):
    """A server that has the block files of a small data set under /data/."""
    write_blocks([small_data_set()], tmp_path, block_size=10)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            server.files[f"/data/{path.relative_to(tmp_path).as_posix()}"] = path.read_bytes()
    return server


def manifest_of(site):
    return open_manifest(f"{site.url}/data/manifest.json")


@in_event_loop
async def test_every_sample_arrives_exactly_once_per_epoch_in_fresh_order(site):
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


@pytest.mark.parametrize(
    ("cache_bytes", "asked"),
    [(48 * 2**20, 3), (0, 9), (10 * 784, 7)],
    ids=["all", "none", "one block"],
)
@in_event_loop
async def test_cached_blocks_are_not_fetched_again(site, cache_bytes, asked):
    source = HttpBlockSource(await manifest_of(site), "small", cache_bytes=cache_bytes)
    before = sum(site.asked.values())
    generator = np.random.default_rng(0)
    for _ in range(3):
        seen = []
        for request in source.plan_epoch(generator):
            seen += numbers_of((await source.fetch(request)).images)
        assert sorted(seen) == list(range(23))
    assert sum(site.asked.values()) - before == asked


@in_event_loop
async def test_cached_epochs_have_the_order_of_fetched_ones_and_need_no_waiting(site):
    manifest = await manifest_of(site)
    orders = []
    for cache_bytes in (48 * 2**20, 10 * 784, 0):
        source = HttpBlockSource(manifest, "small", cache_bytes=cache_bytes)
        queue = PrefetchQueue(source, 2, 2, generator=np.random.default_rng(0))
        first = [summary_of(await anext(queue)) for _ in range(3)]
        if cache_bytes > 23 * 784:
            later = [queue.take_ready() for _ in range(6)]
            assert queue.data_futures_len == 0
        else:
            later = [await anext(queue) for _ in range(6)]
        orders.append(first + [summary_of(block) for block in later])
        await queue.close()
    assert orders[0] == orders[1] == orders[2]


def summary_of(block):
    return block.epoch, block.index, block.is_last, numbers_of(block.images)


@in_event_loop
async def test_a_damaged_block_is_refused_after_retries_and_fetched_by_the_next_request(site):
    manifest = await manifest_of(site)
    path = "/data/blocks/0003.bin.gz"
    right = site.files[path]
    site.files[path] = encode_block(numbered_samples(7))
    source = HttpBlockSource(manifest, "small", "validation")
    settings = {"generator": np.random.default_rng(0), "retries": 2, "backoff": no_pause}
    async with PrefetchQueue(source, 1, 1, **settings) as queue:
        with pytest.raises(PrefetchError) as caught:
            await anext(queue)
        assert site.asked[path] == 3
        assert isinstance(caught.value.__cause__, TransientError)
        assert manifest.part("small", "validation")[0].sha256[:12] in str(caught.value)
        site.files[path] = right
        assert len(await anext(queue)) == 7


@in_event_loop
async def test_a_missing_block_is_asked_for_only_once(site):
    manifest = await manifest_of(site)
    path = "/data/blocks/0001.bin.gz"
    del site.files[path]
    with pytest.raises(PrefetchError, match="expected status 200, found 404"):
        await load_part(manifest, "small", "train")
    assert site.asked[path] == 1


@in_event_loop
async def test_a_label_that_the_data_set_has_no_class_for_is_refused(site):
    manifest = await manifest_of(site)
    listed = manifest.data_sets["small"]
    few = dataclasses.replace(listed, class_names=("zero", "one", "two"))
    manifest = dataclasses.replace(manifest, data_sets={"small": few})
    with pytest.raises(PrefetchError, match="expected labels from 0 to 2, found 3"):
        await load_part(manifest, "small", "test")


@in_event_loop
async def test_a_block_that_was_decompressed_by_the_transfer_is_accepted(site):
    for path in list(site.files):
        if path.endswith(".gz"):
            site.files[path] = gzip.decompress(site.files[path])
    samples = await load_part(await manifest_of(site), "small", "train")
    assert same(samples, numbered_samples(23))


@in_event_loop
async def test_a_whole_data_set_is_fetched_in_order_and_each_block_once(site):
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


@in_event_loop
async def test_a_part_that_stays_unavailable_is_an_error_and_leaves_no_task(site):
    manifest = await manifest_of(site)
    site.statuses["/data/blocks/0001.bin.gz"] = 500
    with pytest.raises(PrefetchError, match="expected status 200, found 500"):
        await load_part(manifest, "small", "train", backoff=no_pause)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@in_event_loop
async def test_a_block_with_another_count_than_in_the_manifest_is_refused(site):
    manifest = await manifest_of(site)
    (block,) = manifest.part("small", "test")
    manifest.data_sets["small"].parts["test"] = (dataclasses.replace(block, count=6),)
    with pytest.raises(PrefetchError, match="expected 6 samples, found 5"):
        await load_part(manifest, "small", "test", backoff=no_pause)
