"""Checkpoints in memory: earlier states of a run, evenly spread and limited in number and memory.

They are what the slider over the run shows and what training can be continued from.
"""

from __future__ import annotations

from weakref import WeakSet

from dashboard.training.run_state import RunState

CAPACITY = 120
MAX_BYTES = 32 * 2**20
SHARED_BYTES = 128 * 2**20
SMALL_BYTES = 2**20
"""Timelines that take less, as in the plane, do not count among those that share a memory."""


class CheckpointMemory:
    """The memory that the timelines of all visitors of a process share.

    Parameters
    ----------
    max_bytes
        Most memory of one timeline, in bytes.
    shared_bytes
        Most memory of all of them; each has an equal part.
    """

    def __init__(self, max_bytes: int = MAX_BYTES, shared_bytes: int = SHARED_BYTES) -> None:
        self._max_bytes = max_bytes
        self._shared_bytes = shared_bytes
        self._timelines: WeakSet[Timeline] = WeakSet()

    def add(self, timeline: Timeline) -> None:
        """Share the memory with a timeline, too, for as long as it exists."""
        self._timelines.add(timeline)

    @property
    def bytes_each(self) -> int:
        """The most memory of a timeline, in bytes, while there are as many as now."""
        return min(self._max_bytes, self._shared_bytes // max(1, len(self._timelines)))


class Timeline:
    """States of one run, without their histories, the oldest first.

    Parameters
    ----------
    capacity
        Most states, at least 3.
    memory
        Limits the memory of their weights and optimiser states; two are kept in any case.
        None: a memory of its own.
    """

    def __init__(self, capacity: int = CAPACITY, memory: CheckpointMemory | None = None) -> None:
        if capacity < 3:
            raise ValueError(f"Timeline.capacity: expected at least 3, found {capacity}.")
        self._capacity = capacity
        self._memory = memory or CheckpointMemory()
        self._states: list[RunState] = []
        self._stride = 1

    def __len__(self) -> int:
        return len(self._states)

    def __getitem__(self, index: int) -> RunState:
        return self._states[index]

    @property
    def iterations(self) -> tuple[int, ...]:
        """The iteration of every state."""
        return tuple(state.iteration for state in self._states)

    def wants(self, iteration: int) -> bool:
        """Return whether a state of this iteration would be kept."""
        return not self._states or iteration - self._states[-1].iteration >= self._stride

    def add(self, state: RunState) -> None:
        """Add a state that `wants` asked for; drop others when there are too many."""
        self._states.append(state)
        if self._size > SMALL_BYTES:
            self._memory.add(self)
        while self._is_full():
            self._thin_out()

    def forget_after(self, iteration: int) -> None:
        """Drop the states after an iteration."""
        self._states = [state for state in self._states if state.iteration <= iteration]

    def _is_full(self) -> bool:
        count = len(self._states)
        return count > self._capacity or (count > 2 and self._size > self._memory.bytes_each)

    @property
    def _size(self) -> int:
        return sum(state.nbytes for state in self._states)

    def _thin_out(self) -> None:
        """Keep the first, the last, and those between at twice the distance of before."""
        first, *others = self._states
        self._stride = max(2 * self._stride, others[-1].iteration // self._capacity)
        kept = [first]
        for state in others[:-1]:
            if state.iteration - kept[-1].iteration >= self._stride:
                kept.append(state)
        self._states = [*kept, others[-1]]
