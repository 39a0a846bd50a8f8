"""When a run is scored on validation samples."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.validation_plan import EVERY_EPOCH, WHILE_WATCHED, ValidationPlan

plans = st.builds(ValidationPlan, st.integers(1, 5), st.integers(0, 90))


def due(plan: ValidationPlan, epoch: int, until: int) -> list[int]:
    """Return after how many samples scores are due, counted sample by sample."""
    counts = [plan.count(samples, epoch) for samples in range(until + 1)]
    return [samples for samples in range(1, until + 1) if counts[samples] > counts[samples - 1]]


@pytest.mark.parametrize(
    ("epoch", "expected"),
    [
        (4_000, [1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 40_000, 72_000]),
        (55_000, [13_750, 27_500, 41_250, 55_000, 68_750, 82_500, 96_250, 110_000, 165_000]),
    ],
)
def test_who_watches_sees_four_scores_in_early_epochs_and_then_one_in_thirty_thousand_samples(
    epoch, expected
):
    assert due(WHILE_WATCHED, epoch, expected[-1]) == expected


def test_every_epoch_can_have_its_score():
    assert due(EVERY_EPOCH, 7, 35) == [7, 14, 21, 28, 35]


@given(plan=plans, epoch=st.integers(5, 40), samples=st.integers(0, 150))
def test_the_next_score_is_due_after_the_samples_that_are_told(plan, epoch, samples):
    told = plan.samples_to_next(samples, epoch)
    assert told >= 1
    here = plan.count(samples, epoch)
    assert plan.count(samples + told - 1, epoch) == here
    assert plan.count(samples + told, epoch) == here + 1


@given(plan=plans, epoch=st.integers(5, 40))
def test_later_scores_stand_at_ends_of_epochs_no_nearer_than_asked_for(plan, epoch):
    later = [samples for samples in due(plan, epoch, 300) if samples > 2 * epoch]
    assert all(samples % epoch == 0 for samples in later)
    gaps = {after - before for before, after in itertools.pairwise(later)}
    assert all(gap >= plan.later_spacing for gap in gaps)
