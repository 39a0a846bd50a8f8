import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_cache import DataError, PointFeed


def make_feed(count=10, seed=1):
    inputs = np.arange(2 * count, dtype=np.float32).reshape(count, 2)
    return PointFeed(inputs, np.arange(count), generator=np.random.default_rng(seed))


@pytest.mark.parametrize("batch_size", [0, 10, 4096])
def test_a_full_batch_is_the_samples_where_they_lie(batch_size):
    feed = make_feed()
    for epoch in range(3):
        batch = feed.take(batch_size)
        assert batch.images is feed.inputs
        assert batch.labels is feed.labels
        assert (batch.epoch, batch.consumed, batch.is_last) == (epoch, 10, True)


def test_batches_hold_every_sample_once_in_an_epoch_in_another_order_each_time():
    feed, orders = make_feed(), []
    for epoch in range(3):
        batches = [feed.take(4) for _ in range(3)]
        assert [len(batch) for batch in batches] == [4, 4, 2]
        assert [batch.is_last for batch in batches] == [False, False, True]
        assert [batch.consumed for batch in batches] == [4, 8, 10]
        assert {batch.epoch for batch in batches} == {epoch}
        order = np.concatenate([batch.labels for batch in batches])
        np.testing.assert_array_equal(
            np.concatenate([batch.images for batch in batches]), feed.inputs[order]
        )
        orders.append(order.tolist())
    assert all(sorted(order) == list(range(10)) for order in orders)
    assert orders[0] != orders[1] != orders[2]


@given(sizes=st.lists(st.integers(0, 12), min_size=1, max_size=12), stop=st.integers(0, 12))
def test_a_feed_goes_on_exactly_from_any_position(sizes, stop):
    feed, seen, place = make_feed(), [], None
    for number, size in enumerate(sizes):
        if number == stop:
            place = feed.position
        seen.append(feed.take(size).labels.copy())
    if place is None:
        return
    other = make_feed(seed=99)
    other.go_to(place)
    for size, labels in zip(sizes[stop:], seen[stop:], strict=True):
        np.testing.assert_array_equal(other.take(size).labels, labels)


def test_other_samples_begin_the_epoch_again():
    feed = make_feed()
    feed.take(4)
    feed.replace(np.ones((3, 2), np.float32), np.zeros(3, np.intp))
    batch = feed.take(2)
    assert (feed.sample_count, batch.consumed, batch.epoch) == (3, 2, 0)


def test_there_must_be_something_to_learn_from():
    with pytest.raises(DataError, match="no points to learn from"):
        make_feed(0)
