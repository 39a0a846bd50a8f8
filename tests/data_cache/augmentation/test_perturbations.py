"""Perturbations of digits by exact amounts, on canvases of twice the side."""

import numpy as np
import pytest

from data_cache import crop, load_digits, perturb, to_float


@pytest.fixture(scope="module")
def images():
    return to_float(load_digits().validation.images[:120])


def test_neutral_amounts_leave_the_image_in_the_middle_of_the_canvas(images):
    neutral = {"shift": 0, "rotation": 0, "scale": 1, "thickness": 0, "noise": 0}
    for kind, amount in neutral.items():
        canvases = perturb(images, kind, amount, np.random.default_rng(0))
        assert canvases.shape == (len(images), 56, 56)
        assert np.allclose(crop(canvases), images, atol=1e-5)


def test_a_shift_has_the_given_length_and_keeps_all_ink(images):
    steps = np.arange(56)

    def middles(canvases):
        total = canvases.sum(axis=(1, 2))
        return np.stack([canvases.sum(axis=k) @ steps for k in (1, 2)]) / total

    still, moved = (perturb(images, "shift", far, np.random.default_rng(0)) for far in (0, 8))
    far = np.hypot(*(middles(moved) - middles(still)))
    assert far == pytest.approx(8, abs=0.05)
    assert moved.sum() == pytest.approx(still.sum(), rel=1e-3)


def test_an_unknown_kind_is_refused_with_the_known_ones(images):
    with pytest.raises(ValueError, match="shift, rotation, scale, thickness, noise, found “x”"):
        perturb(images, "x", 1, np.random.default_rng(0))
