"""Data sets as the controller sees them, in memory and block by block over HTTP."""

from itertools import pairwise

import numpy as np
import pytest
from cache_helpers import no_pause, numbered_samples, numbers_of, run
from local_server import local_server

from dashboard.digits.datasets import (
    HttpDataSet,
    InMemoryDataSet,
    SampleQuery,
    open_from_server,
)
from data_cache import (
    DataError,
    DataSet,
    PrefetchQueue,
    Samples,
    parse_manifest,
    write_blocks,
)

NAMES = tuple("0123456789")
BLOCK = 8


def numbered_set(labels=None):
    """Parts of 20 (two full blocks and a half), 5 and 8 samples that carry their numbers."""
    train = numbered_samples(20)
    if labels is not None:
        train = Samples(train.images, np.array(labels, np.uint8))
    parts = {
        "train": train,
        "validation": numbered_samples(5, first=100),
        "test": numbered_samples(8, first=200),
    }
    return DataSet("digits", "Twenty", NAMES, **parts)


class Site:
    """The files that a static site would have, and a count of what was asked for."""

    def __init__(self, server, folder, data_set):
        write_blocks([data_set], folder, block_size=BLOCK)
        self.server = server
        for path in folder.rglob("*.*"):
            server.files[f"/data/{path.relative_to(folder).as_posix()}"] = path.read_bytes()

    @property
    def asked(self):
        return [path.removeprefix("/data/") for path in self.server.asked.elements()]

    def damage(self, path):
        self.server.files[f"/data/{path}"] = self.server.files[f"/data/{path}"][:-3]

    @property
    def manifest(self):
        address = f"{self.server.url}/data/manifest.json"
        return parse_manifest(self.server.files["/data/manifest.json"], address)

    def open(self, pause=no_pause, report=lambda _sentence: None):
        return HttpDataSet(self.manifest, "digits", pause=pause, report=report)


@pytest.fixture
def server():
    with local_server() as running:
        yield running


@pytest.fixture
def site(server, tmp_path):
    return Site(server, tmp_path, numbered_set())


@pytest.fixture(params=["in memory", "over HTTP"])
def opened(request, server, tmp_path):
    if request.param == "in memory":
        return InMemoryDataSet(numbered_set())
    return Site(server, tmp_path, numbered_set()).open()


def generator(seed=0):
    return np.random.default_rng(seed)


def test_both_kinds_tell_the_same_about_a_data_set(opened):
    assert (opened.name, opened.title, opened.class_names) == ("digits", "Twenty", NAMES)
    assert [opened.count(part) for part in ("train", "validation", "test")] == [20, 5, 8]
    assert opened.source.sample_count == 20


def test_both_kinds_return_whole_parts_in_order(opened):
    part = run(opened.part("train"))
    assert numbers_of(part.images) == list(range(20))
    assert part.labels.tolist() == [number % 10 for number in range(20)]
    assert numbers_of(run(opened.part("validation")).images) == list(range(100, 105))


@pytest.mark.parametrize("index", [0, 7, 8, 15, 16, 19])
def test_both_kinds_find_a_sample_at_the_borders_of_blocks(opened, index):
    sample = run(opened.sample(SampleQuery("train", index=index), generator()))
    assert numbers_of(sample.image[np.newaxis]) == [index]
    assert (sample.label, sample.part, sample.index) == (index % 10, "train", index)


@pytest.mark.parametrize("label", range(10))
def test_both_kinds_find_a_random_sample_of_a_class(opened, label):
    for seed in range(4):
        sample = run(opened.sample(SampleQuery("train", label=label), generator(seed)))
        assert sample.label == label
        assert numbers_of(sample.image[np.newaxis]) == [sample.index]
        assert sample.index in (label, label + 10)


def test_random_samples_reach_every_block(opened):
    async def load():
        draws = generator(1)
        return {(await opened.sample(SampleQuery("train"), draws)).index for _ in range(200)}

    assert run(load()) == set(range(20))


@pytest.mark.parametrize("label", [None, 3])
def test_both_kinds_show_another_sample_each_time(opened, label):
    async def load():
        draws, last = generator(1), None
        for _ in range(60):
            sample = await opened.sample(SampleQuery("train", label=label, exclude=last), draws)
            yield sample.index
            last = sample.index

    async def collect():
        return [index async for index in load()]

    indices = run(collect())
    assert all(one != other for one, other in pairwise(indices))


def test_the_only_sample_of_a_class_is_shown_again():
    opened = InMemoryDataSet(numbered_set(labels=[1, 2, *[1] * 18]))
    query = SampleQuery("train", label=2, exclude=1)
    assert run(opened.sample(query, generator())).index == 1


def test_a_class_without_samples_is_an_error_that_names_it(opened):
    with pytest.raises(DataError, match=r"class 9 .* “test”; found none among 8"):
        run(opened.sample(SampleQuery("test", label=9), generator()))


def test_a_class_is_found_even_if_the_first_block_lacks_it(server, tmp_path):
    site = Site(server, tmp_path, numbered_set(labels=[0] * 8 + [1] * 8 + [2] * 4))
    for seed in range(6):
        sample = run(site.open().sample(SampleQuery("train", label=2), generator(seed)))
        assert sample.label == 2
        assert 16 <= sample.index < 20


def test_a_sample_over_http_fetches_only_its_own_block(site):
    run(site.open().sample(SampleQuery("train", index=8), generator()))
    assert site.asked == ["blocks/0001.bin.gz"]


def test_a_part_over_http_is_fetched_once(site):
    opened = site.open()

    async def twice():
        return await opened.part("train"), await opened.part("train")

    first, second = run(twice())
    assert first is second
    assert sorted(site.asked) == [f"blocks/000{number}.bin.gz" for number in range(3)]


def test_opening_over_http_fetches_nothing(site):
    site.open()
    assert site.asked == []


def test_training_blocks_over_http_hold_every_sample_once(site):
    async def epoch():
        async with PrefetchQueue(site.open().source, generator=generator()) as queue:
            blocks = [numbers_of((await anext(queue)).images) for _ in range(3)]
            return [number for block in blocks for number in block]

    assert sorted(run(epoch())) == list(range(20))


def test_a_damaged_block_is_named_when_a_sample_is_wanted(site):
    site.damage("blocks/0001.bin.gz")
    with pytest.raises(DataError, match=r"blocks/0001\.bin\.gz: .* is damaged"):
        run(site.open().sample(SampleQuery("train", index=9), generator()))


def test_a_sample_is_asked_for_again_when_its_block_came_damaged_or_not_at_all(site):
    right = dict(site.server.files)
    path = "/data/blocks/0001.bin.gz"
    site.damage("blocks/0001.bin.gz")
    pauses = []

    def mend(attempt):
        pauses.append(attempt)
        if attempt == 1:
            site.server.statuses[path] = 503
        else:
            site.server.statuses.clear()
            site.server.files.update(right)
        return 0.0

    opened = site.open(mend)
    sample = run(opened.sample(SampleQuery("train", index=9), generator()))
    assert numbers_of(sample.image[np.newaxis]) == [9]
    assert pauses == [1, 2]


def test_a_manifest_that_is_none_names_the_way_out_and_is_read_when_it_is_mended(site):
    address, right = f"{site.server.url}/data/manifest.json", dict(site.server.files)
    site.server.files["/data/manifest.json"] = b"<!DOCTYPE html><title>Not found</title>"
    with pytest.raises(DataError, match=r"manifest\.json: .*choose MNIST 5,000 again\.$"):
        run(open_from_server(address, "digits", lambda _sentence: None))
    site.server.files.update(right)
    opened = run(open_from_server(address, "digits", lambda _sentence: None))
    assert opened.count("train") == 20


@pytest.mark.parametrize("what", ["a part", "a sample", "the blocks to train on"])
def test_blocks_that_come_late_are_told_of_at_once_and_when_they_arrive(site, what):
    whole = dict(site.server.files)
    damaged = "validation" if what == "a part" else "train"
    for block in site.manifest.part("digits", damaged):
        site.damage(block.path)
    told = []

    def report(sentence):
        told.append(sentence)
        site.server.files.update(whole)

    async def fetch():
        opened = site.open(report=report)
        if what == "a part":
            await opened.part("validation")
        elif what == "a sample":
            await opened.sample(SampleQuery("train", index=3), generator())
        else:
            assert [len(piece) async for piece in opened.training_pieces()] == [8, 8, 4]

    run(fetch())
    late, arrived = told
    assert "/data/blocks/" in late
    assert arrived.startswith("Twenty")
