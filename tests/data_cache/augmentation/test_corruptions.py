"""Contrast, blur, noise and erased patches."""

from __future__ import annotations

import numpy as np
import pytest

from data_cache.augmentation.corruptions import add_noise, blur, change_contrast, erase_patch


def filled(side, count=1) -> np.ndarray:
    """A square of full ink in the centre."""
    pictures = np.zeros((count, 28, 28), np.float32)
    first = 14 - side // 2
    pictures[:, first : first + side, first : first + side] = 1
    return pictures


def test_contrast_keeps_the_background_and_raises_the_maximum_to_1():
    pictures = 0.6 * filled(6, 2)
    pictures[:, 11, 11:17] = 0.1
    change_contrast(pictures, np.array([5, 1], np.float32), np.full(2, 0.5, np.float32))
    assert pictures[0, 14, 14] == pytest.approx(1)
    assert pictures[0, 0].max() == pytest.approx(0)
    assert pictures[0, 11, 14] < 0.1
    assert pictures[1, 14, 14] == pytest.approx(0.6)


def test_blur_keeps_the_sum_and_spreads_it():
    pictures = filled(6)
    blur(pictures, np.ones(1, np.float32))
    assert pictures.sum() == pytest.approx(36, rel=1e-5)
    assert pictures[0, 14, 10] == pytest.approx(0.25)


def test_noise_has_its_deviation_and_affects_only_the_chosen_images():
    pictures = np.zeros((40, 28, 28), np.float32)
    deviation = np.repeat(np.float32([0, 0.1]), 20)
    add_noise(pictures, deviation, np.linspace(0, 0.999, 40, dtype=np.float32))
    assert not pictures[:20].any()
    assert pictures[20:].std() == pytest.approx(0.1, rel=0.02)
    assert not np.array_equal(pictures[20], pictures[21])


def test_a_patch_is_erased_and_nothing_else():
    pictures = np.ones((2, 28, 28), np.float32)
    erase_patch(pictures, np.float32([4, -1]), np.float32([[10.5, 20.5], [14, 14]]))
    rows, columns = np.nonzero(pictures[0] == 0)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (19, 22, 9, 12)
    assert pictures[1].all()
