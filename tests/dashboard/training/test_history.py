from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.training.history import Curve, History, Score, smooth


def history_of(count: int) -> History:
    history = History()
    for step in range(1, count + 1):
        history.append(1 / step, 1 - 1 / step, 0.1 * step)
    return history


def test_a_curve_below_its_capacity_holds_every_step():
    curve = Curve(capacity=8)
    for value in (3.0, 1.0, 2.0):
        curve.append(value)
    steps, means = curve.points()
    assert steps.tolist() == [1, 2, 3]
    assert means.tolist() == [3, 1, 2]


@given(st.lists(st.integers(-100, 100), min_size=1, max_size=70))
def test_a_thinned_curve_keeps_every_value_in_the_mean_of_its_bucket(values):
    curve = Curve(capacity=4)
    for value in values:
        curve.append(value)
    steps, means = curve.points()
    assert len(steps) <= 4
    assert steps[-1] == len(values)
    bounds = [0, *steps.astype(int).tolist()]
    expected = [np.mean(values[a:b]) for a, b in pairwise(bounds)]
    np.testing.assert_allclose(means, expected, atol=1e-12)


@pytest.mark.parametrize("capacity", [0, 1, 3])
def test_a_curve_of_an_impossible_capacity_is_refused(capacity):
    with pytest.raises(ValueError, match=f"even number from 2, found {capacity}"):
        Curve(capacity)


def test_smoothing_nothing_changes_nothing_and_a_constant_stays_one():
    values = np.array([2.0, 7.0, 1.0])
    assert smooth(values, 0.0).tolist() == values.tolist()
    np.testing.assert_allclose(smooth(np.full(5, 3.0), 0.9), 3.0)


def test_smoothing_is_the_weighted_mean_of_the_past():
    values = np.array([1.0, 4.0, 9.0])
    weights = np.array([0.5**2, 0.5, 1])
    assert smooth(values, 0.5)[-1] == pytest.approx((weights * values).sum() / weights.sum())


@pytest.mark.parametrize("weight", [0.5, 0.9, 0.99, 0.999])
@pytest.mark.parametrize("count", [1, 2, 7, 64, 1200])
def test_smoothing_is_the_recurrence_of_the_past_and_the_present(weight, count):
    values = np.random.default_rng(count).random(count)
    average, expected = 0.0, []
    for step, value in enumerate(values, 1):
        average = weight * average + (1 - weight) * value
        expected.append(average / (1 - weight**step))
    np.testing.assert_allclose(smooth(values, weight), expected, rtol=1e-9)


def test_smoothing_a_thinned_curve_forgets_as_fast_as_the_full_one():
    assert smooth(np.array([1.0, 0.0]), 0.9, stride=4)[1] == pytest.approx(
        smooth(np.array([1.0, 0.0]), 0.9**4)[1]
    )


def test_forgetting_leaves_the_same_history_as_never_having_gone_on():
    history, short = history_of(30), history_of(12)
    for iteration in (0, 12, 13, 30):
        history.validation.append(Score(iteration, 0.5, 0.9, 100))
    history.test.append(Score(30, 0.5, 0.9, 100))
    history.truncate(12)
    assert history.losses == short.losses
    assert [score.iteration for score in history.validation] == [0, 12]
    assert history.test == []
    for mine, other in (
        (history.loss_curve, short.loss_curve),
        (history.accuracy_curve, short.accuracy_curve),
    ):
        np.testing.assert_array_equal(mine.points(), other.points())


def test_a_copy_goes_on_by_itself_and_draws_the_same_curve():
    history = History()
    history.loss_curve = Curve(capacity=4)
    generator = np.random.default_rng(1)
    for value in generator.random(3000):
        history.append(value, 1 - value, 0.1)
    history.loss_curve = history.copy().loss_curve
    copy = history.copy()
    np.testing.assert_array_equal(copy.loss_curve.points(), history.loss_curve.points())
    np.testing.assert_array_equal(copy.accuracy_curve.points(), history.accuracy_curve.points())
    copy.append(1.0, 0.5, 0.1)
    copy.validation.append(Score(1, 1, 1, 1))
    assert len(history) == 3000
    assert history.validation == []


def test_the_csv_has_a_line_per_step_and_scores_beside_theirs():
    history = history_of(2)
    history.validation += [Score(0, 2.5, 0.125, 8), Score(2, 0.5, 0.875, 8)]
    history.test.append(Score(2, 0.25, 0.75, 8))
    assert "".join(history.csv_lines()).splitlines() == [
        "iteration,loss,accuracy,learning_rate,"
        "validation_loss,validation_accuracy,test_loss,test_accuracy",
        "0,,,,2.5,0.125,,",
        "1,1,0,0.1,,,,",
        "2,0.5,0.5,0.2,0.5,0.875,0.25,0.75",
    ]
