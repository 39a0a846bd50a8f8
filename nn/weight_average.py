"""The mean of the weights of many steps is often better than those of any single one.

It is an exponential mean (Polyak averaging, as in Szegedy et al., 2016, section 8), which needs
one more copy of the network and nothing else.
"""

import numpy as np

from nn.network import Network


class WeightAverage:
    """Averages the weights of `network`, which others train, after each of their steps.

    `network` of the average is a network of its own. The share of the past, `decay` in [0, 1),
    begins smaller, (1 + steps) / (10 + steps), so that the first weights are soon forgotten.
    """

    def __init__(self, network: Network, decay: float, *, steps: int = 0) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"Expected decay to be at least 0 and below 1 and found {decay}.")
        self.decay = decay
        self.steps = steps
        self.network = network.copy()
        self._scratch = [np.empty_like(array) for array in self.network.parameters()]

    def add(self, network: Network) -> None:
        """Take in the weights of `network` as they are now; it must have the same form."""
        self.steps += 1
        share = 1 - min(self.decay, (1 + self.steps) / (10 + self.steps))
        arrays = zip(self.network.parameters(), network.parameters(), self._scratch, strict=True)
        with np.errstate(all="ignore"):
            for average, current, scratch in arrays:
                np.subtract(current, average, out=scratch)
                np.multiply(scratch, share, out=scratch)
                np.add(average, scratch, out=average)

    def begin_again(self, network: Network) -> None:
        """Forget the past and go on from the weights of `network`."""
        self.steps = 0
        self.network.copy_from(network)
