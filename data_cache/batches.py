"""Cuts blocks into batches of any size, as numbers ready for a net.

Batch size and block size have nothing to do with each other, and either may change at any time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from data_cache.pixels import (
    ScaleBytes,
    binarize_floats,
    check_threshold,
    scale_bytes,
    to_float,
)
from data_cache.sources import Block, QueuePosition

AHEAD = 256
"""Samples whose pixels are turned into numbers at once: a call takes longer than a few of them."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Samples for one training step.

    Attributes
    ----------
    images : (n, 784) float32 in [0, 1]
    labels : (n,) intp
    epoch : int
        The epoch that all of them belong to, from 0.
    consumed : int
        Samples of this epoch delivered so far, this batch included.
    is_last : bool
        Whether the epoch ends with this batch.
    """

    images: np.ndarray
    labels: np.ndarray
    epoch: int
    consumed: int
    is_last: bool

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


@dataclass(frozen=True, eq=False)
class _Numbers:
    """Pixels of a block from its sample `first` on, as numbers, binarised by a threshold or not."""

    block: Block
    threshold: int | None
    first: int
    numbers: np.ndarray

    def has(self, block: Block, piece: slice, threshold: int | None) -> bool:
        """Tell whether these samples of a block are here."""
        end = self.first + len(self.numbers)
        is_same = block is self.block and threshold == self.threshold
        return is_same and self.first <= piece.start and piece.stop <= end


class BatchCutter:
    """Takes blocks in and gives batches out; a batch never crosses from one epoch to the next.

    Parameters
    ----------
    augment : callable, optional
        (n, 784) float32 → (n, 784) float32, both in [0, 1]; applied to every batch.
    binarize : int, optional
        A threshold from 0 to 255: brighter pixels become 1, all others 0 (after `augment`).
    start : BatchPosition, optional
        Go on from there, with a queue that was started at `start.queue`.
    scale_bytes : callable, optional
        (bytes, scale, out): writes scale · bytes into `out`, for whoever has a faster one.
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
        self._ahead: _Numbers | None = None

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
        self._ahead = None
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

    def take(self, batch_size: int) -> Batch | None:
        """Cut the next batch, or return None when another block is needed first.

        Parameters
        ----------
        batch_size : int
            1 or more; the last batch of an epoch may be smaller.
        """
        if batch_size < 1:
            raise ValueError(f"A batch needs at least one sample, but batch_size is {batch_size}.")
        count, is_complete = self._available(batch_size)
        if count < batch_size and not is_complete:
            return None
        return self._cut(min(count, batch_size))

    def _available(self, wanted: int) -> tuple[int, bool]:
        """Count the current epoch's samples, up to `wanted`, and tell whether its end is here."""
        count = -self._offset
        for block in self._blocks:
            count += len(block)
            if block.is_last:
                return count, True
            if count >= wanted:
                break
        return count, False

    def _cut(self, count: int) -> Batch:
        pieces = list(self._pieces(count))
        images = _joined([self._numbers(block, piece) for block, piece in pieces])
        labels = _joined([block.labels[piece] for block, piece in pieces]).astype(np.intp)
        last = pieces[-1][0]
        is_last = last.is_last and self._offset == 0
        self._buffered -= count
        self._consumed += count
        batch = Batch(self._finish(images), labels, last.epoch, self._consumed, is_last)
        if is_last:
            self._consumed = 0
        return batch

    def _numbers(self, block: Block, piece: slice) -> np.ndarray:
        """Return the pixels of samples as numbers, together with those behind them if need be."""
        threshold = self.binarize if self.augment is None else None
        ahead = self._ahead
        if ahead is None or not ahead.has(block, piece, threshold):
            samples = block.images[piece.start : max(piece.stop, piece.start + AHEAD)]
            numbers = to_float(samples, threshold, scale=self._scale_bytes)
            ahead = self._ahead = _Numbers(block, threshold, piece.start, numbers)
        return ahead.numbers[piece.start - ahead.first : piece.stop - ahead.first]

    def _pieces(self, count: int) -> Iterator[tuple[Block, slice]]:
        """Yield the parts of blocks with the next `count` samples; let go of blocks used up."""
        while count:
            block = self._blocks[0]
            piece = slice(self._offset, min(self._offset + count, len(block)))
            count -= piece.stop - piece.start
            self._offset = piece.stop
            if self._offset == len(block):
                self._blocks.popleft()
                self._offset = 0
            yield block, piece

    def _finish(self, images: np.ndarray) -> np.ndarray:
        if self.augment is None:
            return images
        images = self.augment(images)
        return images if self.binarize is None else binarize_floats(images, self.binarize)


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
