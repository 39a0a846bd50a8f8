"""Learning rate schedules: callables from the number of a step to its learning rate.

They are frozen records without state, so that a resumed run gets exactly the same rates.
"""

from dataclasses import dataclass
from math import cos, pi
from typing import Protocol

from nn.choices import resolve_choice


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
    """The learning rate times `factor` after each of the `milestones`, fractions of the run.

    By default a tenth after half of the run and a hundredth after three quarters (He, Zhang, Ren
    and Sun, 2016, section 4.2).
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
        return _cosine(self.learning_rate, 0.0, _progress(step, self.total_steps))


@dataclass(frozen=True)
class OneCycleSchedule:
    """Warm-up to the full rate and annealing to nearly 0 (Smith and Topin, 2018).

    From `learning_rate` / `start_divisor` to `learning_rate` at the fraction `warm_up` of the run,
    and on to `learning_rate` / `end_divisor`, both along half a cosine.
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
            return _cosine(peak / self.start_divisor, peak, progress / self.warm_up)
        return _cosine(
            peak, peak / self.end_divisor, (progress - self.warm_up) / (1 - self.warm_up)
        )


_SCHEDULES: dict[str, type[ConstantSchedule | StepSchedule | CosineSchedule | OneCycleSchedule]] = {
    "constant": ConstantSchedule,
    "step": StepSchedule,
    "cosine": CosineSchedule,
    "one-cycle": OneCycleSchedule,
}

SCHEDULES = tuple(_SCHEDULES)
"""Names of the schedules."""


def schedule_name(text: str) -> str:
    """Return the one of `SCHEDULES` that `text` spells; `ValueError` if none."""
    return resolve_choice(text, SCHEDULES, "schedule")


def create_schedule(name: str, learning_rate: float, total_steps: int) -> Schedule:
    """Return the schedule of a run.

    Parameters
    ----------
    name : str
        One of `SCHEDULES`, in any spelling.
    learning_rate : float
        The highest learning rate, above 0.
    total_steps : int
        Length of the run, at least 1. Later steps get the rate of the last one.

    Raises
    ------
    ValueError
        For an unknown name or a number outside its range.
    """
    if not learning_rate > 0:
        raise ValueError(f"Expected a learning rate above 0 and found {learning_rate}.")
    if total_steps < 1:
        raise ValueError(f"Expected a run of at least 1 step and found {total_steps}.")
    return _SCHEDULES[schedule_name(name)](learning_rate, total_steps)


def _progress(step: int, total_steps: int) -> float:
    return min(step / total_steps, 1.0)


def _cosine(start: float, end: float, progress: float) -> float:
    """Return the value at `progress` in [0, 1] of half a cosine from `start` to `end`."""
    return end + (start - end) * (1 + cos(pi * progress)) / 2
