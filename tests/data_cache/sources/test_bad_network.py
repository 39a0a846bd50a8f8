"""Blocks over a network that drops, delays and damages: every sample arrives once and in order."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from bad_network import BadNetwork
from cache_helpers import in_event_loop, no_pause, numbered_samples, numbers_of, run, tasks_left
from local_server import local_server

from data_cache import (
    Batcher,
    DataError,
    DataSet,
    HttpBlockSource,
    PrefetchError,
    PrefetchQueue,
    open_manifest,
    write_blocks,
)

COUNT = 395
BLOCKS = 40
TIMEOUT = 0.15


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("blocks")
    few = numbered_samples(5)
    data = DataSet("many", "Many", tuple("0123456789"), numbered_samples(COUNT), few, few)
    write_blocks([data], folder, block_size=10)
    return {
        f"/data/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in folder.rglob("*.*")
    }


async def two_epochs(server, *, timeout=10.0, at=None):
    """Take two epochs in batches of 16; return the numbers of the samples in their order."""
    manifest = await open_manifest(f"{server.url}/data/manifest.json", backoff=no_pause)
    source = HttpBlockSource(manifest, "many", cache_bytes=0, timeout=timeout)
    generator = np.random.default_rng(3)
    pauses: list[float] = []

    async def sleep(seconds):
        pauses.append(seconds)
        await asyncio.sleep(seconds / 100)

    batcher, order = Batcher(), []
    async with PrefetchQueue(source, 5, 5, generator=generator, sleep=sleep) as queue:
        while len(order) < 2 * COUNT:
            batch = batcher.take(16)
            if batch is not None:
                order += numbers_of(batch.images)
                continue
            if at is not None:
                await at(len(order))
            try:
                batcher.add(await anext(queue))
            except PrefetchError:
                await asyncio.sleep(0.01)  # as a training loop does before the next request
    assert tasks_left() == set()
    return order, pauses


def served(server, files):
    server.files.update(files)
    return local_server(server)


@pytest.mark.parametrize("delay", [0.05, 0.4], ids=["late", "later than the timeout"])
def test_two_epochs_over_a_bad_network_are_those_of_a_perfect_one(files, delay):
    with served(BadNetwork(dropped=0, delayed=0, damaged=0), files) as perfect:
        expected, pauses = run(two_epochs(perfect))
        assert pauses == []
        assert perfect.done[""] > 2 * BLOCKS
    with served(BadNetwork(delay=delay), files) as bad:
        order, pauses = run(two_epochs(bad, timeout=TIMEOUT))
    assert order == expected
    for epoch in (order[:COUNT], order[COUNT:]):
        assert sorted(epoch) == list(range(COUNT))
    assert min(bad.done[fate] for fate in ("drop", "delay", "damage")) > 0
    assert max(pauses) > min(pauses) == 0.5


def test_going_offline_in_the_middle_of_an_epoch_and_back_loses_no_sample_and_repeats_none(files):
    with served(BadNetwork(dropped=0, delayed=0, damaged=0), files) as server:
        expected, _ = run(two_epochs(server))

        async def interrupt(done):
            if 100 < done < 200 and not server.done["drop"]:
                server.is_offline = True
            elif server.done["drop"] > 30:  # more than all retries of what is in flight
                server.is_offline = False

        order, _ = run(two_epochs(server, at=interrupt))
        assert server.done["drop"] > 30
    assert order == expected


@in_event_loop
async def test_after_damage_caches_are_bypassed(files, monkeypatch):
    asked = []

    async def fetch_checked(url, expected, *, fresh, timeout):
        asked.append((fresh, timeout))
        raise DataError("damaged")

    monkeypatch.setattr("data_cache.sources.http.fetch_checked", fetch_checked)

    with served(BadNetwork(), files) as server:
        manifest = await open_manifest(f"{server.url}/data/manifest.json")
    source = HttpBlockSource(manifest, "many", timeout=7)
    one, other = source.plan_epoch(np.random.default_rng(0))[:2]
    for request in (one, one, other):
        with pytest.raises(DataError, match="damaged"):
            await source.fetch(request)
    assert asked == [(False, 7), (True, 7), (False, 7)]


def test_a_manifest_is_fetched_again_if_the_server_is_unreachable_but_not_if_it_is_missing(files):
    with served(BadNetwork(), files) as server:
        server.is_offline = True
        pauses = []

        def pause(attempt):
            pauses.append(attempt)
            server.is_offline = attempt < 3
            return 0.0

        manifest = run(open_manifest(f"{server.url}/data/manifest.json", backoff=pause))
        assert manifest.data_sets["many"].count("train") == COUNT
        assert pauses == [1, 2, 3]
        with pytest.raises(DataError, match="found 404"):
            run(open_manifest(f"{server.url}/data/other.json", backoff=pause))
        assert pauses == [1, 2, 3]
