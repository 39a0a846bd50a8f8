"""Batches of points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_cache import DataError, PointFeed


def make_feed(count=10, seed=1):
    inputs = np.arange(2 * count, dtype=np.float32).reshape(count, 2)
    return PointFeed(inputs, np.arange(count), generator=np.random.default_rng(seed))


@pytest.mark.parametrize("batch_size", [0, 10, 4096])
def test_a_full_batch_is_not_copied(batch_size):
    feed = make_feed()
    for epoch in range(3):
        batch = feed.take(batch_size)
        assert batch.images is feed.inputs
        assert batch.labels is feed.labels
        assert (batch.epoch, batch.consumed, batch.is_last) == (epoch, 10, True)


def test_every_epoch_has_every_sample_once_in_a_new_order():
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
def test_a_feed_resumes_exactly_at_any_position(sizes, stop):
    feed, seen, position = make_feed(), [], None
    for number, size in enumerate(sizes):
        if number == stop:
            position = feed.position
        seen.append(feed.take(size).labels.copy())
    if position is None:
        return
    other = make_feed(seed=99)
    other.seek(position)
    for size, labels in zip(sizes[stop:], seen[stop:], strict=True):
        np.testing.assert_array_equal(other.take(size).labels, labels)


def test_other_samples_restart_the_epoch():
    feed = make_feed()
    feed.take(4)
    feed.replace(np.ones((3, 2), np.float32), np.zeros(3, np.intp))
    batch = feed.take(2)
    assert (feed.sample_count, batch.consumed, batch.epoch) == (3, 2, 0)


def test_no_points_are_refused():
    with pytest.raises(DataError, match="at least one point"):
        make_feed(0)
