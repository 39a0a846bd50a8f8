"""Activations of the last hidden layer, neighbours in it, and its principal components."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from network_helpers import small_network

from nn.interpretation.projection import (
    align,
    fit_pca,
    last_hidden_activations,
    nearest_neighbours,
)


def random_inputs(count: int, inputs: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).random((count, inputs), np.float32)


def test_activations_are_those_of_the_last_hidden_layer() -> None:
    network = small_network((6, 5, 4, 3), activation="tanh")
    x = random_inputs(7, 6)
    first, second, _ = network.layers
    expected = np.tanh(np.tanh(x @ first.weights + first.bias) @ second.weights + second.bias)
    np.testing.assert_allclose(last_hidden_activations(network, x), expected, rtol=1e-5)


def test_a_network_without_hidden_layers_has_its_inputs_as_activations() -> None:
    x = random_inputs(3, 4)
    np.testing.assert_array_equal(last_hidden_activations(small_network((4, 2)), x), x)


@pytest.mark.parametrize("count", [1, 64, 65, 150])
def test_chunks_of_images_give_the_logits_of_the_network(count) -> None:
    network = small_network((64, 3), layer_spec="conv3x2 pool2")
    x = random_inputs(count, 64)
    last = network.layers[-1]
    logits = last_hidden_activations(network, x) @ last.weights + last.bias
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities, network.predict_proba(x), rtol=1e-4)


def test_bytes_are_scaled_to_the_unit_interval() -> None:
    network = small_network((4, 3, 2))
    pixels = np.array([[0, 51, 102, 255]], np.uint8)
    np.testing.assert_allclose(
        last_hidden_activations(network, pixels),
        last_hidden_activations(network, (pixels / 255).astype(np.float32)),
        rtol=1e-6,
    )


def test_a_diverged_network_gives_nan_without_a_warning() -> None:
    network = small_network((4, 3, 2))
    network.layers[0].weights[:] = np.nan
    assert np.isnan(last_hidden_activations(network, random_inputs(2, 4))).any()


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(1, 4), st.integers(0, 40))
def test_neighbours_are_those_of_a_full_sort(seed, n, d, count) -> None:
    generator = np.random.default_rng(seed)
    points, query = generator.integers(-3, 4, (n, d)), generator.integers(-3, 4, d)
    found = nearest_neighbours(points.astype(np.float32), query.astype(np.float32), count)
    ranked = sorted((float(np.linalg.norm(p - query)), i) for i, p in enumerate(points))
    assert found.indices.tolist() == [index for _, index in ranked[:count]]
    np.testing.assert_allclose(found.distances, [distance for distance, _ in ranked[:count]])


def test_a_point_is_its_own_nearest_neighbour() -> None:
    points = random_inputs(20, 5)
    indices, distances = nearest_neighbours(points, points[13], 1)
    assert (indices.tolist(), distances.tolist()) == ([13], [0.0])


def test_points_without_a_finite_distance_are_left_out() -> None:
    points = np.array([[np.nan, 0], [1, 1], [np.inf, 0]], np.float32)
    assert nearest_neighbours(points, np.zeros(2, np.float32), 3).indices.tolist() == [1]


@pytest.mark.parametrize(("query", "count", "found"), [(3, 1, r"\(3,\)"), (2, -1, "-1")])
def test_impossible_queries_are_refused(query, count, found) -> None:
    with pytest.raises(ValueError, match=found):
        nearest_neighbours(np.zeros((4, 2)), np.zeros(query), count)


def spread_points(seed: int, n: int, d: int) -> np.ndarray:
    """Points whose variances along random directions are 4, 1, 1/4, ..., about another mean."""
    generator = np.random.default_rng(seed)
    axes = np.linalg.qr(generator.standard_normal((d, d)))[0]
    return (generator.standard_normal((n, d)) * 0.5 ** np.arange(d)) @ axes + 3


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 12))
def test_components_are_the_singular_vectors_of_the_centred_points(seed, n, d) -> None:
    points = spread_points(seed, n, d)
    pca = fit_pca(points, count=3)
    _, singular, vectors = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    expected = singular[:3] ** 2
    np.testing.assert_allclose(pca.explained_variance * max(n - 1, 1), expected, atol=1e-9)
    for component, vector, square in zip(pca.components, vectors, expected, strict=False):
        if square > 1e-9:
            cosine = component @ vector
            assert abs(cosine) == pytest.approx(1, abs=1e-4)
            assert component[np.abs(component).argmax()] > 0


@given(st.integers(0, 2**32 - 1), st.integers(3, 40), st.integers(3, 50))
def test_coordinates_are_uncorrelated_and_have_the_explained_variances(seed, n, d) -> None:
    points = spread_points(seed, n, d)
    pca = fit_pca(points)
    covariance = np.cov(pca.transform(points), rowvar=False)
    np.testing.assert_allclose(covariance, np.diag(pca.explained_variance), atol=1e-8)
    assert (np.diff(pca.explained_variance) <= 0).all()
    total = points.var(axis=0, ddof=1).sum()
    np.testing.assert_allclose(pca.explained_variance_ratio, pca.explained_variance / total)


def test_points_on_a_line_have_one_component() -> None:
    direction = np.array([3, 0, -4]) / 5
    points = np.outer([-1.0, 0, 1, 4], direction) + 7
    pca = fit_pca(points)
    np.testing.assert_allclose(pca.components, [-direction, [0, 0, 0]], atol=1e-12)
    np.testing.assert_allclose(pca.explained_variance_ratio, [1, 0])


@pytest.mark.parametrize(("n", "d"), [(5, 3), (3, 5), (1, 4), (4, 1)])
def test_equal_points_have_no_variance(n, d) -> None:
    pca = fit_pca(np.full((n, d), 0.1, np.float32))
    assert not pca.explained_variance.any()
    assert not pca.explained_variance_ratio.any()
    assert not pca.transform(np.full((n, d), 0.1)).round(6).any()


@pytest.mark.parametrize("points", [np.zeros((0, 3)), np.array([[1, np.nan]])])
def test_points_without_components_are_refused(points) -> None:
    with pytest.raises(ValueError, match="finite"):
        fit_pca(points)


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_aligning_undoes_a_rotation_or_reflection(seed, is_reflected) -> None:
    generator = np.random.default_rng(seed)
    reference = generator.standard_normal((10, 2)) * (3, 1)
    angle = generator.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = reference @ turn * (1, -1 if is_reflected else 1)
    np.testing.assert_allclose(moved @ align(moved, reference), reference, atol=1e-9)


@given(st.integers(0, 2**32 - 1))
def test_no_rotation_brings_points_nearer_to_the_reference_than_aligning(seed) -> None:
    generator = np.random.default_rng(seed)
    points, reference = generator.standard_normal((2, 8, 2))
    rotation = align(points, reference)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(2), atol=1e-12)
    best = np.square(points @ rotation - reference).sum()
    for angle in np.linspace(0, 2 * np.pi, 30):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        for candidate in (turn, turn * (1, -1)):
            assert np.square(points @ candidate - reference).sum() >= best - 1e-9
