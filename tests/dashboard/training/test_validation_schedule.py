"""When a run is scored on validation samples."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.training.validation_schedule import EVERY_EPOCH, WHILE_WATCHED, ValidationSchedule

plans = st.builds(ValidationSchedule, st.integers(1, 5), st.integers(0, 90))


def due(plan: ValidationSchedule, epoch: int, until: int) -> list[int]:
    """Return after how many samples scores are due."""
    found = [plan.next_after(0, epoch)]
    while found[-1] < until:
        found.append(plan.next_after(found[-1], epoch))
    return found


EARLY = [1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000]


@pytest.mark.parametrize(
    ("epoch", "expected"),
    [
        (4_000, [*EARLY, 12_000, 20_000, 32_000, 48_000, 72_000, 104_000, 136_000]),
        (55_000, [13_750, 27_500, 41_250, 55_000, 68_750, 82_500, 96_250, 110_000, 165_000]),
    ],
)
def test_who_watches_sees_four_scores_in_early_epochs_and_fewer_and_fewer_later(epoch, expected):
    assert due(WHILE_WATCHED, epoch, expected[-1]) == expected


def test_every_epoch_can_have_its_score():
    assert due(EVERY_EPOCH, 7, 35) == [7, 14, 21, 28, 35]


@given(plan=plans, epoch=st.integers(5, 40), samples=st.integers(0, 400))
def test_the_next_score_is_the_same_from_everywhere_before_it(plan, epoch, samples):
    expected = next(number for number in due(plan, epoch, 600) if number > samples)
    assert plan.next_after(samples, epoch) == expected


@given(plan=plans, epoch=st.integers(5, 40))
def test_later_scores_stand_at_ends_of_epochs_and_their_gaps_stop_growing(plan, epoch):
    later = [number for number in due(plan, epoch, 900) if number >= 2 * epoch]
    assert all(number % epoch == 0 for number in later)
    gaps = [after - before for before, after in itertools.pairwise(later)]
    assert gaps == sorted(gaps)
    assert gaps[-1] < max(plan.largest_gap, 1) + epoch
