"""Cuts blocks into batches of any size, as a training step takes them.

Batch size and block size have nothing to do with each other, and either may change at any time.
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

AHEAD = 2048
"""Samples, about, that are put in a row at once, so that many batches can leave in one piece."""


@dataclass(slots=True, eq=False)
class Batch:
    """Samples for a training step, or for some of them one after the other.

    Not frozen, for such a record takes longer to make than its samples to cut.

    Attributes
    ----------
    images : (n, 784) uint8, the pixels, or float32: inputs in [0, 1] where they were augmented
    labels : (n,) intp
    epoch : int
        The epoch that all of them belong to, from 0.
    consumed : int
        Samples of this epoch delivered so far, this batch included.
    is_last : bool
        Whether the epoch ends with this batch.
    steps : int
        The training steps that they are for, an equal part for each.
    """

    images: np.ndarray
    labels: np.ndarray
    epoch: int
    consumed: int
    is_last: bool
    steps: int = 1

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class BatchPosition:
    """A place between two batches, enough to go on from there exactly.

    Attributes
    ----------
    queue : QueuePosition
        The block that holds the next sample.
    offset : int
        The samples of that block that were already delivered.
    consumed : int
        Samples of the epoch delivered so far.
    """

    queue: QueuePosition
    offset: int
    consumed: int


@dataclass(slots=True, eq=False)
class _Window:
    """The next samples of an epoch in a row, as bytes; `taken` of them have left in batches."""

    images: np.ndarray
    labels: np.ndarray
    taken: int = 0

    @property
    def left(self) -> int:
        """Samples that have not left."""
        return len(self.labels) - self.taken

    def take(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Return images and labels of the next samples."""
        part = slice(self.taken, self.taken + count)
        self.taken = part.stop
        return self.images[part], self.labels[part]


class BatchCutter:
    """Takes blocks in and gives batches out; a batch never crosses from one epoch to the next.

    Parameters
    ----------
    augment : callable, optional
        (n, 784) float32 → (n, 784) float32, both in [0, 1]; applied to every batch.
    binarize : int, optional
        A threshold from 0 to 255: brighter pixels become 255, all others 0; where `augment` gives
        numbers, 1 and 0.
    start : BatchPosition, optional
        Go on from there, with a queue that was started at `start.queue`.
    scale_bytes : callable, optional
        (bytes, scale, out): writes scale · bytes into `out`, for whoever has a faster one than
        NumPy to make the numbers that `augment` wants.
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
        self._passed: list[Block] = []

    @property
    def buffered(self) -> int:
        """Samples that wait here."""
        return max(self._buffered, 0)

    def add(self, block: Block) -> None:
        """Take a block in, behind those that are here."""
        self._blocks.append(block)
        self._buffered += len(block)

    def clear(self) -> None:
        """Drop all blocks; the next one added counts as the first of its epoch."""
        self._blocks.clear()
        self._window = None
        self._offset = self._consumed = self._buffered = 0

    def position(self, queue: QueuePosition) -> BatchPosition | None:
        """Return where the next batch starts; None for blocks that came from no queue.

        Parameters
        ----------
        queue : QueuePosition
            Where the queue stands, for when no block waits here.
        """
        if not self._blocks:
            return BatchPosition(queue, self._offset, self._consumed)
        place = self._blocks[0].position
        return None if place is None else BatchPosition(place, self._offset, self._consumed)

    def take(self, batch_size: int, at_most: int = 1) -> Batch | None:
        """Cut the next batch, or return None when another block is needed first.

        Parameters
        ----------
        batch_size : int
            1 or more; the last batch of an epoch may be smaller.
        at_most : int
            How many batches may come in one piece, if they are at hand; only a batch of its own
            is ever smaller than the others.
        """
        if batch_size < 1:
            raise ValueError(f"A batch needs at least one sample, but batch_size is {batch_size}.")
        window = self._window
        if window is None or window.left < batch_size:
            count, is_complete = self._available(max(batch_size, AHEAD))
            if count < batch_size and not is_complete:
                return None
            batch_size = min(batch_size, count)
            whole_batches = count // batch_size * batch_size
            window = self._window = self._open_window(whole_batches)
        return self._cut(window, batch_size, min(window.left // batch_size, at_most))

    def keep_first(self, batch: Batch, steps: int) -> None:
        """Take back what lies behind the first `steps` parts of the batch that was cut last."""
        returned = len(batch) // batch.steps * (batch.steps - steps)
        if not returned:
            return
        assert self._window is not None, "the batch was cut from it"
        self._window.taken -= returned
        self._buffered += returned
        self._consumed = batch.consumed - returned
        self._offset -= returned
        while self._offset < 0:
            block = self._passed.pop()
            self._blocks.appendleft(block)
            self._offset += len(block)

    def _available(self, wanted: int) -> tuple[int, bool]:
        """Count the current epoch's samples, up to `wanted`, and tell whether its end is here."""
        count = -self._offset
        for block in self._blocks:
            count += len(block)
            if block.is_last:
                return min(count, wanted), True
            if count >= wanted:
                return wanted, False
        return count, False

    def _open_window(self, count: int) -> _Window:
        """Put the next `count` samples in a row, across the ends of blocks."""
        images, labels = np.empty((count, PIXELS), np.uint8), np.empty(count, np.intp)
        filled, offset = 0, self._offset
        for block in self._blocks:
            piece = slice(offset, min(offset + count - filled, len(block)))
            part = slice(filled, filled + piece.stop - piece.start)
            images[part] = block.images[piece]
            labels[part] = block.labels[piece]
            filled, offset = part.stop, 0
            if filled == count:
                break
        return _Window(images, labels)

    def _cut(self, window: _Window, size: int, steps: int) -> Batch:
        images, labels = window.take(size * steps)
        last = self._pass(size * steps)
        is_last = last.is_last and self._offset == 0
        self._consumed += size * steps
        batch = Batch(self._finish(images), labels, last.epoch, self._consumed, is_last, steps)
        if is_last:
            self._consumed = 0
        return batch

    def _pass(self, count: int) -> Block:
        """Go `count` samples further, past blocks used up; return the block of the last one."""
        self._passed.clear()
        self._buffered -= count
        self._offset += count
        block = self._blocks[0]
        while self._offset >= len(block.labels):
            self._offset -= len(block.labels)
            self._passed.append(self._blocks.popleft())
            if self._offset == 0:
                break
            block = self._blocks[0]
        return block

    def _finish(self, images: np.ndarray) -> np.ndarray:
        if self.augment is None:
            return images if self.binarize is None else binarize_bytes(images, self.binarize)
        images = self.augment(to_float(images, scale=self._scale_bytes))
        return images if self.binarize is None else binarize_floats(images, self.binarize)
