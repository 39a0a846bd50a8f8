"""Small training parts: class-balanced, equal over HTTP and in memory, with the rest unchanged."""

import numpy as np
import pytest
from cache_helpers import no_pause, numbered_samples, numbers_of, run, same
from controller_helpers import all_done, few_digits, make_controller, until
from local_server import local_server
from training_helpers import in_event_loop

from dashboard.digits.datasets import HttpDataSet, InMemoryDataSet, SampleQuery
from dashboard.digits.state import DigitsState
from dashboard.digits.training_subset import (
    ALL,
    subset_name_of,
    whole_of,
    with_training_samples,
)
from data_cache import DataError, DataSet, Samples, load_digits, parse_manifest, write_blocks

LABELS = np.random.default_rng(5).permutation(np.arange(1500) % 10).astype(np.uint8)
BLOCK = 100


def numbered_set(labels=LABELS):
    train = Samples(numbered_samples(len(labels)).images, labels)
    rest = (numbered_samples(20, first=2000), numbered_samples(30, first=3000))
    return DataSet("digits", "Numbers", tuple("0123456789"), train, *rest)


def first_numbers(count):
    """The numbers of the samples that a loop over all of them picks."""
    left, chosen = dict.fromkeys(range(10), count // 10), []
    for number, label in enumerate(LABELS.tolist()):
        if left[label]:
            left[label] -= 1
            chosen.append(number)
    return chosen


@pytest.fixture(params=["in memory", "over HTTP"])
def opened(request, tmp_path):
    if request.param == "in memory":
        yield InMemoryDataSet(numbered_set()), lambda: []
        return
    write_blocks([numbered_set()], tmp_path, block_size=BLOCK)
    with local_server() as server:
        for path in tmp_path.rglob("*.*"):
            server.files[f"/data/{path.relative_to(tmp_path).as_posix()}"] = path.read_bytes()
        manifest = parse_manifest(
            server.files["/data/manifest.json"], f"{server.url}/data/manifest.json"
        )
        yield HttpDataSet(manifest, "digits", pause=no_pause), lambda: list(server.asked.elements())


@pytest.mark.parametrize("count", [100, 500, 1000])
def test_a_subset_has_the_first_samples_of_each_class(opened, count):
    data, _asked = opened
    subset = run(with_training_samples(data, str(count)))
    train = run(subset.part("train"))
    assert numbers_of(train.images) == first_numbers(count)
    assert np.bincount(train.labels).tolist() == [count // 10] * 10
    assert subset.source.sample_count == subset.count("train") == count
    assert subset_name_of(subset) == str(count)


def test_only_the_blocks_that_a_subset_needs_are_fetched(opened):
    data, asked = opened
    assert not asked()
    run(with_training_samples(data, "100"))
    needed = -(-(first_numbers(100)[-1] + 1) // BLOCK)
    assert len(asked()) in (0, needed)


def test_the_other_parts_are_those_of_the_whole_data_set(opened):
    data, _asked = opened
    subset = run(with_training_samples(data, "100"))
    for part in ("validation", "test"):
        assert subset.count(part) == data.count(part)
        assert same(run(subset.part(part)), run(data.part(part)))
    generator = np.random.default_rng(0)
    sample = run(subset.sample(SampleQuery("train", index=99), generator))
    assert numbers_of(sample.image[np.newaxis]) == [first_numbers(100)[99]]
    sample = run(subset.sample(SampleQuery("validation", index=3), generator))
    assert numbers_of(sample.image[np.newaxis]) == [2003]


def test_a_subset_of_a_subset_is_one_of_the_whole(opened):
    data, _asked = opened
    small = run(with_training_samples(data, "100"))
    assert numbers_of(run(run(with_training_samples(small, "500")).part("train")).images) == (
        first_numbers(500)
    )
    assert run(with_training_samples(small, ALL)) is whole_of(small) is data


def test_the_bundled_digits_have_every_subset():
    data = InMemoryDataSet(load_digits())
    for parameter in DigitsState.param["training_samples"].objects:
        if parameter != ALL:
            subset = run(with_training_samples(data, parameter))
            labels = run(subset.part("train")).labels
            assert np.bincount(labels).tolist() == [int(parameter) // 10] * 10


def test_too_few_samples_of_a_class_are_all_taken():
    labels = np.repeat(np.arange(10), [3, *[40] * 9]).astype(np.uint8)
    subset = run(with_training_samples(InMemoryDataSet(numbered_set(labels)), "100"))
    assert np.bincount(run(subset.part("train")).labels).tolist() == [3, *[10] * 9]


# On the page


@in_event_loop
async def test_a_chosen_subset_is_trained_on_with_its_epochs_and_the_same_validation():
    controller = make_controller()
    state = controller.state
    controller.start()
    state.training_samples = "100"
    await until(lambda: controller.data.source.sample_count == 100)
    controller.reset()
    state.running = True
    await until(lambda: state.snapshot.epoch >= 3)
    state.running = False
    await until(lambda: controller.training_loop.is_idle)
    run_ = controller.trainer.run
    assert run_.history.epochs.at([5, 10]).tolist() == [1, 2]  # batches of 20
    assert {score.count for score in state.history.validation} == {100}
    assert state.data_set == "digits"
    state.training_samples = ALL
    await until(lambda: controller.data.source.sample_count == 300)
    await controller.close()


@in_event_loop
async def test_data_set_and_subset_change_together_and_a_failure_leaves_both():
    def refuse(_name, _report):
        raise DataError("There is no such data set.")

    async def open_data_set(name, report):
        if name == "mnist":
            refuse(name, report)
        return InMemoryDataSet(few_digits(name))

    controller = make_controller(open_data_set=open_data_set)
    state = controller.state
    await controller.apply_link({"data_set": "fashion-mnist", "training_samples": "100"})
    assert (controller.data.name, controller.data.source.sample_count) == ("fashion-mnist", 100)
    state.param.update(data_set="mnist", training_samples="500")
    await until(lambda: state.notice.kind == "error")
    assert (state.data_set, state.training_samples) == ("fashion-mnist", "100")
    await controller.close()
    await all_done()
