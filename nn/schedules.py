"""A schedule says which learning rate each step of a run takes.

It is a frozen record that is called with the number of the step, so a resumed run goes on exactly.
"""

from dataclasses import dataclass
from math import cos, pi
from typing import Protocol

from nn.names import choose_name


class Schedule(Protocol):
    """A callable from the number of a step, 0 for the first, to its learning rate."""

    def __call__(self, step: int) -> float:
        """Return the learning rate of `step`."""
        ...


@dataclass(frozen=True)
class ConstantSchedule:
    """The same learning rate at every step."""

    learning_rate: float
    total_steps: int

    def __call__(self, step: int) -> float:
        """Return the learning rate of `step`."""
        return self.learning_rate


@dataclass(frozen=True)
class StepSchedule:
    """A tenth of the rate from half of the run on, a hundredth from three quarters on.

    The pattern of He, Zhang, Ren and Sun (2016, section 4.2).
    """

    learning_rate: float
    total_steps: int
    factor: float = 0.1
    milestones: tuple[float, ...] = (0.5, 0.75)

    def __call__(self, step: int) -> float:
        """Return the learning rate of `step`."""
        progress = _progress(step, self.total_steps)
        passed = sum(progress >= milestone for milestone in self.milestones)
        return self.learning_rate * self.factor**passed


@dataclass(frozen=True)
class CosineSchedule:
    """Half a cosine from the full rate down to 0 at `total_steps` (Loshchilov and Hutter, 2017)."""

    learning_rate: float
    total_steps: int

    def __call__(self, step: int) -> float:
        """Return the learning rate of `step`."""
        return _between(self.learning_rate, 0.0, _progress(step, self.total_steps))


@dataclass(frozen=True)
class OneCycleSchedule:
    """Up from a small rate to the full one and down to nearly nothing (Smith and Topin, 2018).

    Starts at `learning_rate` / `start_divisor`, reaches `learning_rate` after `warm_up` of the
    run, and ends at `learning_rate` / `end_divisor`, both ways along half a cosine.
    """

    learning_rate: float
    total_steps: int
    warm_up: float = 0.3
    start_divisor: float = 25.0
    end_divisor: float = 1e4

    def __call__(self, step: int) -> float:
        """Return the learning rate of `step`."""
        progress = _progress(step, self.total_steps)
        peak = self.learning_rate
        if progress < self.warm_up:
            return _between(peak / self.start_divisor, peak, progress / self.warm_up)
        return _between(
            peak, peak / self.end_divisor, (progress - self.warm_up) / (1 - self.warm_up)
        )


_TABLE: dict[str, type[ConstantSchedule | StepSchedule | CosineSchedule | OneCycleSchedule]] = {
    "constant": ConstantSchedule,
    "step": StepSchedule,
    "cosine": CosineSchedule,
    "one-cycle": OneCycleSchedule,
}

SCHEDULES = tuple(_TABLE)
"""Names of the schedules."""


def schedule_name(text: str) -> str:
    """Return the schedule that `text` means; `ValueError` if none."""
    return choose_name(text, SCHEDULES, "schedule")


def create_schedule(name: str, learning_rate: float, total_steps: int) -> Schedule:
    """Create the schedule called `name` for a run of `total_steps`, at least 1.

    `learning_rate`, above 0, is the highest rate that the schedule gives. Steps beyond
    `total_steps` keep the last rate. `ValueError` for an unknown name or impossible numbers.
    """
    if not learning_rate > 0:
        raise ValueError(f"Expected a learning rate above 0 and found {learning_rate}.")
    if total_steps < 1:
        raise ValueError(f"Expected a run of at least 1 step and found {total_steps}.")
    return _TABLE[schedule_name(name)](learning_rate, total_steps)


def _progress(step: int, total_steps: int) -> float:
    return min(step / total_steps, 1.0)


def _between(start: float, end: float, progress: float) -> float:
    """Go from `start` at progress 0 to `end` at progress 1 along half a cosine."""
    return end + (start - end) * (1 + cos(pi * progress)) / 2
