"""The epochs after each iteration, against counting samples one batch after another."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_helpers import few_samples, make_run, train

from dashboard.training.epoch_scale import EpochScale


def count_epochs(batch_sizes, samples):
    """The epochs after each batch; a batch never crosses the end of an epoch."""
    done, epochs = 0, []
    for size in batch_sizes:
        done += min(size, samples - done % samples)
        epochs.append(done / samples)
    return epochs


@pytest.mark.parametrize(("samples", "size"), [(100, 20), (100, 30), (300, 7), (40, 64)])
def test_a_run_has_the_epochs_of_the_samples_it_took(samples, size):
    run = make_run(few_samples(samples), batch_size=size)
    train(run, steps=47)
    expected = count_epochs([size] * 47, samples)
    found = run.history.epochs.at(np.arange(1, 48))
    np.testing.assert_allclose(found, expected, atol=size / samples)
    assert found[-1] == pytest.approx(expected[-1])
    ends = [index for index, epochs in enumerate(expected) if epochs == int(epochs)]
    np.testing.assert_allclose(found[ends], np.array(expected)[ends], rtol=1e-12)
    assert len(run.history.epochs.points) <= 2


def test_another_batch_size_bends_the_scale_where_it_takes_effect():
    run = make_run(few_samples(200), batch_size=20)
    train(run, steps=5)
    run.settings.batch_size = 5
    train(run, steps=13)
    np.testing.assert_allclose(
        run.history.epochs.at(np.arange(1, 19)), count_epochs([20] * 5 + [5] * 13, 200)
    )


def test_truncating_gives_the_scale_of_a_shorter_run():
    run, short = (make_run(few_samples(100), batch_size=20) for _ in range(2))
    train(run, steps=33)
    train(short, steps=12)
    run.history.epochs.truncate(12)
    steps = np.arange(13)
    np.testing.assert_allclose(run.history.epochs.at(steps), short.history.epochs.at(steps))


def test_a_scale_without_points_goes_on_at_the_pace_of_its_end():
    scale = EpochScale()
    assert scale.at([0, 5]).tolist() == [0, 0]
    scale.end = (4, 0.5)
    assert scale.at([0, 2, 4, 8]).tolist() == [0, 0.25, 0.5, 1]


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 3)), max_size=12))
def test_added_points_stay_on_the_scale_and_straight_ones_are_merged(steps):
    scale, points, iteration, epochs = EpochScale(), [], 0, 0
    for width, height in steps:
        iteration, epochs = iteration + width, epochs + height
        scale.add(iteration, epochs)
        points.append((iteration, epochs))
    np.testing.assert_allclose(
        scale.at([point[0] for point in points]), [point[1] for point in points], rtol=1e-12
    )
    again = EpochScale(map(tuple, json.loads(json.dumps(scale.points))))
    assert again.points == scale.points


@pytest.mark.parametrize("points", [[(0, 1)], [(3, 1), (3, 2)], [(1.5, 1)], [(1, float("nan"))]])
def test_impossible_points_are_refused(points):
    with pytest.raises(ValueError, match="expected"):
        EpochScale(points)
