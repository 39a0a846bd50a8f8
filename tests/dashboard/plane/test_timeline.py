import numpy as np
import pytest
from plane_helpers import make_plane_run

from dashboard.plane.timeline import Checkpoint, Timeline


def checkpoint_at(run, iteration):
    run.iteration = iteration
    return Checkpoint(run.place(), 0.5, 0.9)


def filled(iterations, run=None, **limits):
    timeline, run = Timeline(**limits), run or make_plane_run()
    for iteration in iterations:
        if timeline.wants(iteration):
            timeline.add(checkpoint_at(run, iteration))
    return timeline


@pytest.mark.parametrize("steps", [1, 7, 100])
@pytest.mark.parametrize("last", [50, 1_000, 40_000])
def test_a_timeline_never_holds_more_than_its_capacity_and_reaches_from_first_to_nearly_last(
    steps, last
):
    timeline = filled(range(0, last + 1, steps), capacity=20)
    taken = timeline.iterations
    assert len(timeline) <= 20
    assert taken[0] == 0
    assert list(taken) == sorted(set(taken))
    assert last - taken[-1] <= max(steps, 0.2 * last)


def test_checkpoints_are_spread_evenly_however_long_the_run():
    gaps = np.diff(filled(range(0, 10_001, 10), capacity=40).iterations)
    assert len(gaps) >= 15
    assert gaps.max() <= 2.5 * gaps.min()


def test_a_short_run_keeps_everything():
    assert filled(range(30)).iterations == tuple(range(30))


def test_big_nets_are_remembered_more_thinly():
    run = make_plane_run(hidden_layers=[100, 100])
    size = checkpoint_at(run, 0).size
    assert size >= 4 * run.network.parameter_count
    timeline = filled(range(100), run, max_bytes=10 * size)
    assert 5 <= len(timeline) <= 10
    assert len(filled(range(100), run, max_bytes=1)) == 2


def test_the_nearest_checkpoint_is_found_and_later_ones_can_be_forgotten():
    timeline = filled([0, 10, 20, 40])
    assert [timeline.nearest(iteration) for iteration in (0, 14, 16, 999)] == [0, 1, 2, 3]
    timeline.forget_after(20)
    assert timeline.iterations == (0, 10, 20)


def test_a_checkpoint_is_a_copy_that_later_steps_leave_alone():
    run = make_plane_run()
    kept = checkpoint_at(run, 0)
    before = kept.place.mark.network.parameters()[0].copy()
    run.network.layers[0].weights[:] += 1
    np.testing.assert_array_equal(kept.place.mark.network.parameters()[0], before)


def test_a_timeline_needs_room_for_three():
    with pytest.raises(ValueError, match="at least 3 checkpoints; found 2"):
        Timeline(capacity=2)
