"""Styles of handwriting: their table, how writers vary them, instruments and scans."""

import re
from pathlib import Path

import numpy as np
import pytest
from cache_helpers import same

from data_cache import frame_digit, to_float
from data_cache.synthesis import (
    HANDWRITING_STYLES,
    SCHOOLS,
    HandwritingStyle,
    Part,
    add_synthetic_samples,
    choose_styles,
    draw_styled_digits,
    styles_without,
    write_style,
)
from data_cache.synthesis.instruments import INSTRUMENTS, draw_with_instrument
from data_cache.synthesis.writer import write_lines
from nn import load_pretrained

DOCUMENT = Path(__file__).parents[3] / "docs" / "handwriting.md"
ZIGZAG = HandwritingStyle(
    4,
    "zigzag",
    ("german",),
    "60,0@top 0,50! 90,50! 40,100 / 20,20@top 40,40",
    {"top": Part(x=(5, 15), y=(-10, 0), size=(2, 2))},
)


def styles_of(digit):
    return [style for style in HANDWRITING_STYLES if style.digit == digit]


def test_every_digit_has_several_styles_with_names_and_known_schools():
    for digit in range(10):
        names = [style.name for style in styles_of(digit)]
        assert len(set(names)) == len(names) >= 6
    used = {school for style in HANDWRITING_STYLES for school in style.schools}
    assert used == set(SCHOOLS)


def test_every_school_has_a_style_of_every_digit_and_leaving_it_out_leaves_no_style_of_it():
    for school in SCHOOLS:
        mine = [style for style in HANDWRITING_STYLES if school in style.schools]
        assert {style.digit for style in mine} == set(range(10))
        rest = styles_without(school)
        assert len(rest) + len(mine) == len(HANDWRITING_STYLES)
        assert not set(rest) & set(mine)
        assert {style.digit for style in rest} == set(range(10))


def test_every_part_names_points_and_every_labelled_point_has_its_part():
    for style in HANDWRITING_STYLES:
        labels = {word.rstrip("!").partition("@")[2] for word in style.text.split()} - {""}
        assert labels == set(style.parts), style.name
        for stroke in style.strokes:
            assert len(stroke.points) == len(stroke.corners) >= 2
            assert -0.1 <= stroke.points.min() <= stroke.points.max() <= 1.1


def test_the_document_lists_all_styles_and_schools():
    text = DOCUMENT.read_text(encoding="utf-8")
    for style in HANDWRITING_STYLES:
        schools = "all" if len(style.schools) == len(SCHOOLS) else ", ".join(style.schools)
        assert f"\n| {style.digit} {style.name} | {schools} |\n" in text
    for name, description in SCHOOLS.items():
        assert f"\n| {name} | {description} |\n" in text


def test_the_document_gives_the_accuracy_on_every_style_and_school_that_was_left_out():
    text = DOCUMENT.read_text(encoding="utf-8").partition("## Styles that a network")[2]
    for style in HANDWRITING_STYLES:
        assert re.search(rf"\n\| {style.digit} {style.name} \| \d+\.\d % \|\n", text)
    for name in SCHOOLS:
        count = sum(name in style.schools for style in HANDWRITING_STYLES)
        assert re.search(rf"\n\| {name} \| {count} \| \d+\.\d % \|", text)


def test_a_part_is_shifted_and_scaled_within_its_bounds_and_the_rest_stays():
    generator = np.random.default_rng(0)
    for _ in range(20):
        long, short = ZIGZAG.vary(generator)
        np.testing.assert_array_equal(long.points[1:], [[0, 0.5], [0.9, 0.5], [0.4, 1]])
        np.testing.assert_array_equal(long.corners, [False, True, True, False])
        np.testing.assert_array_equal(short.points[1], [0.4, 0.4])
        # Twice as far from the common middle of both points, (0.4, 0.1).
        ends = np.stack([long.points[0], short.points[0]])
        np.testing.assert_allclose(np.diff(ends, axis=0), [[-0.8, 0.4]])
        shift = ends.mean(axis=0) - [0.4, 0.1]
        assert 0.05 <= shift[0] <= 0.15
        assert -0.1 <= shift[1] <= 0


def test_the_same_generator_state_writes_the_same_digits_and_no_two_are_equal():
    styles = choose_styles(40, np.random.default_rng(1))
    first, again = (draw_styled_digits(styles, np.random.default_rng(2)) for _ in range(2))
    assert same(first, again)
    assert first.labels.tolist() == [style.digit for style in styles]
    assert len(np.unique(first.images, axis=0)) == 40


def test_styles_are_chosen_equally_often_for_every_digit():
    few = [*styles_of(1), *styles_of(7)[:1]]
    chosen = choose_styles(2000, np.random.default_rng(0), few)
    assert np.mean([style.digit == 7 for style in chosen]) == pytest.approx(0.5, abs=0.05)
    assert set(chosen) == set(few)


def test_every_style_can_be_written_and_most_digits_are_recognised():
    generator = np.random.default_rng(4)
    for style in HANDWRITING_STYLES:
        canvas = write_style(style, generator)
        assert (canvas.shape, canvas.dtype) == ((84, 84), np.float32)
        assert 0 <= canvas.min() < canvas.max() <= 1
        assert frame_digit(canvas) is not None
    samples = draw_styled_digits(choose_styles(300, generator), generator)
    found = load_pretrained("mlp").predict_proba(to_float(samples.images)).argmax(axis=1)
    assert (found == samples.labels).mean() > 0.8


def test_a_writer_s_lines_are_about_as_high_as_the_box_and_may_be_joined_or_broken():
    generator = np.random.default_rng(5)
    barred = next(style for style in styles_of(7) if style.name == "bar")
    written = [write_lines(barred, generator) for _ in range(200)]
    heights = [np.ptp(np.concatenate(lines)[:, 1]) for lines in written]
    assert np.median(heights) == pytest.approx(1, abs=0.1)
    counts = np.bincount([len(lines) for lines in written], minlength=4)
    assert counts[2] > counts[1] > 0 < counts[3]


def test_a_part_of_the_digits_is_scanned_in_few_black_and_white_cells():
    generator = np.random.default_rng(6)
    line = [np.array([[0.0, 0.0], [1.0, 1.0]])]
    canvases = [draw_with_instrument(line, generator) for _ in range(200)]
    assert sum(instrument.share for instrument in INSTRUMENTS) == pytest.approx(1)
    coarse = [any(has_cells(canvas, cell) for cell in range(2, 10)) for canvas in canvases]
    assert 0.05 < np.mean(coarse) < 0.25
    sides = [np.ptp(np.flatnonzero(canvas.any(axis=1))) for canvas in canvases]
    assert 20 < min(sides) < max(sides) < 84


def has_cells(canvas, cell):
    """Whether a canvas of 0 and 1 consists of uniform cells."""
    whole = canvas[: len(canvas) // cell * cell, : len(canvas) // cell * cell]
    cells = whole[::cell, ::cell].repeat(cell, axis=0).repeat(cell, axis=1)
    return np.array_equal(whole, cells) and set(np.unique(canvas)) <= {0, 1}


def test_school_digits_are_added_last_and_change_none_of_the_others():
    samples = draw_styled_digits(HANDWRITING_STYLES[:20], np.random.default_rng(0))
    counts = {"pen_digits": 6, "non_digits": 4}
    plain = add_synthetic_samples(samples, np.random.default_rng(0), **counts)
    styles = [style for style in HANDWRITING_STYLES if style.digit == 9]
    more = add_synthetic_samples(
        samples, np.random.default_rng(0), **counts, school_digits=5, styles=styles
    )
    assert len(more) == len(plain) + 5
    assert same(more[: len(plain)], plain)
    assert more.labels[-5:].tolist() == 5 * [9]
    assert more.is_labelled[-5:].all()
