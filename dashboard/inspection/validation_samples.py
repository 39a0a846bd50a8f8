"""The validation samples of the opened data set, with the activations of a network's last layer.

Both are kept for as long as the data set and the network stay the same.
"""

from __future__ import annotations

import asyncio

import numpy as np
from numpy.typing import NDArray

from dashboard.digits.controller import DigitsController
from dashboard.training.trainer import Execute
from data_cache import Samples, to_float
from nn import Network
from nn.interpretation.projection import last_hidden_activations

MAX_SAMPLES = 1000
"""Samples that are used, the first ones; more take too long in a browser."""

SAMPLES_AT_A_TIME = 64


class ValidationSamples:
    """The first validation samples.

    Parameters
    ----------
    controller
        Of the digits pane, which has the data set.
    execute
        Computes a chunk: in line, or in a thread.

    Attributes
    ----------
    class_names
        Names of the classes of the samples, once they are loaded.
    """

    def __init__(self, controller: DigitsController, execute: Execute) -> None:
        self._controller = controller
        self._execute = execute
        self.class_names: tuple[str, ...] = ()
        self._data: object = None
        self._samples: Samples | None = None
        self._network: Network | None = None
        self._activations: NDArray[np.floating] = np.empty((0, 0))

    async def load(self) -> Samples:
        """Return the samples; DataError or PrefetchError if they cannot be loaded."""
        data = self._controller.data
        if self._samples is None or self._data is not data:
            self._samples = (await data.part("validation"))[:MAX_SAMPLES]
            self._data, self._network, self.class_names = data, None, data.class_names
        return self._samples

    async def activations(self, network: Network, samples: Samples) -> NDArray[np.floating]:
        """Return the activations (n, units) of the last hidden layer, computed in chunks."""
        if self._network is not network or samples is not self._samples:
            chunks = []
            for start in range(0, len(samples), SAMPLES_AT_A_TIME):
                images = samples.images[start : start + SAMPLES_AT_A_TIME]
                chunks.append(await self._execute(last_hidden_activations, network, images))
                await asyncio.sleep(0)
            self._activations, self._network = np.concatenate(chunks), network
        return self._activations

    async def class_mean(self, label: int) -> NDArray[np.float32] | None:
        """Return the mean image of a class, (784,) in [0, 1]; None without samples of it."""
        samples = await self.load()
        chosen = to_float(samples.images[samples.labels == label])
        return chosen.mean(axis=0) if len(chosen) else None
