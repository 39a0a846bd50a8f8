"""Student's t-tests against closed forms, published tables, and SciPy where it is installed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.languages.language import find_language
from dashboard.languages.text import use_language
from dashboard.runs.t_test import (
    PAIRED,
    WELCH,
    paired_t_test,
    regularized_incomplete_beta,
    t_quantile,
    t_tail,
    verdict,
    welch_t_test,
)


@given(st.floats(0, 1), st.integers(1, 12), st.integers(1, 12))
def test_the_beta_function_of_whole_numbers_is_a_binomial_tail(x: float, a: int, b: int) -> None:
    n = a + b - 1
    tail = sum(math.comb(n, j) * x**j * (1 - x) ** (n - j) for j in range(a, n + 1))
    assert regularized_incomplete_beta(a, b, x) == pytest.approx(tail, abs=1e-12)


@given(st.floats(-50, 50))
def test_one_and_two_degrees_of_freedom_have_closed_forms(t: float) -> None:
    cauchy = 1 - 2 * math.atan(abs(t)) / math.pi
    assert t_tail(t, 1) == pytest.approx(cauchy, abs=1e-12)
    assert t_tail(t, 2) == pytest.approx(1 - abs(t) / math.sqrt(2 + t * t), abs=1e-12)


@pytest.mark.parametrize(
    ("degrees", "critical"),
    [(1, 12.706), (2, 4.303), (4, 2.776), (8, 2.306), (10, 2.228), (30, 2.042), (120, 1.980)],
)
def test_the_critical_values_are_those_of_the_tables(degrees: int, critical: float) -> None:
    assert t_quantile(degrees) == pytest.approx(critical, abs=5e-4)


def test_the_paired_test_is_that_of_students_own_example() -> None:
    # Student (1908), additional hours of sleep of ten patients with two drugs.
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    test = paired_t_test(first, second)
    assert (test.kind, test.degrees) == (PAIRED, 9)
    assert test.t == pytest.approx(4.0621, abs=1e-4)
    assert test.p == pytest.approx(0.002833, abs=1e-6)
    assert test.is_significant
    welch = welch_t_test(first, second)
    assert welch.kind == WELCH
    assert (welch.t, welch.degrees) == (
        pytest.approx(1.8608, abs=1e-4),
        pytest.approx(17.776, abs=1e-3),
    )
    assert welch.p == pytest.approx(0.07939, abs=1e-5)
    assert not welch.is_significant
    assert (test.difference - test.margin, test.difference + test.margin) == (
        pytest.approx(0.7001, abs=1e-4),
        pytest.approx(2.4599, abs=1e-4),
    )


def test_equal_values_are_no_difference_and_a_constant_one_is_certain() -> None:
    same = paired_t_test([0.9, 0.8], [0.9, 0.8])
    assert (same.difference, same.p) == (0, 1)
    assert "may be chance" in verdict(same)
    assert welch_t_test([0.5, 0.5], [0.75, 0.75]).p == 0


@pytest.mark.parametrize("values", [[0.5], [], [0.5, math.nan], [0.5, math.inf]])
def test_values_that_cannot_be_tested_are_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="finite values"):
        paired_t_test(values, [0.5] * len(values))


def test_without_a_difference_at_least_95_of_100_comparisons_may_be_chance() -> None:
    generator = np.random.default_rng(7)
    tries = 400
    for compare in (welch_t_test, paired_t_test):
        called = sum(
            "may be chance"
            in verdict(compare(generator.normal(0.95, 0.004, 5), generator.normal(0.95, 0.004, 5)))
            for _ in range(tries)
        )
        # The share is 95 % by construction; three standard deviations of the count below it.
        assert called / tries >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / tries)


def test_the_sentence_says_how_much_by_which_test_and_whether_it_is_chance() -> None:
    better = verdict(welch_t_test([0.95, 0.951, 0.952], [0.97, 0.971, 0.972]))
    assert "2.00 ± " in better
    assert "better" in better
    assert WELCH in better
    assert "may be chance" not in better
    worse = verdict(paired_t_test([0.95, 0.951, 0.952], [0.949, 0.953, 0.948]))
    assert "worse" in worse
    assert "may be chance" in worse


def test_the_sentence_is_in_the_current_language() -> None:
    with use_language(find_language("de")):
        better = verdict(welch_t_test([0.95, 0.951, 0.952], [0.97, 0.971, 0.972]))
    assert "2,00 ± " in better
    assert "Punkte besser; bei 3 Startwerten" in better


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=9),
    st.lists(st.floats(0, 1), min_size=2, max_size=9),
)
def test_scipy_says_the_same(first: list[float], second: list[float]) -> None:
    stats = pytest.importorskip("scipy.stats")
    test = welch_t_test(first, second)
    if np.std(first) + np.std(second) < 1e-6:
        return  # SciPy warns about cancellation there
    found = stats.ttest_ind(second, first, equal_var=False)
    assert test.t == pytest.approx(found.statistic, rel=1e-9, abs=1e-9)
    assert test.p == pytest.approx(found.pvalue, rel=1e-9, abs=1e-12)
