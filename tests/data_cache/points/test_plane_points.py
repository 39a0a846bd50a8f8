"""Records of labelled points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_cache import DataError, PlanePoints, join_points, no_points, split_points

SQUARE = PlanePoints([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], 3)


def test_points_are_float32_and_labels_are_indices():
    assert SQUARE.points.dtype == np.float32
    assert SQUARE.labels.dtype == np.intp
    assert len(SQUARE) == 4
    np.testing.assert_array_equal(SQUARE.counts(), [2, 2, 0])


@pytest.mark.parametrize(
    ("points", "labels", "classes", "message"),
    [
        ([[0, 0, 0]], [0], 2, r"found \(1, 3\)"),
        ([[0, 0]], [0, 1], 2, "n labels"),
        ([[0, np.nan]], [0], 2, "finite"),
        ([[0, 0]], [2], 2, "labels from 0 to 1, found 2 to 2"),
        ([[0, 0]], [-1], 2, "labels from 0 to 1"),
        ([[0, 0]], [0], 11, "1 to 10 classes, found 11"),
    ],
)
def test_other_shapes_and_values_are_refused(points, labels, classes, message):
    with pytest.raises(DataError, match=message):
        PlanePoints(np.array(points), np.array(labels), classes)


def test_editing_returns_new_points_and_does_not_change_the_old_ones():
    more = SQUARE.with_points([(0.5, -0.5)], 2)
    moved = more.with_moved(0, 0.25, 0.75)
    fewer = moved.without(1)
    assert (len(SQUARE), len(more), len(fewer)) == (4, 5, 4)
    np.testing.assert_array_equal(more.points[4], [0.5, -0.5])
    np.testing.assert_array_equal(moved.points[0], [0.25, 0.75])
    np.testing.assert_array_equal(more.points[0], [0, 0])
    np.testing.assert_array_equal(fewer.labels, [0, 1, 0, 2])


@pytest.mark.parametrize(("points", "index"), [(SQUARE, -1), (SQUARE, 4), (no_points(2), 0)])
def test_a_missing_point_cannot_be_changed(points, index):
    message = f"one of {len(points)} points, found {index}"
    with pytest.raises(DataError, match=message):
        points.without(index)
    with pytest.raises(DataError, match=message):
        points.with_moved(index, 0, 0)


def test_the_points_of_removed_classes_are_left_out():
    only = SQUARE.of_classes(1)
    assert (len(only), only.classes) == (2, 1)
    assert SQUARE.of_classes(5).classes == 5


def test_joined_points_keep_their_order():
    both = join_points(SQUARE[:2], SQUARE[2:])
    assert both.points.tobytes() == SQUARE.points.tobytes()


@given(
    labels=st.lists(st.integers(0, 3), min_size=1, max_size=40),
    share=st.floats(0.05, 1),
    seed=st.integers(0, 9),
)
def test_a_split_is_stratified_and_loses_no_point(labels, share, seed):
    places = np.column_stack([np.arange(len(labels)), np.zeros(len(labels))])
    points = PlanePoints(places, np.array(labels), 4)
    train, test = split_points(points, share, np.random.default_rng(seed))
    assert sorted([*train.points[:, 0], *test.points[:, 0]]) == list(range(len(labels)))
    for count, kept in zip(points.counts(), train.counts(), strict=True):
        assert kept == (max(1, round(share * count)) if count else 0)


def test_a_split_depends_only_on_its_generator():
    first, again = (split_points(SQUARE, 0.5, np.random.default_rng(3))[0] for _ in range(2))
    assert first.points.tobytes() == again.points.tobytes()


def test_an_empty_training_part_is_refused():
    with pytest.raises(ValueError, match="train_share"):
        split_points(SQUARE, 0, np.random.default_rng(0))
