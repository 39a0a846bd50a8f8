"""Exponential moving average of a network's weights, often better than those of any single step.

It costs one more copy of the network (Polyak averaging, as in Szegedy et al., "Rethinking the
Inception architecture for computer vision", 2016, section 8).
"""

import numpy as np

from nn.denormals import FLUSH_PERIOD, flush, smallest_kept
from nn.network import Network


class WeightAverage:
    """An exponential moving average of the weights of a network in training.

    Parameters
    ----------
    network : Network
        The network to start from, which is copied.
    decay : float
        Weight of the past in each update, in [0, 1). The first updates use the smaller
        (1 + steps) / (10 + steps), so that the initial weights are soon forgotten.
    steps : int
        Number of updates that `network` is already the average of, when averaging is resumed.

    Attributes
    ----------
    network : Network
        The averaged network.

    Raises
    ------
    ValueError
        When `decay` is outside [0, 1).
    """

    def __init__(self, network: Network, decay: float, *, steps: int = 0) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"Expected decay to be at least 0 and below 1 and found {decay}.")
        self.decay = decay
        self.steps = steps
        self.network = network.copy()
        self._scratch = [np.empty_like(array) for array in self.network.parameters()]
        self._masks = [np.empty(array.shape, bool) for array in self._scratch]
        self._smallest = smallest_kept(self.network.dtype)

    def update(self, network: Network) -> None:
        """Add the present weights of `network`, which must have the same structure."""
        self.steps += 1
        share = 1 - min(self.decay, (1 + self.steps) / (10 + self.steps))
        arrays = zip(self.network.parameters(), network.parameters(), self._scratch, strict=True)
        with np.errstate(all="ignore"):
            for average, current, scratch in arrays:
                np.subtract(current, average, out=scratch)
                np.multiply(scratch, share, out=scratch)
                np.add(average, scratch, out=average)
        if self.steps % FLUSH_PERIOD == 0:
            averages = self.network.parameters()
            for average, scratch, mask in zip(averages, self._scratch, self._masks, strict=True):
                flush(average, self._smallest, scratch, mask)

    def reset(self, network: Network) -> None:
        """Restart the average from the weights of `network`."""
        self.steps = 0
        self.network.copy_from(network)
