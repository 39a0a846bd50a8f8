"""Checkpoints in memory: earlier states of a run, evenly spread and limited in number and memory.

They are what the slider over the run shows and what training can be continued from.
"""

from __future__ import annotations

from dashboard.training.run_state import RunState

CAPACITY = 120
MAX_BYTES = 32 * 2**20


class Timeline:
    """States of one run, without their histories, the oldest first.

    Parameters
    ----------
    capacity
        Most states, at least 3.
    max_bytes
        Most memory of their weights and optimiser states in bytes; two are kept in any case.
    """

    def __init__(self, capacity: int = CAPACITY, max_bytes: int = MAX_BYTES) -> None:
        if capacity < 3:
            raise ValueError(f"Timeline.capacity: expected at least 3, found {capacity}.")
        self._capacity = capacity
        self._max_bytes = max_bytes
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
        while self._is_full():
            self._thin_out()

    def forget_after(self, iteration: int) -> None:
        """Drop the states after an iteration."""
        self._states = [state for state in self._states if state.iteration <= iteration]

    def _is_full(self) -> bool:
        count = len(self._states)
        size = sum(state.nbytes for state in self._states)
        return count > self._capacity or (count > 2 and size > self._max_bytes)

    def _thin_out(self) -> None:
        """Keep the first, the last, and those between at twice the distance of before."""
        first, *others = self._states
        self._stride = max(2 * self._stride, others[-1].iteration // self._capacity)
        kept = [first]
        for state in others[:-1]:
            if state.iteration - kept[-1].iteration >= self._stride:
                kept.append(state)
        self._states = [*kept, others[-1]]
