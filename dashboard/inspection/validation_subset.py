"""Some validation samples, always the same ones, on which panels show what a network computes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.digits.controller import DigitsController
from dashboard.digits.datasets import OpenedDataSet
from dashboard.languages.text import gettext
from data_cache import DataError, PrefetchError, Samples
from nn import Network

MAX_SAMPLES = 500

IMAGES_AT_A_TIME = 32
"""Samples of one call where images are convolved, which takes long."""


@dataclass(frozen=True, eq=False)
class ChosenSamples:
    """The chosen samples of one data set.

    Attributes
    ----------
    data
        The data set.
    indices
        Of the samples in its validation part, (n,).
    samples
        The samples themselves, in this order.
    """

    data: OpenedDataSet
    indices: NDArray[np.intp]
    samples: Samples

    def chunks(self, network: Network, every: int = 1) -> list[Samples]:
        """Return the samples at the stride `every`, in chunks that a network computes quickly."""
        samples = self.samples.take(np.arange(0, len(self.samples), every))
        size = IMAGES_AT_A_TIME if network.convolutions else max(len(samples), 1)
        return [samples[start : start + size] for start in range(0, len(samples), size)]


class ValidationSubset:
    """The chosen validation samples of the data set in use, fetched when they are needed.

    Parameters
    ----------
    controller
        Has the data set.
    """

    def __init__(self, controller: DigitsController) -> None:
        self._controller = controller
        self._chosen: ChosenSamples | None = None

    @property
    def chosen(self) -> ChosenSamples | None:
        """The samples of the data set in use; None until `fetch` has returned them."""
        chosen = self._chosen
        return chosen if chosen and chosen.data is self._controller.data else None

    async def fetch(self) -> ChosenSamples | str:
        """Return the samples, or why there are none, in a sentence."""
        chosen, data = self.chosen, self._controller.data
        if chosen is None:
            try:
                samples = await data.part("validation")
            except (DataError, PrefetchError) as error:
                return gettext("There are no validation samples: {error}", error=error)
            indices = choose_evenly(len(samples))
            chosen = self._chosen = ChosenSamples(data, indices, samples.take(indices))
        if not len(chosen.samples):
            return gettext("This data set has no validation samples.")
        return chosen


def choose_evenly(count: int) -> NDArray[np.intp]:
    """Return at most 500 indices, in ascending order, evenly spread over `count` samples."""
    chosen = min(count, MAX_SAMPLES)
    return np.arange(chosen) * count // max(chosen, 1)
