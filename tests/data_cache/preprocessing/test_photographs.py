"""Ink in photographs: light or dark background, shadows, any size and shape."""

from __future__ import annotations

import numpy as np
import pytest

from data_cache import find_ink, frame_digit, load_digits
from nn import load_pretrained


def pictures(count=30):
    samples = load_digits().validation[:count]
    return samples.images.reshape(-1, 28, 28) / 255, samples.labels


def photograph(digit, *, scale=8, size=(400, 300), dark=False, shadow=0.0, noise=0.0, seed=0):
    """A digit off the centre, in uneven light."""
    generator = np.random.default_rng(seed)
    big = np.kron(digit, np.ones((scale, scale)))
    paper = np.zeros(size)
    top, left = size[0] - big.shape[0] - 20, 30
    paper[top : top + big.shape[0], left : left + big.shape[1]] = big
    light = 1 - shadow * np.linspace(0, 1, size[1])[None, :]
    grey = 0.9 - 0.6 * paper if not dark else 0.15 + 0.7 * paper
    return 255 * (grey * light + noise * generator.standard_normal(size))


def share_read(**how) -> float:
    digits, labels = pictures()
    framed = np.stack([frame_digit(find_ink(photograph(digit, **how))) for digit in digits])
    return float((load_pretrained().predict_proba(framed).argmax(axis=1) == labels).mean())


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"dark": True},
        {"shadow": 0.6},
        {"noise": 0.03},
        {"dark": True, "shadow": 0.4, "noise": 0.02},
        {"scale": 2, "size": (90, 120)},
        {"scale": 12, "size": (500, 900)},
    ],
    ids=["plain", "dark", "shadow", "noise", "all", "small", "wide"],
)
def test_digits_are_read_from_photographs(how):
    assert share_read(**how) >= 0.93


@pytest.mark.parametrize("grey", [0.0, 128.0, 255.0])
def test_an_empty_sheet_has_no_ink(grey):
    assert not find_ink(np.full((50, 70), grey)).any()
    assert find_ink(np.full((50, 70), grey)).shape == (168, 168)


def test_a_shadow_alone_is_no_ink():
    sheet = np.tile(np.linspace(120, 250, 300), (200, 1))
    ink = find_ink(sheet)
    assert ink[:, 20:-20].mean() < 0.05


def test_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"expected shape \(height, width\), found \(0, 4\)"):
        find_ink(np.zeros((0, 4)))
    with pytest.raises(ValueError, match=r"found \(4, 4, 3\)"):
        find_ink(np.zeros((4, 4, 3)))


def test_a_single_pixel_is_no_ink_either():
    assert not find_ink(np.ones((1, 1))).any()
