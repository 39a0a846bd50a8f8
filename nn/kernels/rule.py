"""An optimiser tells the kernels in numbers how parameters follow their gradients.

The names and their order are those of `struct rule` in dense.c.
"""

from typing import NamedTuple

RULES = ("sgd", "momentum", "nesterov", "rmsprop", "adam")


class UpdateRule(NamedTuple):
    """One update: the `name` of the rule, one of `RULES`, and its coefficients.

    `rate` multiplies the step; `first` is the momentum, or 1 - the decay of Adam's first moment;
    `second` is 1 - the decay of the mean of squares and `epsilon` stands beside its root;
    `shrink` is what is left of a parameter before its step (RMSProp and Adam only).
    """

    name: str
    rate: float
    first: float = 0.0
    second: float = 0.0
    epsilon: float = 0.0
    shrink: float = 1.0
