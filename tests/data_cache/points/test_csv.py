"""Points as CSV."""

from pathlib import Path

import numpy as np
import pytest
from cache_helpers import error_of
from hypothesis import given
from hypothesis import strategies as st

from data_cache import (
    PlanePoints,
    fit_into_plane,
    fit_points,
    make_shape,
    points_from_csv,
    points_to_csv,
    read_points,
)


def test_points_are_read_exactly_as_they_were_written():
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
    # There are at least two classes.
    assert points_from_csv(b"x,y,label\n0,0,0\n", "mine.csv").classes == 2


def test_all_faults_of_a_file_are_told_at_once():
    lines = ["x,y,label", "1,2,0", "a,2,0", "1,b,0", "1,2", *["c,d,0"] * 9]
    message = error_of(points_from_csv, "\n".join(lines).encode(), "mine.csv")
    for part in ("line 3: ", "“a”", "line 4: ", "“b”", "line 5: ", "found 2", "and 7 more lines"):
        assert part in message


FILES = Path(__file__).parents[2] / "files" / "points"


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("excel_de.csv", ()),
        ("minus_one.csv", ("-1", "1")),
        ("names.csv", ("blue", "orange")),
        ("x1x2y.csv", ()),
    ],
)
def test_files_of_other_programs_are_read(name, names):
    points, source = read_points((FILES / name).read_bytes(), name)
    expected = [[0.5, 0.25], [-0.5, 0.75], [0.1, -0.6]]
    np.testing.assert_allclose(points.points, expected[: len(points)], rtol=1e-6)
    assert (points.labels.tolist(), points.classes) == ([0, 1, 0][: len(points)], 2)
    assert source.class_names == names


PLAIN = "x,y,label\n0.5,0.25,0\n-0.5,0.75,1\n0.1,-0.6,0\n"
UNUSUAL = {
    "remarks": "# made by hand\n" + PLAIN.replace("1\n", "1\n# half\n"),
    "a header as a remark": "# " + PLAIN,
    "a title": "My own points,,\n" + PLAIN,
    "a declared separator in quotes": '"sep=,"\n' + PLAIN,
    "a declared separator with cells": "sep=,,\n" + PLAIN,
    "Weka": "@RELATION p\n@ATTRIBUTE x REAL\n@DATA\n" + PLAIN.partition("\n")[2],
    "minus signs": PLAIN.replace("-", "\N{MINUS SIGN}"),
    "the second coordinate first": "x2,x1,y\n0.25,0.5,0\n0.75,-0.5,1\n-0.6,0.1,0\n",
    "zeros at the end": PLAIN + "\0" * 40,
}


@pytest.mark.parametrize("text", UNUSUAL.values(), ids=UNUSUAL)
def test_what_programs_and_people_write_around_points_is_left_out(text):
    points, _ = read_points(text.encode(), "x.csv")
    expected = [[0.5, 0.25], [-0.5, 0.75], [0.1, -0.6]]
    np.testing.assert_allclose(points.points, expected, rtol=1e-6)
    assert points.labels.tolist() == [0, 1, 0]


POINTS = ([0.5, 0.25], [-0.5, 0.75], [1e-3, -0.6])
ORDERS = {"x": 0, "y": 1, "label": 2}


@given(
    order=st.permutations(["x", "y", "label"]),
    separator=st.sampled_from([",", ";", "\t", "|", " "]),
    header=st.sampled_from(["names", "capitals", "none"]),
    labels=st.sampled_from([(0, 1), (-1, 1), ("blue", "orange"), (0.5, 1.5), ("0", "1"), (3, 30)]),
    comma=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    index=st.booleans(),
)
def test_any_writing_of_the_same_points_gives_the_same(
    *, order, separator, header, labels, comma, encoding, newline, index
):
    if labels == (0.5, 1.5) and header == "none":
        labels = (0, 1)  # nothing tells fractions from coordinates
    chosen = [labels[0], labels[1], labels[0]]
    rows = [
        [str(row[ORDERS[column]]) for column in order]
        for row in ([x, y, label] for (x, y), label in zip(POINTS, chosen, strict=True))
    ]
    if comma and separator != ",":
        rows = [[cell.replace(".", ",") for cell in row] for row in rows]
    if header == "none" and order.index("y") < order.index("x"):
        return  # without names, the first coordinate is x
    names = [column.upper() if header == "capitals" else column for column in order]
    lines = rows if header == "none" else [names, *rows]
    if index and header != "none" and separator != " ":
        lines = [["", *names], *([str(place), *row] for place, row in enumerate(rows))]
    text = newline.join(separator.join(line) for line in lines)
    points, source = read_points(text.encode(encoding), "x.csv")
    np.testing.assert_allclose(points.points, POINTS, rtol=1e-6)
    assert points.labels.tolist() == [0, 1, 0] if labels != (3, 30) else True
    if labels in (("blue", "orange"), (-1, 1), (3, 30)):
        assert source.class_names == tuple(map(str, labels))


def test_scaling_and_names_are_undone_when_points_are_saved():
    content = b"x,y,label\n10,100,no\n30,140,yes\n"
    points, source = fit_points(*read_points(content, "x.csv"))
    assert np.abs(points.points).max() <= 1
    assert source.legend == "class 0 is no, class 1 is yes"
    again, names = read_points(points_to_csv(points, source), "x.csv")
    np.testing.assert_allclose(again.points, [[10, 100], [30, 140]], rtol=1e-6)
    assert names.class_names == ("no", "yes")


def test_points_within_the_limit_do_not_change_and_others_are_scaled():
    near = PlanePoints([[0.1, 1.2], [0, 0]], [0, 1], 2)
    assert fit_into_plane(near) is near
    far = PlanePoints([[10, 100], [30, 140]], [0, 1], 2)
    np.testing.assert_allclose(fit_into_plane(far).points, [[-0.5, -1], [0.5, 1]])
    alone = PlanePoints([[1e15, -1e15]], [0], 2)
    np.testing.assert_array_equal(fit_into_plane(alone).points, [[0, 0]])
