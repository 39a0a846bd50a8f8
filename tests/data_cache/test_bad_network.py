"""Over a network that drops, delays and damages, every sample still arrives, once and in order."""

from __future__ import annotations

import asyncio
import socket
import threading

import numpy as np
import pytest
from bad_network import BadNetwork
from cache_helpers import no_pause, numbered_samples, numbers_of, run, tasks_left
from local_server import local_server

from data_cache import (
    BatchCutter,
    DataError,
    DataSet,
    HttpBlockSource,
    PrefetchError,
    PrefetchQueue,
    fetch_url,
    open_manifest,
    write_blocks,
)

COUNT = 395
BLOCKS = 40
PATIENCE = 0.15


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


async def two_epochs(server, *, patience=10.0, at=None):
    """Take two epochs in batches of 16; return the numbers of the samples in their order."""
    manifest = await open_manifest(f"{server.url}/data/manifest.json", pause=no_pause)
    source = HttpBlockSource(manifest, "many", memory=0, patience=patience)
    generator = np.random.default_rng(3)
    pauses: list[float] = []

    async def sleep(seconds):
        pauses.append(seconds)
        await asyncio.sleep(seconds / 100)

    cutter, order = BatchCutter(), []
    async with PrefetchQueue(source, 5, 5, generator=generator, sleep=sleep) as queue:
        while len(order) < 2 * COUNT:
            batch = cutter.take(16)
            if batch is not None:
                order += numbers_of(batch.images)
                continue
            if at is not None:
                await at(len(order))
            try:
                cutter.add(await anext(queue))
            except PrefetchError:
                await asyncio.sleep(0.01)  # as whoever trains does before asking again
    assert tasks_left() == set()
    return order, pauses


def served(server, files):
    server.files.update(files)
    return local_server(server)


@pytest.mark.parametrize("delay", [0.05, 0.4], ids=["late", "later than anybody waits"])
def test_two_epochs_over_a_bad_network_are_those_of_a_perfect_one(files, delay):
    with served(BadNetwork(dropped=0, delayed=0, damaged=0), files) as perfect:
        expected, pauses = run(two_epochs(perfect))
        assert pauses == []
        assert perfect.done[""] > 2 * BLOCKS
    with served(BadNetwork(delay=delay), files) as bad:
        order, pauses = run(two_epochs(bad, patience=PATIENCE))
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


@pytest.mark.parametrize("said", [b"", b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nfive"])
def test_a_server_that_falls_silent_is_given_up_before_its_answer_and_in_its_middle(said):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        connections = []

        def serve():
            connection, _ = listening.accept()
            connections.append(connection)
            connection.sendall(said)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        with pytest.raises(DataError, match=r"the server could not be reached .*timed out"):
            run(fetch_url(url, patience=0.05))
        thread.join()
        connections[0].close()


def test_after_damage_every_cache_on_the_way_is_passed_over(files, monkeypatch):
    asked = []

    async def fetch_checked(url, expected, *, fresh, patience):
        asked.append((fresh, patience))
        raise DataError("damaged")

    monkeypatch.setattr("data_cache.sources.http.fetch_checked", fetch_checked)

    async def main():
        with served(BadNetwork(), files) as server:
            manifest = await open_manifest(f"{server.url}/data/manifest.json")
        source = HttpBlockSource(manifest, "many", patience=7)
        one, other = source.plan_epoch(np.random.default_rng(0))[:2]
        for request in (one, one, other):
            with pytest.raises(DataError, match="damaged"):
                await source.fetch(request)
        assert asked == [(False, 7), (True, 7), (False, 7)]

    run(main())


def test_a_manifest_is_asked_for_again_when_the_server_is_out_of_reach_but_not_when_it_is_not_there(
    files,
):
    with served(BadNetwork(), files) as server:
        server.is_offline = True
        pauses = []

        def pause(attempt):
            pauses.append(attempt)
            server.is_offline = attempt < 3
            return 0.0

        manifest = run(open_manifest(f"{server.url}/data/manifest.json", pause=pause))
        assert manifest.data_sets["many"].count("train") == COUNT
        assert pauses == [1, 2, 3]
        with pytest.raises(DataError, match="but 404 was found"):
            run(open_manifest(f"{server.url}/data/other.json", pause=pause))
        assert pauses == [1, 2, 3]
