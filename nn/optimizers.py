"""Optimisers: how parameters follow their gradients.

They see arrays only, never a network or a loss, and update everything in place.
"""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np

from nn.choices import resolve_choice
from nn.denormals import FLUSH_PERIOD, flush, smallest_kept
from nn.texts import gettext_noop

Arrays = Sequence[np.ndarray]


class UpdateRule(NamedTuple):
    """One update as coefficients, for compiled backends; the fields are those of their struct.

    `kind` is one of the C sources' rules and `rate` multiplies the step; `first` is the momentum,
    or 1 - the decay of Adam's first moment; `second` is 1 - the decay of the mean of squares and
    `epsilon` is added to its root; `shrink` multiplies a parameter before its step (RMSProp and
    Adam only). After the update, parameters and moments smaller than `smallest` become 0.
    """

    kind: str
    rate: float
    first: float = 0.0
    second: float = 0.0
    epsilon: float = 0.0
    shrink: float = 1.0
    smallest: float = 0.0


class Optimizer:
    """Base class of the optimisers, which implement `update_one`.

    Parameters
    ----------
    parameters : sequence of arrays
        Their shapes and dtypes must stay; `update` allocates nothing.

    Attributes
    ----------
    steps : int
        Number of updates so far.
    moments : dict of str to list of arrays
        What the optimiser remembers of earlier gradients, one array for each parameter.
    """

    moment_names: tuple[str, ...] = ()

    def __init__(self, parameters: Arrays) -> None:
        self.steps = 0
        self.moments = {
            # Unlike `zeros_like`, `zeros` occupies no memory before the first step writes to it.
            name: [np.zeros(parameter.shape, parameter.dtype) for parameter in parameters]
            for name in self.moment_names
        }
        largest = max(parameters, key=np.size)
        scratch, mask = np.empty(largest.size, largest.dtype), np.empty(largest.size, bool)
        # One scratch array for all, since they are updated one after the other.
        self._scratch = [scratch[: p.size].reshape(p.shape) for p in parameters]
        self._masks = [mask[: p.size].reshape(p.shape) for p in parameters]
        self._smallest = smallest_kept(largest.dtype)

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """The shapes of the parameters that it was made for, in their order."""
        return [scratch.shape for scratch in self._scratch]

    def update(self, parameters: Arrays, gradients: Arrays, learning_rate: float) -> None:
        """Take one step in place; `gradients` stay as they are. Overflow gives no warning."""
        self.steps += 1
        rate = float(learning_rate)
        with np.errstate(all="ignore"):
            for index, W in enumerate(parameters):
                moments = [of_all[index] for of_all in self.moments.values()]
                self.update_one(W, gradients[index], moments, self._scratch[index], rate)
        self.flush(parameters)

    def flush(self, parameters: Arrays) -> None:
        """After every `FLUSH_PERIOD`-th update, set what is nearly 0 to 0; see `nn.denormals`.

        `update` calls it; who updates parameters in another way must do so too.
        """
        if self.steps % FLUSH_PERIOD:
            return
        for arrays in (parameters, *self.moments.values()):
            for array, scratch, mask in zip(arrays, self._scratch, self._masks, strict=True):
                flush(array, self._smallest, scratch, mask)

    @property
    def has_rule(self) -> bool:
        """Whether its class itself defines `rule`, by which compiled backends update."""
        return "rule" in vars(type(self))

    def next_rule(self, learning_rate: float) -> UpdateRule:
        """Count one more update, which a compiled backend makes, and return its rule."""
        self.steps += 1
        rule = self.rule(float(learning_rate))
        return rule if self.steps % FLUSH_PERIOD else rule._replace(smallest=self._smallest)

    def rule(self, rate: float) -> UpdateRule:
        """Return the coefficients of the update of step number `steps`, if there are any."""
        raise NotImplementedError

    def update_one(
        self, W: np.ndarray, g: np.ndarray, moments: Arrays, scratch: np.ndarray, rate: float
    ) -> None:
        """Update a parameter and its moments with its gradient; `scratch` is an array like them."""
        raise NotImplementedError

    def state(self) -> dict[str, np.ndarray]:
        """Return copies of all that the next steps depend on, for `load_state`."""
        arrays = {
            f"{name}.{index}": array.copy()
            for name, of_all in self.moments.items()
            for index, array in enumerate(of_all)
        }
        return {"steps": np.array(self.steps, dtype=np.int64), **arrays}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Restore what `state()` returned; `ValueError` if it does not fit, and nothing changes."""
        mine = self.state()
        if state.keys() != mine.keys():
            raise ValueError(
                f"Expected an optimizer state with {', '.join(mine)} and found {', '.join(state)}; "
                "it must come from the same optimizer and network."
            )
        for key, array in mine.items():
            found = np.asarray(state[key])
            if found.shape != array.shape or found.dtype != array.dtype:
                raise ValueError(
                    f"Expected {key} of the optimizer state to be {array.dtype} of the shape "
                    f"{array.shape} and found {found.dtype} of {found.shape}; "
                    "it must come from the same network."
                )
        self.steps = int(state["steps"])
        for name, of_all in self.moments.items():
            for index, moment in enumerate(of_all):
                np.copyto(moment, state[f"{name}.{index}"])


class SGD(Optimizer):
    """Stochastic gradient descent: W ← W - rate · g."""

    def rule(self, rate: float) -> UpdateRule:
        return UpdateRule("sgd", rate)

    def update_one(
        self, W: np.ndarray, g: np.ndarray, moments: Arrays, scratch: np.ndarray, rate: float
    ) -> None:
        np.multiply(g, rate, out=scratch)
        np.subtract(W, scratch, out=W)


class Momentum(Optimizer):
    """Gradient descent with momentum: v ← μv + g, W ← W - rate · v (Polyak, 1964).

    The rate stands outside v, so that a changed rate takes effect at once.
    """

    moment_names = ("velocity",)

    def __init__(self, parameters: Arrays, *, momentum: float = 0.9) -> None:
        super().__init__(parameters)
        self.momentum = _fraction("momentum", momentum)

    def rule(self, rate: float) -> UpdateRule:
        return UpdateRule("momentum", rate, first=self.momentum)

    def update_one(
        self, W: np.ndarray, g: np.ndarray, moments: Arrays, scratch: np.ndarray, rate: float
    ) -> None:
        (v,) = moments
        np.multiply(v, self.momentum, out=v)
        np.add(v, g, out=v)
        np.multiply(v, rate, out=scratch)
        np.subtract(W, scratch, out=W)


class Nesterov(Momentum):
    """Nesterov's momentum: v ← μv + g, W ← W - rate · (g + μv).

    The form of Sutskever et al. (2013, section 2), in terms of the looked-ahead parameters.
    """

    def rule(self, rate: float) -> UpdateRule:
        return UpdateRule("nesterov", rate, first=self.momentum)

    def update_one(
        self, W: np.ndarray, g: np.ndarray, moments: Arrays, scratch: np.ndarray, rate: float
    ) -> None:
        (v,) = moments
        np.multiply(v, self.momentum, out=v)
        np.add(v, g, out=v)
        np.multiply(v, self.momentum, out=scratch)
        np.add(scratch, g, out=scratch)
        np.multiply(scratch, rate, out=scratch)
        np.subtract(W, scratch, out=W)


class RMSProp(Optimizer):
    """RMSProp: s ← ρs + (1-ρ)g², W ← W - rate · g / (√s + ε) (Tieleman and Hinton, 2012)."""

    moment_names = ("square",)

    def __init__(self, parameters: Arrays, *, decay: float = 0.9, epsilon: float = 1e-8) -> None:
        super().__init__(parameters)
        self.decay = _fraction("decay", decay)
        self.epsilon = epsilon

    def rule(self, rate: float) -> UpdateRule:
        return UpdateRule("rmsprop", rate, second=1 - self.decay, epsilon=self.epsilon)

    def update_one(
        self, W: np.ndarray, g: np.ndarray, moments: Arrays, scratch: np.ndarray, rate: float
    ) -> None:
        (s,) = moments
        np.multiply(g, g, out=scratch)
        _move_average(s, scratch, self.decay, scratch)
        np.sqrt(s, out=scratch)
        np.add(scratch, self.epsilon, out=scratch)
        np.divide(g, scratch, out=scratch)
        np.multiply(scratch, rate, out=scratch)
        np.subtract(W, scratch, out=W)


class Adadelta(Optimizer):
    """Adadelta: steps as large as the earlier ones for their gradients (Zeiler, 2012, algorithm 1).

    s ← ρs + (1-ρ)g², Δ = √(d + ε) / √(s + ε) · g, d ← ρd + (1-ρ)Δ², W ← W - rate · Δ. The rate,
    which is 1 in the paper, stands outside d, as in PyTorch.
    """

    moment_names = ("square", "step_square")

    def __init__(self, parameters: Arrays, *, decay: float = 0.9, epsilon: float = 1e-6) -> None:
        super().__init__(parameters)
        self.decay = _fraction("decay", decay)
        self.epsilon = epsilon
        largest = max(parameters, key=np.size)
        self._step = np.empty(largest.size, largest.dtype)

    def update_one(
        self, W: np.ndarray, g: np.ndarray, moments: Arrays, scratch: np.ndarray, rate: float
    ) -> None:
        s, d = moments
        step = self._step[: W.size].reshape(W.shape)
        np.multiply(g, g, out=scratch)
        _move_average(s, scratch, self.decay, scratch)
        np.add(d, self.epsilon, out=step)
        np.add(s, self.epsilon, out=scratch)
        np.divide(step, scratch, out=step)
        np.sqrt(step, out=step)
        np.multiply(step, g, out=step)
        np.multiply(step, step, out=scratch)
        _move_average(d, scratch, self.decay, scratch)
        np.multiply(step, rate, out=scratch)
        np.subtract(W, scratch, out=W)


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015, algorithm 1, in the order of computation of section 2)."""

    moment_names = ("first", "second")

    def __init__(
        self,
        parameters: Arrays,
        *,
        first_decay: float = 0.9,
        second_decay: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(parameters)
        self.first_decay = _fraction("first_decay", first_decay)
        self.second_decay = _fraction("second_decay", second_decay)
        self.epsilon = epsilon

    def _corrections(self) -> tuple[float, float]:
        """Return the bias corrections of m and of √v, which start at 0."""
        return 1 - self.first_decay**self.steps, sqrt(1 - self.second_decay**self.steps)

    def rule(self, rate: float) -> UpdateRule:
        first_correction, second_correction = self._corrections()
        return UpdateRule(
            "adam",
            rate * second_correction / first_correction,
            first=1 - self.first_decay,
            second=1 - self.second_decay,
            epsilon=self.epsilon * second_correction,
        )

    def update_one(
        self, W: np.ndarray, g: np.ndarray, moments: Arrays, scratch: np.ndarray, rate: float
    ) -> None:
        m, v = moments
        first_correction, second_correction = self._corrections()
        _move_average(m, g, self.first_decay, scratch)
        np.multiply(g, g, out=scratch)
        _move_average(v, scratch, self.second_decay, scratch)
        np.sqrt(v, out=scratch)
        np.add(scratch, self.epsilon * second_correction, out=scratch)
        np.divide(m, scratch, out=scratch)
        np.multiply(scratch, rate * second_correction / first_correction, out=scratch)
        np.subtract(W, scratch, out=W)


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019, algorithm 2).

    Every parameter shrinks by the factor 1 - rate · weight_decay before its step.
    """

    def __init__(
        self, parameters: Arrays, *, weight_decay: float = 0.01, **settings: float
    ) -> None:
        super().__init__(parameters, **settings)
        if not weight_decay >= 0:
            raise ValueError(f"Expected weight_decay to be at least 0 and found {weight_decay}.")
        self.weight_decay = weight_decay

    def rule(self, rate: float) -> UpdateRule:
        return super().rule(rate)._replace(shrink=1 - rate * self.weight_decay)

    def update_one(
        self, W: np.ndarray, g: np.ndarray, moments: Arrays, scratch: np.ndarray, rate: float
    ) -> None:
        np.multiply(W, 1 - rate * self.weight_decay, out=W)
        super().update_one(W, g, moments, scratch, rate)


_TABLE: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "rmsprop": RMSProp,
    "adadelta": Adadelta,
    "adam": Adam,
    "adamw": AdamW,
}

OPTIMIZERS = tuple(_TABLE)
"""Names of the optimisers."""


def optimizer_name(text: str) -> str:
    """Return the optimiser that `text` means; `ValueError` if none."""
    return resolve_choice(text, OPTIMIZERS, gettext_noop("optimizer"))


def create_optimizer(name: str, parameters: Arrays, **settings: float) -> Optimizer:
    """Create an optimiser by its name.

    Parameters
    ----------
    name : str
        One of `OPTIMIZERS`, in any spelling.
    parameters : sequence of arrays
        What it will update.
    **settings : float
        Momentum and Nesterov take `momentum` (0.9); RMSProp `decay` (0.9) and `epsilon` (1e-8);
        Adadelta `decay` (0.9) and `epsilon` (1e-6); Adam `first_decay` (0.9), `second_decay`
        (0.999) and `epsilon` (1e-8); AdamW also `weight_decay` (0.01).

    Raises
    ------
    ValueError
        For an unknown name or a setting out of range.
    TypeError
        For a setting that the optimiser does not have.
    """
    return _TABLE[optimizer_name(name)](parameters, **settings)


def _move_average(
    average: np.ndarray, sample: np.ndarray, decay: float, scratch: np.ndarray
) -> None:
    """Set average ← decay · average + (1 - decay) · sample in place; `sample` may be `scratch`."""
    np.subtract(sample, average, out=scratch)
    np.multiply(scratch, 1 - decay, out=scratch)
    np.add(average, scratch, out=average)


def _fraction(name: str, value: float) -> float:
    if not 0 <= value < 1:
        raise ValueError(f"Expected {name} to be at least 0 and below 1 and found {value}.")
    return value
