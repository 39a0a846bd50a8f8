import numpy as np
import pytest

from data_cache import (
    DataError,
    PlanePoints,
    fit_into_plane,
    make_shape,
    points_from_csv,
    points_to_csv,
)


def test_points_come_back_from_their_file_to_the_bit():
    points = make_shape("spiral", 100, 5, 0.3, np.random.default_rng(1))
    content = points_to_csv(points)
    assert content.startswith(b"x,y,label\n")
    again = points_from_csv(content, "mine.csv")
    assert again.points.tobytes() == points.points.tobytes()
    np.testing.assert_array_equal(again.labels, points.labels)
    assert again.classes == 5


def test_spaces_capitals_blank_lines_and_windows_line_ends_do_no_harm():
    content = b"\xef\xbb\xbfX, Y ,Label\r\n0.5 , -1e-1, 1\r\n\r\n0,0,0\r\n"
    points = points_from_csv(content, "mine.csv")
    np.testing.assert_allclose(points.points, [[0.5, -0.1], [0, 0]])
    np.testing.assert_array_equal(points.labels, [1, 0])


def test_a_single_class_leaves_room_for_a_second():
    assert points_from_csv(b"x,y,label\n0,0,0\n", "mine.csv").classes == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "mine.csv, line 1: the header “x,y,label” was expected; found an empty file"),
        (b"a,b,c\n1,2,0\n", "line 1: the header “x,y,label” was expected; found “a,b,c”"),
        (b"x,y,label\n", "points were expected after the header, but none follow"),
        (b"x,y,label\n0,0,0\n1,2\n", "line 3: 3 values .* found 2 in “1,2”"),
        (b"x,y,label\n1,two,0\n", "line 2: y was expected to be a number .* found “two”"),
        (b"x,y,label\nnan,0,0\n", "line 2: x was expected to be a number .* found “nan”"),
        (b"x,y,label\n1e300,0,0\n", "line 2: x was expected .* found “1e300”"),
        (b"x,y,label\n0,0,10\n", "line 2: a label from 0 to 9 was expected; found “10”"),
        (b"x,y,label\n0,0,-1\n", "line 2: a label from 0 to 9 was expected; found “-1”"),
        (b"x,y,label\n0,0,1.5\n", "found “1.5”"),
        (b"\x93PNG\xff", "text was expected; byte 0 is none"),
        (b"x,y,label\n" + b"0,0,0\n" * 20_001, "at most 20,000 points were expected; found 20,001"),
    ],
)
def test_a_wrong_file_is_answered_with_the_place_and_what_was_expected(content, message):
    with pytest.raises(DataError, match=message):
        points_from_csv(content, "mine.csv")


def test_points_within_the_square_stay_and_others_are_fitted_into_it():
    near = PlanePoints([[0.1, 1.2], [0, 0]], [0, 1], 2)
    assert fit_into_plane(near) is near
    far = PlanePoints([[10, 100], [30, 140]], [0, 1], 2)
    np.testing.assert_allclose(fit_into_plane(far).points, [[-0.5, -1], [0.5, 1]])
    alone = PlanePoints([[1e15, -1e15]], [0], 2)
    np.testing.assert_array_equal(fit_into_plane(alone).points, [[0, 0]])
