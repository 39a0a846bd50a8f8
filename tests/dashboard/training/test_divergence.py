import math

import pytest

from dashboard.training.divergence import EXPLOSION_FACTOR, DivergenceDetector


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_is_a_fault_at_once(loss):
    fault = DivergenceDetector().find_fault(loss, loss, 10)
    assert fault == "became infinite or not a number"


def test_the_first_loss_counts_at_least_as_much_as_guessing():
    low, high = DivergenceDetector(), DivergenceDetector()
    assert low.find_fault(0.1, 0.1, 10) is None
    assert high.find_fault(50.0, 50.0, 10) is None
    assert low.starting == pytest.approx(math.log(10))
    assert high.starting == 50.0


def test_the_smoothed_loss_decides_whether_training_exploded():
    guard = DivergenceDetector(starting=2.0)
    assert guard.find_fault(1e6, EXPLOSION_FACTOR * 2.0, 10) is None
    assert guard.find_fault(1234.0, EXPLOSION_FACTOR * 2.0 + 0.1, 10) == "exploded to 1,234"


def test_weights_are_good_when_losses_are_near_the_best_ones():
    guard = DivergenceDetector()
    assert guard.is_good(1.0, 1.0)
    assert guard.is_good(0.4, 0.4)
    assert guard.best == 0.4
    assert guard.is_good(0.7, 0.7)
    assert not guard.is_good(0.71, 0.71)


def test_weights_with_one_ruinous_batch_are_not_good_yet():
    guard = DivergenceDetector()
    assert guard.is_good(0.3, 0.3)
    assert not guard.is_good(5.0, 0.5)
