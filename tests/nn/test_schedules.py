import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import SCHEDULES, create_schedule


def rates(name, steps, *, rate=0.8, total=100):
    schedule = create_schedule(name, rate, total)
    return [schedule(step) for step in steps]


def test_the_constant_schedule_never_changes():
    assert rates("constant", [0, 50, 99, 500]) == [0.8] * 4


def test_the_step_schedule_drops_to_a_tenth_at_half_and_at_three_quarters():
    steps = [0, 49, 50, 74, 75, 99, 1000]
    assert rates("step", steps) == pytest.approx([0.8, 0.8, 0.08, 0.08, 0.008, 0.008, 0.008])


def test_the_cosine_schedule_falls_along_half_a_cosine_to_zero():
    expected = [0.8, 0.4 * (1 + 2**-0.5), 0.4, 0.0, 0.0]
    assert rates("cosine", [0, 25, 50, 100, 1000]) == pytest.approx(expected, abs=1e-15)


def test_the_one_cycle_schedule_rises_and_then_falls_to_nearly_0():
    expected = [0.8 / 25, (0.8 + 0.8 / 25) / 2, 0.8, (0.8 + 0.8e-4) / 2, 0.8e-4, 0.8e-4]
    assert rates("one-cycle", [0, 15, 30, 65, 100, 101]) == pytest.approx(expected)


@given(
    name=st.sampled_from(SCHEDULES),
    rate=st.floats(1e-6, 10),
    total=st.integers(1, 1000),
    step=st.integers(0, 2000),
)
def test_a_rate_is_from_0_to_the_given_one(name, rate, total, step):
    assert 0 <= create_schedule(name, rate, total)(step) <= rate * (1 + 1e-12)


def test_equal_schedules_are_equal_records():
    assert create_schedule("one_cycle", 0.1, 10) == create_schedule("one-cycle", 0.1, 10)


@pytest.mark.parametrize(
    ("rate", "steps", "found"),
    [(0.0, 10, 0.0), (-1.0, 10, -1.0), (np.nan, 10, np.nan), (0.1, 0, 0)],
)
def test_a_rate_that_is_not_above_0_and_a_run_without_steps_are_refused(rate, steps, found):
    with pytest.raises(ValueError, match=f"found {found}"):
        create_schedule("cosine", rate, steps)
