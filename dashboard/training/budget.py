"""What a network, a step of its training, a file and a page may cost, so nobody stops the others.

The settings classes enforce it; fields, links, presets, saved files and the API get it from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dashboard.languages.text import gettext
from nn import LayerSpec


@dataclass(frozen=True)
class NetworkCost:
    """What a network costs.

    Attributes
    ----------
    weights
        Number of weights, without biases.
    multiplications
        Of the forward pass for one sample.
    """

    weights: int
    multiplications: int


@dataclass(frozen=True)
class Budget:
    """Limits for a network and for one step of its training.

    Attributes
    ----------
    weights
        Most weights of a network. Training holds some six arrays of this size: the weights,
        gradients, two moments of the optimiser, a snapshot and an average.
    step_multiplications
        Most multiplications of the forward pass over one mini-batch; the whole step takes about
        three times as many.
    """

    weights: int
    step_multiplications: int

    def fault(self, cost: NetworkCost, batch_size: int) -> str:
        """Return why a network and a batch size are beyond the budget; empty if they fit.

        Parameters
        ----------
        cost
            Of the network.
        batch_size
            Samples per step, at least 1.
        """
        if cost.weights > self.weights:
            return gettext(
                "A network has at most {most:,} weights here; found "
                "{found:,}. Use fewer or smaller layers.",
                most=self.weights,
                found=cost.weights,
            )
        largest = self.step_multiplications // max(cost.multiplications, 1)
        if batch_size <= largest:
            return ""
        if not largest:
            return gettext(
                "A network takes at most {most:,} multiplications for "
                "a sample here; found {found:,}. Use fewer or smaller "
                "layers.",
                most=self.step_multiplications,
                found=cost.multiplications,
            )
        return gettext(
            "For a network of {multiplications:,} multiplications a sample, a step "
            "takes at most {largest:,} samples here; found {found:,}. Use a "
            "smaller batch or network.",
            multiplications=cost.multiplications,
            largest=largest,
            found=batch_size,
        )


DIGITS_BUDGET = Budget(weights=6_000_000, step_multiplications=4_000_000_000)
"""A step takes a second or two in a browser, and a network with its training some 150 MB."""

PLANE_BUDGET = Budget(weights=100_000, step_multiplications=1_000_000_000)
"""A larger network would take too long to be drawn over the whole plane during training."""

COMMAND_BUDGET = Budget(weights=40_000_000, step_multiplications=2_000_000_000_000)
"""Of the command line, where nobody else waits."""


@dataclass(frozen=True)
class PageBudget:
    """Limits for what one connection of a served page sends.

    Attributes
    ----------
    message_bytes
        Of one message with its buffers.
    stored_bytes
        Of the newest values of all properties together that the connection has set.
    messages_per_second, burst
        Messages in the long run, and at once; a connection that sends more is read more slowly.
    pull_cost
        As how many messages a request for the whole document counts.
    """

    message_bytes: int
    stored_bytes: int
    messages_per_second: float
    burst: float
    pull_cost: float


PAGE_BUDGET = PageBudget(
    message_bytes=64 << 20,
    stored_bytes=96 << 20,
    messages_per_second=60.0,
    burst=120.0,
    pull_cost=30.0,
)
"""A drawing takes 10 KB, twenty times a second; a part of a file 1 MB."""

LARGEST_CODE = 10_000_000
"""Characters of code that are copied; browsers show longer texts slowly."""

LARGEST_WEIGHTS_FILE = 110_000_000
"""Bytes; the largest network that can be made takes 90 MB as JSON."""

LARGEST_POINTS_FILE = 4_000_000
"""Bytes: 200 for each of the most points that fit."""


def network_cost(
    inputs: int, hidden_layers: Sequence[int], classes: int, layer_spec: LayerSpec | None, side: int
) -> NetworkCost:
    """Return what a network would cost, without creating it.

    Parameters
    ----------
    inputs
        Of the network; not used if there are convolutions.
    hidden_layers, classes
        Units of the dense layers.
    layer_spec
        The convolutions; None: none.
    side
        Height and width of the images that are convolved.

    Raises
    ------
    ValueError
        If the images are too small for the convolutions.
    """
    weights = multiplications = 0
    if layer_spec is not None:
        inputs = layer_spec.shapes(side)[-1].size
        weights = sum(rows * columns for rows, columns in layer_spec.weight_shapes(side))
        multiplications = layer_spec.multiplications(side)
    dense = sum(a * b for a, b in pairwise((inputs, *hidden_layers, classes)))
    return NetworkCost(weights + dense, multiplications + dense)
