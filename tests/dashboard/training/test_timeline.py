"""The timeline keeps few states, evenly spread over the run."""

import gc
from dataclasses import replace

import numpy as np
import pytest
from plane_helpers import make_plane_run

from dashboard.training.timeline import CheckpointMemory, Timeline


def state_at(run, iteration):
    run.iteration = iteration
    return run.state(history=False)


def filled(iterations, run=None, **limits):
    timeline, run = Timeline(**limits), run or make_plane_run()
    for iteration in iterations:
        if timeline.wants(iteration):
            timeline.add(state_at(run, iteration))
    return timeline


@pytest.mark.parametrize("steps", [1, 7, 100])
@pytest.mark.parametrize("last", [50, 1_000, 40_000])
def test_a_timeline_stays_within_its_capacity_and_reaches_from_first_to_nearly_last(steps, last):
    timeline = filled(range(0, last + 1, steps), capacity=20)
    taken = timeline.iterations
    assert len(timeline) <= 20
    assert taken[0] == 0
    assert list(taken) == sorted(set(taken))
    assert last - taken[-1] <= max(steps, 0.2 * last)


def test_states_are_spread_evenly_however_long_the_run():
    gaps = np.diff(filled(range(0, 10_001, 10), capacity=40).iterations)
    assert len(gaps) >= 15
    assert gaps.max() <= 2.5 * gaps.min()


def test_a_short_run_keeps_every_state():
    assert filled(range(30)).iterations == tuple(range(30))


def test_large_networks_have_fewer_states():
    run = make_plane_run(hidden_layers=[100, 100])
    size = state_at(run, 0).nbytes
    assert size >= 4 * run.network.parameter_count
    assert 5 <= len(filled(range(100), run, memory=CheckpointMemory(10 * size))) <= 10
    assert len(filled(range(100), run, memory=CheckpointMemory(1))) == 2


def test_the_timelines_of_a_process_share_a_memory_until_they_end():
    run = make_plane_run(hidden_layers=[300, 300])
    size = state_at(run, 0).nbytes
    memory = CheckpointMemory(max_bytes=8 * size, shared_bytes=12 * size)
    timelines = [filled(range(100), run, memory=memory) for _ in range(3)]
    assert memory.bytes_each == 4 * size
    # Those that began alone use less from their next state on.
    for timeline in timelines:
        timeline.add(state_at(run, 1000))
        assert 2 <= len(timeline) <= 4
    del timelines, timeline
    gc.collect()
    assert memory.bytes_each == 8 * size


def test_a_timeline_of_small_networks_leaves_the_memory_to_others():
    memory = CheckpointMemory(max_bytes=2**30, shared_bytes=2**30)
    timelines = [filled(range(30), memory=memory) for _ in range(3)]
    assert memory.bytes_each == 2**30
    assert [len(timeline) for timeline in timelines] == [30, 30, 30]


def test_later_states_can_be_dropped():
    timeline = filled([0, 10, 20, 40])
    timeline.forget_after(20)
    assert timeline.iterations == (0, 10, 20)


def test_a_capacity_below_three_is_refused():
    with pytest.raises(ValueError, match="at least 3, found 2"):
        Timeline(capacity=2)


def test_the_running_mean_of_the_weights_counts_as_memory():
    run = make_plane_run()
    state = run.state(history=False)
    averaged = replace(state, averaged=run.network.copy(), averaged_steps=1)
    weights = sum(array.nbytes for array in run.network.parameters())
    assert averaged.nbytes == state.nbytes + weights
