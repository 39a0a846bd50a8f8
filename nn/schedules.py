"""Learning rate schedules: the learning rate of each step of a run.

A schedule is a frozen record without state, so that a resumed run gets exactly the same rates.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi

from nn.choices import resolve_choice
from nn.texts import gettext_noop


def _constant(peak: float, progress: float) -> float:
    return peak


def _step(peak: float, progress: float) -> float:
    """Drop to a tenth at half of the run and at three quarters (He et al., 2016, section 4.2)."""
    return peak * 0.1 ** ((progress >= 0.5) + (progress >= 0.75))


def _cosine(peak: float, progress: float) -> float:
    """Fall to 0 along half a cosine (Loshchilov and Hutter, 2017)."""
    return _half_cosine(peak, 0.0, progress)


def _one_cycle(peak: float, progress: float) -> float:
    """Rise from peak / 25 within 30 % of the run, and fall to peak / 10⁴ (Smith and Topin, 2018).

    Both go along half a cosine.
    """
    warm_up = 0.3
    if progress < warm_up:
        return _half_cosine(peak / 25, peak, progress / warm_up)
    return _half_cosine(peak, peak / 1e4, (progress - warm_up) / (1 - warm_up))


def _half_cosine(start: float, end: float, progress: float) -> float:
    """Return the value at `progress` in [0, 1] of half a cosine from `start` to `end`."""
    return end + (start - end) * (1 + cos(pi * progress)) / 2


_RATES: dict[str, Callable[[float, float], float]] = {
    "constant": _constant,
    "step": _step,
    "cosine": _cosine,
    "one-cycle": _one_cycle,
}

SCHEDULES = tuple(_RATES)
"""Names of the schedules."""


@dataclass(frozen=True)
class Schedule:
    """A callable from the number of a step, 0 for the first, to its learning rate.

    Attributes
    ----------
    name : str
        One of `SCHEDULES`.
    learning_rate : float
        The highest learning rate.
    total_steps : int
        Length of the run; later steps keep the rate that the schedule ends with.
    """

    name: str
    learning_rate: float
    total_steps: int

    def __call__(self, step: int) -> float:
        """Return the learning rate of `step`."""
        return _RATES[self.name](self.learning_rate, min(step / self.total_steps, 1.0))


def schedule_name(text: str) -> str:
    """Return the one of `SCHEDULES` that `text` spells; `ValueError` if none."""
    return resolve_choice(text, SCHEDULES, gettext_noop("schedule"))


def create_schedule(name: str, learning_rate: float, total_steps: int) -> Schedule:
    """Return the schedule of a run.

    Parameters
    ----------
    name : str
        One of `SCHEDULES`, in any spelling.
    learning_rate : float
        The highest learning rate, above 0.
    total_steps : int
        Length of the run, at least 1.

    Raises
    ------
    ValueError
        For an unknown name or a number outside its range.
    """
    if not learning_rate > 0:
        raise ValueError(f"Expected a learning rate above 0 and found {learning_rate}.")
    if total_steps < 1:
        raise ValueError(f"Expected a run of at least 1 step and found {total_steps}.")
    return Schedule(schedule_name(name), learning_rate, total_steps)
