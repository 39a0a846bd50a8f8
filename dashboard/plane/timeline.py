"""Remembers how a run looked at earlier steps, evenly spread and never more than a fixed number.

A long run is remembered more thinly, not more expensively.
"""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.plane.run import Place

CAPACITY = 120
BYTES = 64 * 2**20
"""Memory for the weights and moments of all checkpoints together."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A place in a run, with what was known of it then: smoothed loss and accuracy, or None."""

    place: Place
    loss: float | None
    accuracy: float | None

    @property
    def iteration(self) -> int:
        """Steps taken until then."""
        return self.place.mark.iteration

    @property
    def size(self) -> int:
        """Bytes of its arrays."""
        mark = self.place.mark
        arrays = [*mark.network.parameters(), *mark.optimizer_state.values()]
        return sum(array.nbytes for array in arrays)


class Timeline:
    """Checkpoints of one run, the oldest first.

    Parameters
    ----------
    capacity
        The largest number that is kept, at least 3.
    max_bytes
        The most memory that they take together, though at least two are kept.
    """

    def __init__(self, capacity: int = CAPACITY, max_bytes: int = BYTES) -> None:
        if capacity < 3:
            raise ValueError(f"A timeline keeps at least 3 checkpoints; found {capacity}.")
        self._capacity = capacity
        self._max_bytes = max_bytes
        self._checkpoints: list[Checkpoint] = []
        self._stride = 1

    def __len__(self) -> int:
        return len(self._checkpoints)

    def __getitem__(self, index: int) -> Checkpoint:
        return self._checkpoints[index]

    @property
    def iterations(self) -> tuple[int, ...]:
        """When the checkpoints were taken."""
        return tuple(checkpoint.iteration for checkpoint in self._checkpoints)

    def nearest(self, iteration: int) -> int:
        """Return the number of the checkpoint that is nearest to a step."""
        gaps = [abs(taken - iteration) for taken in self.iterations]
        return gaps.index(min(gaps))

    def wants(self, iteration: int) -> bool:
        """Tell whether a checkpoint of this step would be kept."""
        if not self._checkpoints:
            return True
        return iteration - self._checkpoints[-1].iteration >= self._stride

    def add(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint that `wants` asked for; thins the others out when there are many."""
        self._checkpoints.append(checkpoint)
        while self._is_full():
            self._thin()

    def forget_after(self, iteration: int) -> None:
        """Drop the checkpoints behind `iteration`, as when a run goes on from there."""
        self._checkpoints = [kept for kept in self._checkpoints if kept.iteration <= iteration]

    def _is_full(self) -> bool:
        count = len(self._checkpoints)
        size = sum(checkpoint.size for checkpoint in self._checkpoints)
        return count > self._capacity or (count > 2 and size > self._max_bytes)

    def _thin(self) -> None:
        """Keep the first, the last, and those between that lie twice as far apart as before."""
        first, *others = self._checkpoints
        self._stride = max(2 * self._stride, others[-1].iteration // self._capacity)
        kept = [first]
        for checkpoint in others[:-1]:
            if checkpoint.iteration - kept[-1].iteration >= self._stride:
                kept.append(checkpoint)
        self._checkpoints = [*kept, others[-1]]
