"""Optimisers turn gradients into steps: they see arrays only, never a network or a loss.

Each keeps its moments beside the parameters and updates everything in place.
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from nn.choices import resolve_choice
from nn.kernels.backend import kernels
from nn.kernels.rule import UpdateRule

Arrays = Sequence[np.ndarray]


class Optimizer:
    """Plain stochastic gradient descent, W ← W - rate · g, and the base of the others.

    Made for `parameters`, a list of arrays whose shapes and dtypes stay; `update` allocates
    nothing. `steps` counts the updates.
    """

    moment_names: tuple[str, ...] = ()

    def __init__(self, parameters: Arrays) -> None:
        self.steps = 0
        self.moments = {
            name: [np.zeros_like(parameter) for parameter in parameters]
            for name in self.moment_names
        }
        largest = max(parameters, key=np.size)
        scratch = np.empty(largest.size, dtype=largest.dtype)
        # One scratch array for all, since they are updated one after the other.
        self._scratch = [scratch[: p.size].reshape(p.shape) for p in parameters]

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """The shapes of the parameters that it was made for, in their order."""
        return [scratch.shape for scratch in self._scratch]

    def update(self, parameters: Arrays, gradients: Arrays, learning_rate: float) -> None:
        """Take one step in place; `gradients` stay as they are. Overflow gives no warning."""
        library = kernels()
        if library is not None and self.has_rule and library.takes(*parameters, *gradients):
            rule = self.next_rule(learning_rate)
            for W, g, *moments in zip(parameters, gradients, *self.moments.values(), strict=True):
                library.update(rule, W, g, moments)
            return
        self.steps += 1
        rate = float(learning_rate)
        with np.errstate(all="ignore"):
            for index, W in enumerate(parameters):
                moments = [of_all[index] for of_all in self.moments.values()]
                self._step(W, gradients[index], moments, self._scratch[index], rate)

    @property
    def has_rule(self) -> bool:
        """Whether it is one of `OPTIMIZERS`, whose updates the kernels know."""
        return type(self) in _TABLE.values()

    @property
    def is_plain_descent(self) -> bool:
        """Whether a step is nothing but W ← W - rate · g, so that the gradient may be skipped."""
        return type(self) is Optimizer

    def next_rule(self, learning_rate: float) -> UpdateRule:
        """Count one more update and return it in the terms of the kernels, which then do it."""
        self.steps += 1
        return self._rule(float(learning_rate))

    def _rule(self, rate: float) -> UpdateRule:
        return UpdateRule("sgd", rate)

    def _step(
        self, W: np.ndarray, g: np.ndarray, moments: Arrays, scratch: np.ndarray, rate: float
    ) -> None:
        np.multiply(g, rate, out=scratch)
        np.subtract(W, scratch, out=W)

    def state(self) -> dict[str, np.ndarray]:
        """Return copies of all that the next steps depend on, for `load_state`."""
        arrays = {
            f"{name}.{index}": array.copy()
            for name, of_all in self.moments.items()
            for index, array in enumerate(of_all)
        }
        return {"steps": np.array(self.steps, dtype=np.int64), **arrays}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Go on from what `state()` gave; `ValueError` if it does not fit, and nothing changes."""
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


class Momentum(Optimizer):
    """Gradient descent with momentum: v ← μv + g, W ← W - rate · v (Polyak, 1964).

    The rate stands outside v, so that a changed rate takes effect at once.
    """

    moment_names = ("velocity",)

    def __init__(self, parameters: Arrays, *, momentum: float = 0.9) -> None:
        super().__init__(parameters)
        self.momentum = _fraction("momentum", momentum)

    def _rule(self, rate: float) -> UpdateRule:
        return UpdateRule("momentum", rate, first=self.momentum)

    def _step(
        self, W: np.ndarray, g: np.ndarray, moments: Arrays, scratch: np.ndarray, rate: float
    ) -> None:
        (v,) = moments
        np.multiply(v, self.momentum, out=v)
        np.add(v, g, out=v)
        np.multiply(v, rate, out=scratch)
        np.subtract(W, scratch, out=W)


class Nesterov(Momentum):
    """Nesterov's momentum: v ← μv + g, W ← W - rate · (g + μv).

    The form of Sutskever et al. (2013, section 2) rewritten by the looked-ahead parameters.
    """

    def _rule(self, rate: float) -> UpdateRule:
        return UpdateRule("nesterov", rate, first=self.momentum)

    def _step(
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

    def _rule(self, rate: float) -> UpdateRule:
        return UpdateRule("rmsprop", rate, second=1 - self.decay, epsilon=self.epsilon)

    def _step(
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
        """Return what undoes the moments' pull towards their start at 0: of m, and of √v."""
        return 1 - self.first_decay**self.steps, sqrt(1 - self.second_decay**self.steps)

    def _rule(self, rate: float) -> UpdateRule:
        first_correction, second_correction = self._corrections()
        return UpdateRule(
            "adam",
            rate * second_correction / first_correction,
            first=1 - self.first_decay,
            second=1 - self.second_decay,
            epsilon=self.epsilon * second_correction,
        )

    def _step(
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

    def _rule(self, rate: float) -> UpdateRule:
        return super()._rule(rate)._replace(shrink=1 - rate * self.weight_decay)

    def _step(
        self, W: np.ndarray, g: np.ndarray, moments: Arrays, scratch: np.ndarray, rate: float
    ) -> None:
        np.multiply(W, 1 - rate * self.weight_decay, out=W)
        super()._step(W, g, moments, scratch, rate)


_TABLE: dict[str, type[Optimizer]] = {
    "sgd": Optimizer,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "rmsprop": RMSProp,
    "adam": Adam,
    "adamw": AdamW,
}

OPTIMIZERS = tuple(_TABLE)
"""Names of the optimisers."""


def optimizer_name(text: str) -> str:
    """Return the optimiser that `text` means; `ValueError` if none."""
    return resolve_choice(text, OPTIMIZERS, "optimizer")


def create_optimizer(name: str, parameters: Arrays, **settings: float) -> Optimizer:
    """Create the optimiser called `name` for `parameters`, the list of arrays it will update.

    `settings` by optimiser: momentum and nesterov take `momentum` (0.9); rmsprop `decay` (0.9)
    and `epsilon` (1e-8); adam `first_decay` (0.9), `second_decay` (0.999) and `epsilon` (1e-8);
    adamw also `weight_decay` (0.01). `ValueError` for an unknown name or an impossible setting,
    `TypeError` for a setting that the optimiser does not have.
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
