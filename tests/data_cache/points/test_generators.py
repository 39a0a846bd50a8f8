"""Generators of labelled points."""

from math import pi, sin

import numpy as np
import pytest

from data_cache import PLANE_SHAPES, make_shape
from data_cache.points.generators import BLOB_RADIUS, CHECKERS, CLUSTER_DISTANCE


def shape(name, count=300, classes=3, noise=0.0, seed=1, **options):
    return make_shape(name, count, classes, noise, np.random.default_rng(seed), **options)


def radius_of(points):
    return np.hypot(points.points[:, 0], points.points[:, 1])


@pytest.mark.parametrize("classes", [2, 3, 5, 10])
def test_along_an_arm_of_the_spiral_radius_and_angle_grow_evenly(classes):
    angle = 4.0
    points = shape("spiral", 40 * classes, classes, arm_angle=angle)
    for arm in range(classes):
        r = np.linspace(0, 1, 40)
        t = np.linspace(0, angle, 40) + 2 * pi * arm / classes
        expected = np.column_stack([r * np.sin(t), r * np.cos(t)])
        np.testing.assert_allclose(points.points[points.labels == arm], expected, atol=1e-6)


def test_the_noise_of_a_spiral_changes_angles_but_not_radii_and_is_the_same_in_all_arms():
    noisy = shape("spiral", 3000, 3, noise=0.25)
    first, second = noisy.points[:1000].astype(float), noisy.points[1000:2000]
    np.testing.assert_allclose(np.hypot(*first.T), np.linspace(0, 1, 1000), atol=1e-6)
    deviation = np.arctan2(*first[500:].T) - np.linspace(0, pi, 1000)[500:]
    assert np.std((deviation + pi) % (2 * pi) - pi) == pytest.approx(0.25, rel=0.15)
    cosine, sine = np.cos(2 * pi / 3), np.sin(2 * pi / 3)
    rotated = first @ [[cosine, -sine], [sine, cosine]]
    np.testing.assert_allclose(second, rotated, atol=1e-6)


def test_rings_without_noise_have_the_radii_of_their_classes():
    points = shape("circles", 120, 4)
    np.testing.assert_allclose(radius_of(points), (points.labels + 1) / 4, atol=1e-6)


def test_the_noise_of_blobs_is_in_halves_of_the_distance_between_centres():
    exact = shape("blobs", 30, 3)
    np.testing.assert_allclose(radius_of(exact), BLOB_RADIUS, atol=1e-6)
    assert len(np.unique(np.round(exact.points, 5), axis=0)) == 3
    points = shape("blobs", 6000, 6, noise=0.5)
    first = points.points[points.labels == 0]
    assert first.std(axis=0) == pytest.approx([0.5 * BLOB_RADIUS * sin(pi / 6)] * 2, rel=0.1)


def test_moons_are_symmetric_half_circles():
    points = shape("moons", 100, 2)
    upper, lower = points.points[:50], points.points[50:]
    centre = np.array([-0.5, -0.25]) / 1.6
    np.testing.assert_allclose(np.hypot(*(upper - centre).T), 1 / 1.6, atol=1e-6)
    np.testing.assert_allclose(lower, -upper, atol=1e-6)


def test_the_class_of_a_point_in_xor_is_1_where_x_and_y_have_the_same_sign():
    points = shape("xor", 500, 2)
    x, y = points.points.T
    np.testing.assert_array_equal(points.labels, (x * y > 0).astype(int))


@pytest.mark.parametrize("classes", [2, 3])
def test_the_squares_of_the_checkerboard_alternate(classes):
    points = shape("checkerboard", 900, classes)
    columns, rows = np.floor((points.points.T.astype(float) + 1) / 2 * CHECKERS)
    np.testing.assert_array_equal(points.labels, (columns + rows) % classes)


@pytest.mark.parametrize("classes", [2, 3])
def test_neighbouring_clusters_have_different_classes(classes):
    points = shape("clusters", 120, classes)
    found = {
        (round(x / CLUSTER_DISTANCE), round(y / CLUSTER_DISTANCE - 0.5)): label
        for (x, y), label in zip(points.points.tolist(), points.labels.tolist(), strict=True)
    }
    assert len(found) == 6
    for (column, row), label in found.items():
        assert all(found.get(near) != label for near in ((column + 1, row), (column, row + 1)))


@pytest.mark.parametrize("classes", [2, 5])
def test_bands_follow_each_other_along_the_diagonal(classes):
    points = shape("bands", 500, classes)
    diagonal = points.points.sum(axis=1)
    order = np.argsort(diagonal)
    assert (np.diff(points.labels[order]) >= 0).all()
    np.testing.assert_allclose(points.counts() / 500, 1 / classes, atol=0.06)


@pytest.mark.parametrize("name", PLANE_SHAPES)
def test_every_shape_has_its_number_of_points_and_similarly_many_of_each_class(name):
    classes = PLANE_SHAPES[name].possible(7)
    points = shape(name, 331, classes, noise=0.1)
    assert (len(points), points.classes) == (331, classes)
    counts = points.counts()
    assert counts.min() > 0
    if name not in {"xor", "checkerboard", "bands"}:
        assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("name", PLANE_SHAPES)
def test_a_shape_is_within_1_without_noise_and_depends_on_the_seed(name):
    exact = shape(name, 200, PLANE_SHAPES[name].possible(10))
    assert np.abs(exact.points).max() <= 1 + 1e-6
    one, same, other = (shape(name, 50, 2, noise=0.3, seed=seed) for seed in (1, 1, 2))
    assert one.points.tobytes() == same.points.tobytes()
    assert one.points.tobytes() != other.points.tobytes()


def test_a_number_of_classes_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r"XOR: .* found 3"):
        shape("xor", classes=3)
