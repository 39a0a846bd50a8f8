"""A training step computes in arrays that are made once and used again for every batch.

They are laid out by sample, so that a smaller batch works in the first rows of the same memory.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class BatchBuffers:
    """Room for the passes of `count` samples; the first axis of every array is the sample.

    For hidden layer i, each (count, units): `pre_activations[i]`, `activations[i]`, `masks[i]`
    and `dropped[i]`, the activations after dropout. For every layer, `deltas[i]` (count,
    outputs): the gradient by the layer's sums. `inputs` (count, inputs) takes batches that
    cannot be used where they lie, `labels` and `flat_labels` (count,) their integers, `column`
    (count, 1) and `picked` (count,) are scratch; `row_starts` (count,) is 0, classes, ....
    """

    inputs: np.ndarray
    pre_activations: list[np.ndarray]
    activations: list[np.ndarray]
    masks: list[np.ndarray]
    dropped: list[np.ndarray]
    scores: np.ndarray
    deltas: list[np.ndarray]
    column: np.ndarray
    picked: np.ndarray
    labels: np.ndarray
    flat_labels: np.ndarray
    predicted: np.ndarray
    row_starts: np.ndarray

    @property
    def count(self) -> int:
        """Number of samples that there is room for."""
        return len(self.inputs)

    def first(self, count: int) -> "BatchBuffers":
        """Return views of the first `count` rows of everything."""
        views: dict[str, Any] = {
            field.name: _first(getattr(self, field.name), count) for field in fields(self)
        }
        return BatchBuffers(**views)


def create_batch_buffers(sizes: tuple[int, ...], count: int, dtype: np.dtype) -> BatchBuffers:
    """Allocate room for `count` samples of a network of `sizes` and `dtype`."""

    def hidden() -> list[np.ndarray]:
        return [np.empty((count, size), dtype) for size in sizes[1:-1]]

    return BatchBuffers(
        inputs=np.empty((count, sizes[0]), dtype),
        pre_activations=hidden(),
        activations=hidden(),
        masks=hidden(),
        dropped=hidden(),
        scores=np.empty((count, sizes[-1]), dtype),
        deltas=[np.empty((count, size), dtype) for size in sizes[1:]],
        column=np.empty((count, 1), dtype),
        picked=np.empty(count, dtype),
        labels=np.empty(count, np.intp),
        flat_labels=np.empty(count, np.intp),
        predicted=np.empty(count, np.intp),
        row_starts=np.arange(count, dtype=np.intp) * sizes[-1],
    )


def _first(arrays: np.ndarray | list[np.ndarray], count: int) -> np.ndarray | list[np.ndarray]:
    if isinstance(arrays, list):
        return [array[:count] for array in arrays]
    return arrays[:count]
