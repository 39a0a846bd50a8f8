"""Divides blocks into batches of any size for training steps.

Batch size and block size are independent, and either may change at any time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data_cache.pixels import (
    ScaleBytes,
    binarize_bytes,
    binarize_floats,
    check_threshold,
    scale_bytes,
    to_float,
)
from data_cache.samples import PIXELS
from data_cache.sources.source import Block, QueuePosition

WINDOW_SAMPLES = 2048
"""Samples, about, that are made contiguous at once, so that many batches can be one array."""


@dataclass(slots=True, eq=False)
class Batch:
    """Samples for a training step, or for several consecutive steps.

    It is not frozen, because a frozen record takes longer to make than its batch.

    Attributes
    ----------
    images : (n, inputs) uint8 or float32
        Of blocks: (n, 784), uint8 pixels in 0…255, or float32 in [0, 1] after augmentation. Of
        points: (n, inputs) float32.
    labels : (n,) intp
        Ignored where `is_labelled` is False.
    epoch : int
        The epoch of all these samples, from 0.
    consumed : int
        Samples of this epoch delivered so far, including this batch.
    is_last : bool
        Whether the epoch ends with this batch.
    steps : int
        Number of training steps; each has n / steps consecutive samples.
    is_labelled : (n,) bool or None
        Which samples belong to a class; None: all of them.
    """

    images: np.ndarray
    labels: np.ndarray
    epoch: int
    consumed: int
    is_last: bool
    steps: int = 1
    is_labelled: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class BatchPosition:
    """A position between two batches, from which a feed can resume exactly.

    Attributes
    ----------
    queue : QueuePosition
        The block that has the next sample.
    offset : int
        Samples of that block that were already delivered.
    consumed : int
        Samples of the epoch delivered so far.
    """

    queue: QueuePosition
    offset: int
    consumed: int


@dataclass(slots=True, eq=False)
class _Window:
    """The next samples of an epoch in contiguous arrays; the first `taken` were delivered."""

    images: np.ndarray
    labels: np.ndarray
    is_labelled: np.ndarray | None
    taken: int = 0

    @property
    def left(self) -> int:
        """Number of samples that were not delivered."""
        return len(self.labels) - self.taken


class Batcher:
    """Takes blocks and gives batches; a batch never crosses the end of an epoch.

    Parameters
    ----------
    augment : callable, optional
        (n, 784) float32 → (n, 784) float32, both in [0, 1]; applied to every batch.
    binarize : int, optional
        A threshold from 0 to 255: brighter pixels become 255, all others 0; after augmentation 1
        and 0.
    start : BatchPosition, optional
        Resume there, with a queue that was started at `start.queue`.
    scale_bytes : callable, optional
        Converts pixels to floats for `augment`; a faster implementation of
        `data_cache.pixels.scale_bytes`.

    Raises
    ------
    ValueError
        If `binarize` is outside 0 to 255.
    """

    def __init__(
        self,
        augment: Callable[[np.ndarray], np.ndarray] | None = None,
        binarize: int | None = None,
        *,
        start: BatchPosition | None = None,
        scale_bytes: ScaleBytes = scale_bytes,
    ) -> None:
        self.augment = augment
        self.binarize = None if binarize is None else check_threshold(binarize)
        self._scale_bytes = scale_bytes
        self._blocks: deque[Block] = deque()
        self._offset = start.offset if start else 0
        self._consumed = start.consumed if start else 0
        self._buffered = -self._offset
        self._window: _Window | None = None
        self._used_blocks: list[Block] = []

    @property
    def buffered(self) -> int:
        """Number of samples that were added and not yet delivered."""
        return max(self._buffered, 0)

    def add(self, block: Block) -> None:
        """Append a block."""
        self._blocks.append(block)
        self._buffered += len(block)

    def position(self, queue: QueuePosition) -> BatchPosition | None:
        """Return the position of the next batch; None if the next block is from no queue.

        Parameters
        ----------
        queue : QueuePosition
            The position of the queue, which is used if no block is buffered.
        """
        if not self._blocks:
            return BatchPosition(queue, self._offset, self._consumed)
        block = self._blocks[0].position
        return None if block is None else BatchPosition(block, self._offset, self._consumed)

    def take(self, batch_size: int, at_most: int = 1) -> Batch | None:
        """Return the next batch, or None if another block is needed first.

        Parameters
        ----------
        batch_size : int
            1 or more; the last batch of an epoch may be smaller.
        at_most : int
            Maximum of consecutive batches to return as one array, if they are buffered; a smaller
            last batch is always returned alone.

        Raises
        ------
        ValueError
            If `batch_size` is below 1.
        """
        if batch_size < 1:
            raise ValueError(f"batch_size: expected at least 1, found {batch_size}.")
        window = self._window
        if window is None or window.left < batch_size:
            count, is_complete = self._available(max(batch_size, WINDOW_SAMPLES))
            if count < batch_size and not is_complete:
                return None
            batch_size = min(batch_size, count)
            whole_batches = count // batch_size * batch_size
            window = self._window = self._open_window(whole_batches)
        return self._cut(window, batch_size, min(window.left // batch_size, at_most))

    def keep_first(self, batch: Batch, steps: int) -> None:
        """Take back all but the first `steps` steps of the batch that was returned last."""
        returned = len(batch) // batch.steps * (batch.steps - steps)
        if not returned:
            return
        assert self._window is not None, "the batch was taken from it"
        self._window.taken -= returned
        self._buffered += returned
        self._consumed = batch.consumed - returned
        self._offset -= returned
        while self._offset < 0:
            block = self._used_blocks.pop()
            self._blocks.appendleft(block)
            self._offset += len(block)

    def _available(self, wanted: int) -> tuple[int, bool]:
        """Count buffered samples of the epoch, up to `wanted`, and tell if its end is buffered."""
        count = -self._offset
        for block in self._blocks:
            count += len(block)
            if block.is_last:
                return min(count, wanted), True
            if count >= wanted:
                return wanted, False
        return count, False

    def _open_window(self, count: int) -> _Window:
        """Copy the next `count` samples, across the ends of blocks, into contiguous arrays."""
        images, labels = np.empty((count, PIXELS), np.uint8), np.empty(count, np.intp)
        is_labelled: np.ndarray | None = None
        filled, offset = 0, self._offset
        for block in self._blocks:
            piece = slice(offset, min(offset + count - filled, len(block)))
            part = slice(filled, filled + piece.stop - piece.start)
            images[part] = block.images[piece]
            labels[part] = block.labels[piece]
            if block.is_labelled is not None:
                if is_labelled is None:
                    is_labelled = np.ones(count, bool)
                is_labelled[part] = block.is_labelled[piece]
            filled, offset = part.stop, 0
            if filled == count:
                break
        return _Window(images, labels, is_labelled)

    def _cut(self, window: _Window, size: int, steps: int) -> Batch:
        part = slice(window.taken, window.taken + size * steps)
        window.taken = part.stop
        last = self._advance(size * steps)
        is_last = last.is_last and self._offset == 0
        self._consumed += size * steps
        batch = Batch(
            self._finish(window.images[part]),
            window.labels[part],
            last.epoch,
            self._consumed,
            is_last,
            steps,
            None if window.is_labelled is None else window.is_labelled[part],
        )
        if is_last:
            self._consumed = 0
        return batch

    def _advance(self, count: int) -> Block:
        """Move the offset by `count` samples; return the block of the last one."""
        self._used_blocks.clear()
        self._buffered -= count
        self._offset += count
        block = self._blocks[0]
        while self._offset >= len(block.labels):
            self._offset -= len(block.labels)
            self._used_blocks.append(self._blocks.popleft())
            if self._offset == 0:
                break
            block = self._blocks[0]
        return block

    def _finish(self, images: np.ndarray) -> np.ndarray:
        if self.augment is None:
            return images if self.binarize is None else binarize_bytes(images, self.binarize)
        images = self.augment(to_float(images, scale=self._scale_bytes))
        return images if self.binarize is None else binarize_floats(images, self.binarize)
