"""Generators of labelled points."""

from math import pi, sin

import numpy as np
import pytest

from data_cache import PLANE_SHAPES, make_shape
from data_cache.points.generators import BLOB_RADIUS, CHECKERS


def shape(name, count=300, classes=3, noise=0.0, seed=1, **options):
    return make_shape(name, count, classes, noise, np.random.default_rng(seed), **options)


def radius_of(points):
    return np.hypot(points.points[:, 0], points.points[:, 1])


@pytest.mark.parametrize("classes", [2, 3, 5, 10])
def test_an_arm_of_the_spiral_has_evenly_growing_radius_and_angle(classes):
    angle = 4.0
    points = shape("spiral", 40 * classes, classes, arm_angle=angle)
    for arm in range(classes):
        x, y = points.points[points.labels == arm].T.astype(float)
        r = np.linspace(0, 1, 40)
        t = np.linspace(0, angle, 40) + 2 * pi * arm / classes
        np.testing.assert_allclose(np.hypot(x, y), r, atol=1e-6)
        np.testing.assert_allclose(x, r * np.sin(t), atol=1e-6)
        np.testing.assert_allclose(y, r * np.cos(t), atol=1e-6)


def test_the_noise_of_a_spiral_changes_angles_and_not_radii():
    noisy = shape("spiral", 3000, 3, noise=0.25)
    np.testing.assert_allclose(radius_of(noisy[:1000]), np.linspace(0, 1, 1000), atol=1e-6)
    x, y = noisy.points[500:1000].T.astype(float)
    turned = np.arctan2(x, y) - np.linspace(0, pi, 1000)[500:]
    assert np.std((turned + pi) % (2 * pi) - pi) == pytest.approx(0.25, rel=0.15)


def test_every_arm_is_a_rotated_copy_of_the_first():
    points = shape("spiral", 500, 5, noise=0.25)
    turn = 2 * pi / 5
    first, second = points.points[:100].astype(float), points.points[100:200]
    x = first[:, 0] * np.cos(turn) + first[:, 1] * np.sin(turn)
    y = first[:, 1] * np.cos(turn) - first[:, 0] * np.sin(turn)
    np.testing.assert_allclose(second, np.column_stack([x, y]), atol=1e-6)


def test_rings_without_noise_have_the_radii_of_their_classes():
    points = shape("circles", 120, 4)
    np.testing.assert_allclose(radius_of(points), (points.labels + 1) / 4, atol=1e-6)


def test_blobs_without_noise_are_their_centres():
    points = shape("blobs", 30, 3)
    np.testing.assert_allclose(radius_of(points), BLOB_RADIUS, atol=1e-6)
    assert len(np.unique(np.round(points.points, 5), axis=0)) == 3


def test_the_noise_of_blobs_is_in_halves_of_the_distance_between_centres():
    points = shape("blobs", 6000, 6, noise=0.5)
    first = points.points[points.labels == 0]
    assert first.std(axis=0) == pytest.approx([0.5 * BLOB_RADIUS * sin(pi / 6)] * 2, rel=0.1)


def test_moons_are_symmetric_half_circles():
    points = shape("moons", 100, 2)
    upper, lower = points.points[:50], points.points[50:]
    middle = np.array([-0.5, -0.25]) / 1.6
    np.testing.assert_allclose(np.hypot(*(upper - middle).T), 1 / 1.6, atol=1e-6)
    np.testing.assert_allclose(lower, -upper, atol=1e-6)


def test_the_class_of_a_point_in_xor_is_whether_x_and_y_have_the_same_sign():
    points = shape("xor", 500, 2)
    x, y = points.points.T
    np.testing.assert_array_equal(points.labels, (x * y > 0).astype(int))


@pytest.mark.parametrize("classes", [2, 3])
def test_squares_of_the_board_alternate(classes):
    points = shape("checkerboard", 900, classes)
    columns, rows = np.floor((points.points.T.astype(float) + 1) / 2 * CHECKERS)
    np.testing.assert_array_equal(points.labels, (columns + rows) % classes)


@pytest.mark.parametrize("name", PLANE_SHAPES)
def test_every_shape_has_its_number_of_points_and_similarly_many_of_each_class(name):
    classes = PLANE_SHAPES[name].possible(7)
    points = shape(name, 331, classes, noise=0.1)
    assert len(points) == 331
    assert points.classes == classes
    counts = points.counts()
    assert counts.min() > 0
    if name not in {"xor", "checkerboard"}:
        assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("name", PLANE_SHAPES)
def test_without_noise_every_shape_is_within_1(name):
    points = shape(name, 200, PLANE_SHAPES[name].possible(10))
    assert np.abs(points.points).max() <= 1 + 1e-6


@pytest.mark.parametrize("name", PLANE_SHAPES)
def test_the_same_seed_gives_the_same_points_and_another_seed_others(name):
    one, same, other = (shape(name, 50, 2, noise=0.3, seed=seed) for seed in (1, 1, 2))
    assert one.points.tobytes() == same.points.tobytes()
    assert one.points.tobytes() != other.points.tobytes()


def test_a_shape_refuses_classes_that_it_cannot_have():
    with pytest.raises(ValueError, match="XOR: expected 2 to 2 classes, found 3"):
        shape("xor", classes=3)
