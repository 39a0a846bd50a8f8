"""Blocks over HTTP: order, caching, verification, and whole parts."""

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
    tasks_left,
)

from data_cache import (
    ArrayBlockSource,
    DataError,
    HttpBlockSource,
    PrefetchError,
    PrefetchQueue,
    TransientError,
    encode_block,
    load_part,
    open_manifest,
    write_blocks,
)
from data_cache.sources.manifest import BlockFile, ListedDataSet, Manifest


@pytest.fixture
def site(server, tmp_path):
    """A server that has the block files of a small data set under /data/."""
    write_blocks([small_data_set()], tmp_path, block_size=10)
    for path in tmp_path.rglob("*.*"):
        server.files[f"/data/{path.relative_to(tmp_path).as_posix()}"] = path.read_bytes()
    return server


def manifest_of(site):
    return open_manifest(f"{site.url}/data/manifest.json")


@pytest.mark.parametrize(("counts", "size"), [([3], 3), ([5, 5, 2], 5), ([5, 4, 5], None)])
def test_the_size_of_blocks_is_known_where_all_but_the_last_are_equal(counts, size):
    blocks = tuple(BlockFile(f"{at}", count, 1, "") for at, count in enumerate(counts))
    listed = ListedDataSet("small", "Small", ("0",), {"train": blocks})
    assert HttpBlockSource(Manifest("", {"small": listed}), "small").block_size == size


def blocks_asked(site) -> list[int]:
    return [count for path, count in site.asked.items() if "blocks" in path]


@pytest.mark.parametrize(
    ("cache_bytes", "asked"),
    [(48 * 2**20, 3), (0, 9), (10 * 784, 7)],
    ids=["all", "none", "one block"],
)
@in_event_loop
async def test_every_epoch_has_every_sample_in_a_new_order_and_cached_blocks_are_not_fetched_again(
    site, cache_bytes, asked
):
    source = HttpBlockSource(await manifest_of(site), "small", cache_bytes=cache_bytes)
    assert source.sample_count == 23
    generator = np.random.default_rng(0)
    orders = []
    for _ in range(3):
        order = []
        for request in source.plan_epoch(generator):
            samples = await source.fetch(request)
            order += numbers_of(samples.images)
            assert samples.labels.tolist() == [n % 10 for n in numbers_of(samples.images)]
        assert sorted(order) == list(range(23))
        orders.append(order)
    assert orders[0] != orders[1] != orders[2]
    inside = [n for n in orders[0] if n < 10]
    assert inside != sorted(inside)
    assert sum(blocks_asked(site)) == asked


@in_event_loop
async def test_a_queue_delivers_cached_blocks_in_the_same_order_and_without_waiting(site):
    manifest = await manifest_of(site)
    assert HttpBlockSource(manifest, "small").block_size == 10
    orders = []
    for cache_bytes in (48 * 2**20, 10 * 784, 0, None):
        if cache_bytes is None:
            source = ArrayBlockSource(small_data_set().train, 10)
        else:
            source = HttpBlockSource(manifest, "small", cache_bytes=cache_bytes)
        async with PrefetchQueue(source, 2, 2, generator=np.random.default_rng(0)) as queue:
            blocks = [await anext(queue) for _ in range(3)]
            if cache_bytes is None or cache_bytes > 23 * 784:
                blocks += [queue.take_ready() for _ in range(6)]
                assert queue.data_futures_len == 0
            else:
                blocks += [await anext(queue) for _ in range(6)]
        orders.append([(b.epoch, b.index, b.is_last, numbers_of(b.images)) for b in blocks])
    assert all(order == orders[0] for order in orders)


@in_event_loop
async def test_a_block_with_a_wrong_checksum_is_retried_and_fetched_again_by_the_next_request(site):
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


def without_the_second_block(site, manifest):
    site.files.pop("/data/blocks/0001.bin.gz")


def with_an_unavailable_block(site, manifest):
    site.statuses["/data/blocks/0001.bin.gz"] = 500


def with_another_count(site, manifest):
    first, *others = manifest.part("small", "train")
    manifest.data_sets["small"].parts["train"] = (dataclasses.replace(first, count=6), *others)


def with_three_classes(site, manifest):
    listed = dataclasses.replace(manifest.data_sets["small"], class_names=("a", "b", "c"))
    manifest.data_sets["small"] = listed


@pytest.mark.parametrize(
    ("break_it", "error", "found", "asked"),
    [
        (without_the_second_block, DataError, "found 404", 1),
        (with_an_unavailable_block, TransientError, "found 500", 5),
        (with_another_count, DataError, "6 samples, found 10", 1),
        (with_three_classes, DataError, "labels from 0 to 2, found 3", 1),
    ],
)
@in_event_loop
async def test_a_part_is_refused_if_a_block_is_and_only_transient_errors_are_retried(
    site, break_it, error, found, asked
):
    manifest = await manifest_of(site)
    break_it(site, manifest)
    with pytest.raises(PrefetchError, match=found) as caught:
        await load_part(manifest, "small", "train", backoff=no_pause)
    assert type(caught.value.__cause__) is error
    assert max(blocks_asked(site)) == asked
    assert not tasks_left()


@pytest.mark.parametrize("is_decompressed", [False, True])
@in_event_loop
async def test_a_part_is_fetched_in_order_and_each_block_once(site, is_decompressed):
    if is_decompressed:  # as by servers that declare the compression as one of the transfer
        for path, content in site.files.items():
            site.files[path] = gzip.decompress(content) if path.endswith(".gz") else content
    reports = []
    samples = await load_part(
        await manifest_of(site), "small", "train", progress=lambda *report: reports.append(report)
    )
    assert same(samples, numbered_samples(23))
    assert reports == [(1, 3), (2, 3), (3, 3)]
    assert blocks_asked(site) == [1, 1, 1]
