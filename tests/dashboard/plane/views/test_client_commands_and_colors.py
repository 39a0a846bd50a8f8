"""Messages of the page, colours and sentences of the spiral's pane."""

import numpy as np
import pytest

from dashboard.plane.views.client_commands import KINDS, UNIT_KINDS, read_wish
from dashboard.plane.views.region_colors import clear_palette
from dashboard.plane.views.text import place_html, summary_html
from dashboard.plane.views.unit_colors import LEVELS, UNIT_PALETTE, tile, unit_levels
from dashboard.plane.views.unit_maps import columns_for
from dashboard.plane.views.weights_editor import read_weight, table_html
from dashboard.training.history import Score


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ([1, "look", 0.5, 1], [0.5, 1]),
        ([2, "leave"], []),
        ([3, "paint", "stroke", 4, [0.1, 0.2]], ["stroke", 4, [0.1, 0.2]]),
        ([4, "delete", "train", 7], ["train", 7]),
    ],
)
def test_a_wish_is_read_with_its_words(tags, words):
    assert read_wish(tags, KINDS) == (tags[1], words)


@pytest.mark.parametrize(
    "tags",
    [
        [],
        [1],
        [1, "fly"],
        [1, "look", 0.5],
        [1, "look", 0.5, "up"],
        [1, "look", 0.5, float("nan")],
        [1, "delete", "train", True],
        [1, "delete", "train", 1.5],
        [1, "paint", "stroke", 0, [0.1]],
        [1, "paint", "stroke", 0, [0.1, None]],
    ],
)
def test_a_wish_that_cannot_be_read_is_refused(tags):
    with pytest.raises(ValueError, match="the page sends"):
        read_wish(tags, KINDS)


def test_wishes_about_units_name_one():
    assert read_wish([1, "toggle", 3], UNIT_KINDS) == ("toggle", [3])


def test_zero_is_clear_and_the_largest_value_is_strongest():
    assert len(UNIT_PALETTE) == LEVELS
    assert UNIT_PALETTE[LEVELS // 2].endswith("00")
    levels = unit_levels(np.array([[[0.0, 2.0], [-4.0, 4.0]]]))
    assert levels.tolist() == [[[64, 96], [0, 128]]]


def test_what_is_not_finite_counts_as_zero():
    levels = unit_levels(np.array([[[np.nan, np.inf], [-np.inf, 0.0]]]))
    assert (levels == LEVELS // 2).all()


def test_maps_are_laid_out_row_by_row_from_the_top_left():
    maps = np.arange(1, 6, dtype=np.uint8)[:, np.newaxis, np.newaxis] * np.ones((1, 2, 2), np.uint8)
    picture = tile(maps, columns=3)
    assert picture.shape == (8, 12)
    # The picture's first row is its lowest: units 4 and 5, then room for one more.
    assert [int(picture[1, column]) for column in (1, 5, 9)] == [4, 5, LEVELS // 2]
    assert [int(picture[5, column]) for column in (1, 5, 9)] == [1, 2, 3]


@pytest.mark.parametrize("units", [1, 2, 8, 64])
def test_maps_come_out_nearly_square(units):
    columns = columns_for(units)
    assert 1 <= columns <= units


def test_regions_are_as_clear_as_each_other():
    palette = clear_palette()
    assert set(palette.regions[:, 3]) == {np.float32(153)}
    assert len({int(pixel) for pixel in palette.packed}) == len(palette.points)


@pytest.mark.parametrize("text", ["", "heavy", "nan", "1e9"])
def test_a_weight_that_is_none_is_answered_with_what_is(text):
    with pytest.raises(ValueError, match=r"from -1,000,000 to 1,000,000; found"):
        read_weight(text)


def test_weights_are_read_as_typed():
    assert read_weight(" -0.25 ") == -0.25


def test_the_table_names_each_weight_and_survives_useless_ones():
    html = table_html(["x₁", "<bias>"], [0.5, float("nan")], 1)
    assert "x₁" in html
    assert "&lt;bias&gt;" in html
    assert html.count("<tr") == 2
    assert "nan" in html


def test_without_test_points_there_is_no_test_score():
    assert "test <b>–</b>" in summary_html(Score(1, 0.1, 0.5, 10), Score(1, np.nan, np.nan, 0))


def test_weights_out_of_hand_get_no_guess():
    assert "out of hand" in place_html(0, 0, np.array([np.nan, 0.5]))
