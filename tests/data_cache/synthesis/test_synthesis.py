"""Synthetic digits, images that are not digits, and the rendering of strokes."""

from __future__ import annotations

import numpy as np
import pytest
from cache_helpers import same

from data_cache import load_digits
from data_cache.synthesis import (
    add_synthetic_samples,
    draw_digits,
    draw_non_digits,
    write_digit,
)
from data_cache.synthesis.rendering import curve, draw_lines, length, resample_line
from data_cache.synthesis.stroke_templates import STYLES, Stroke, letter_styles, styles_of
from nn import load_pretrained


def digits_of(labels, seed=0):
    return draw_digits(np.asarray(labels), np.random.default_rng(seed))


def test_every_digit_has_several_styles_within_its_box():
    assert sorted(STYLES) == list(range(10))
    for digit in range(10):
        assert len(styles_of(digit)) >= 6
        for style in (*styles_of(digit), *letter_styles()):
            for stroke in style:
                assert len(stroke.points) == len(stroke.corners) >= 2
                assert stroke.points.min() >= 0
                assert stroke.points.max() <= 1


def test_the_small_pretrained_network_recognises_most_digits():
    labels = np.tile(np.arange(10), 12)
    samples = digits_of(labels)
    assert samples.labels.tolist() == labels.tolist()
    found = load_pretrained().predict_proba(samples.images.astype(np.float32) / 255).argmax(axis=1)
    assert (found == labels).mean() > 0.9


def test_the_same_generator_draws_the_same_digits_and_no_two_are_equal():
    assert np.array_equal(digits_of([3, 4]).images, digits_of([3, 4]).images)
    assert not np.array_equal(digits_of([3, 4]).images, digits_of([3, 4], seed=1).images)
    assert len(np.unique(digits_of([5] * 10).images, axis=0)) == 10


def test_a_digit_is_whole_on_its_canvas():
    generator = np.random.default_rng(0)
    for digit in range(10):
        canvas = write_digit(digit, generator)
        assert (canvas.shape, canvas.dtype) == ((84, 84), np.float32)
        assert canvas.max() == pytest.approx(1, abs=0.3)
        # The fading edge of a line may touch the border; no line may leave the canvas.
        assert canvas[[0, -1]].max() < 0.9
        assert canvas[:, [0, -1]].max() < 0.9


def is_coarse(canvas, cell):
    """Whether the canvas consists of cells of one grey level each."""
    whole = canvas[: len(canvas) // cell * cell, : len(canvas) // cell * cell]
    cells = whole[::cell, ::cell].repeat(cell, axis=0).repeat(cell, axis=1)
    return np.array_equal(whole, cells)


def test_some_digits_have_a_low_resolution_and_some_are_as_wide_as_high():
    generator = np.random.default_rng(3)
    canvases = [write_digit(0, generator) for _ in range(200)]
    coarse = [any(is_coarse(canvas, cell) for cell in range(2, 8)) for canvas in canvases]
    assert 0.05 < np.mean(coarse) < 0.25
    heights, widths = (
        np.array([np.ptp(np.flatnonzero(canvas.any(axis=axis))) for canvas in canvases])
        for axis in (1, 0)
    )
    assert 0.1 < np.mean(widths > 0.9 * heights) < 0.5
    assert np.mean(widths < 0.8 * heights) > 0.4


def test_a_curve_passes_through_its_points_and_keeps_corners():
    points = np.array([[0, 0], [0.5, 0], [0.5, 0.5], [1, 1]])
    smooth = curve(Stroke(points, np.zeros(4, bool)))
    for point in points:
        assert np.abs(smooth - point).sum(axis=1).min() < 1e-12
    broken = curve(Stroke(points, np.array([False, True, False, False])))
    assert np.allclose(broken[broken[:, 1] == 0][:, 0], [0, 0.5, 0.5])


def test_a_line_is_resampled_at_equal_distances():
    line = np.array([[0.0, 0], [3, 0], [3, 4]])
    found = resample_line(line, 8)
    assert np.allclose(np.hypot(*np.diff(found, axis=0).T)[[0, 1, 4, 5]], 1)
    assert length(line) == 7
    assert np.allclose(found[[0, -1]], line[[0, -1]])


def test_a_line_has_its_width_and_without_antialiasing_no_greys():
    line = np.array([[5.0, 10, 25, 10]])
    soft = draw_lines(line, 2, 30)
    assert soft[:, 15].sum() == pytest.approx(4)
    assert soft[10, 2] < 1
    hard = draw_lines(line, 2, 30, hard=True)
    assert set(np.unique(hard)) == {0, 1}
    outside = draw_lines(np.array([[-50.0, -50, -40, -40]]), 2, 30)
    assert not outside.any()


def test_non_digits_are_of_nine_kinds():
    digits = load_digits().train.images[:200]
    pictures = draw_non_digits(90, np.random.default_rng(0), digits)
    assert (pictures.shape, pictures.dtype) == ((90, 784), np.uint8)
    assert (pictures.max(axis=1) > 5).all()
    again = draw_non_digits(90, np.random.default_rng(0), digits)
    assert np.array_equal(pictures, again)
    for kind in range(9):
        assert len(np.unique(pictures[kind::9], axis=0)) == 10


@pytest.mark.parametrize("count", [0, 1, 5])
def test_any_count_of_non_digits_can_be_drawn(count):
    digits = load_digits().train.images[:20]
    assert draw_non_digits(count, np.random.default_rng(0), digits).shape == (count, 784)


def test_synthetic_samples_follow_the_given_ones_and_non_digits_are_unlabelled():
    samples = load_digits().train[:20]
    counts = {"pen_digits": 12, "non_digits": 9}
    more = add_synthetic_samples(samples, np.random.default_rng(0), **counts)
    assert len(more) == 41
    assert same(more[:20], samples)
    assert more.labels.max() < 10
    assert more.is_labelled.tolist() == 32 * [True] + 9 * [False]
    again = add_synthetic_samples(samples, np.random.default_rng(0), **counts)
    assert same(again, more)
    labelled = add_synthetic_samples(samples, np.random.default_rng(0), pen_digits=2, non_digits=0)
    assert labelled.is_labelled is None
