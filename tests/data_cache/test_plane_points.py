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
        ([[0, 0]], [0, 1], 2, "n labels were expected"),
        ([[0, np.nan]], [0], 2, "finite"),
        ([[0, 0]], [2], 2, "Labels from 0 to 1 were expected; found 2 to 2"),
        ([[0, 0]], [-1], 2, "Labels from 0 to 1"),
        ([[0, 0]], [0], 11, "1 to 10 classes; found 11"),
    ],
)
def test_points_that_make_no_sense_are_refused(points, labels, classes, message):
    with pytest.raises(DataError, match=message):
        PlanePoints(np.array(points), np.array(labels), classes)


def test_painting_makes_new_points_and_leaves_the_old_ones_alone():
    more = SQUARE.with_points([(0.5, -0.5)], 2)
    moved = more.with_moved(0, 0.25, 0.75)
    fewer = moved.without(1)
    assert (len(SQUARE), len(more), len(fewer)) == (4, 5, 4)
    np.testing.assert_array_equal(more.points[4], [0.5, -0.5])
    np.testing.assert_array_equal(moved.points[0], [0.25, 0.75])
    np.testing.assert_array_equal(more.points[0], [0, 0])
    np.testing.assert_array_equal(fewer.labels, [0, 1, 0, 2])


@pytest.mark.parametrize("index", [-1, 4])
def test_a_point_that_there_is_not_cannot_be_changed(index):
    with pytest.raises(DataError, match=f"There is no point {index}: .* 0 to 3"):
        SQUARE.without(index)
    with pytest.raises(DataError, match="There is no point"):
        SQUARE.with_moved(index, 0, 0)


def test_an_empty_plane_has_no_point_to_delete():
    with pytest.raises(DataError, match="There are no points"):
        no_points(2).without(0)


def test_fewer_classes_leave_out_the_points_of_the_others():
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
def test_a_split_takes_its_share_of_every_class_and_loses_no_point(labels, share, seed):
    places = np.column_stack([np.arange(len(labels)), np.zeros(len(labels))])
    points = PlanePoints(places, np.array(labels), 4)
    train, test = split_points(points, share, np.random.default_rng(seed))
    assert sorted([*train.points[:, 0], *test.points[:, 0]]) == list(range(len(labels)))
    for count, kept in zip(points.counts(), train.counts(), strict=True):
        assert kept == (max(1, round(share * count)) if count else 0)


def test_a_split_depends_on_its_generator_alone():
    first, again = (split_points(SQUARE, 0.5, np.random.default_rng(3))[0] for _ in range(2))
    assert first.points.tobytes() == again.points.tobytes()


def test_a_share_of_nothing_is_refused():
    with pytest.raises(ValueError, match="training share"):
        split_points(SQUARE, 0, np.random.default_rng(0))
