"""Points as CSV."""

import numpy as np
import pytest
from cache_helpers import error_of

from data_cache import (
    PlanePoints,
    fit_into_plane,
    make_shape,
    points_from_csv,
    points_to_csv,
)


def test_points_are_read_as_they_were_written_to_the_bit():
    points = make_shape("spiral", 100, 5, 0.3, np.random.default_rng(1))
    content = points_to_csv(points)
    assert content.startswith(b"x,y,label\n")
    again = points_from_csv(content, "mine.csv")
    assert again.points.tobytes() == points.points.tobytes()
    np.testing.assert_array_equal(again.labels, points.labels)
    assert again.classes == 5


def test_spaces_capitals_blank_lines_and_carriage_returns_are_accepted():
    content = b"\xef\xbb\xbfX, Y ,Label\r\n0.5 , -1e-1, 1\r\n\r\n0,0,0\r\n"
    points = points_from_csv(content, "mine.csv")
    np.testing.assert_allclose(points.points, [[0.5, -0.1], [0, 0]])
    np.testing.assert_array_equal(points.labels, [1, 0])


def test_there_are_at_least_two_classes():
    assert points_from_csv(b"x,y,label\n0,0,0\n", "mine.csv").classes == 2


@pytest.mark.parametrize(
    ("content", "place", "found"),
    [
        (b"", "line 1: expected the header “x,y,label”", "an empty file"),
        (b"a,b,c\n1,2,0\n", "line 1: expected the header", "“a,b,c”"),
        (b"x,y,label\n", "expected points after the header", "none"),
        (b"x,y,label\n0,0,0\n1,2\n", "line 3: expected 3 values", "2 in “1,2”"),
        (b"x,y,label\n1,two,0\n", "line 2: expected a number up to 1e15 as y", "“two”"),
        (b"x,y,label\nnan,0,0\n", "line 2: expected a number up to 1e15 as x", "“nan”"),
        (b"x,y,label\n1e300,0,0\n", "line 2: expected a number", "“1e300”"),
        (b"x,y,label\n0,0,10\n", "line 2: expected a label from 0 to 9", "“10”"),
        (b"x,y,label\n0,0,-1\n", "line 2: expected a label from 0 to 9", "“-1”"),
        (b"x,y,label\n0,0,1.5\n", "line 2: expected a label from 0 to 9", "“1.5”"),
        (b"\x93PNG\xff", "expected UTF-8 text", "another encoding at byte 0"),
        (b"x,y,label\n" + b"0,0,0\n" * 20_001, "expected at most 20,000 points", "20,001"),
    ],
)
def test_other_content_is_refused_with_its_line(content, place, found):
    message = error_of(points_from_csv, content, "mine.csv")
    assert message.removeprefix("mine.csv")[2:].startswith(place)
    assert f"found {found}" in message


def test_points_within_the_limit_stay_and_others_are_scaled():
    near = PlanePoints([[0.1, 1.2], [0, 0]], [0, 1], 2)
    assert fit_into_plane(near) is near
    far = PlanePoints([[10, 100], [30, 140]], [0, 1], 2)
    np.testing.assert_allclose(fit_into_plane(far).points, [[-0.5, -1], [0.5, 1]])
    alone = PlanePoints([[1e15, -1e15]], [0], 2)
    np.testing.assert_array_equal(fit_into_plane(alone).points, [[0, 0]])
