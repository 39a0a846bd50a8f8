"""When a run on blocks is scored on validation samples: often while its curve still falls fast.

It goes by samples alone and never by time, so that runs of one seed are scored at the same steps.
"""

from __future__ import annotations

from dataclasses import dataclass

EARLY_EPOCHS = 2
"""Epochs in which the curve falls so fast that one score in each would be too few."""


@dataclass(frozen=True)
class ValidationSchedule:
    """Scores in equal parts of each early epoch, later at the ends of epochs, ever further apart.

    Attributes
    ----------
    per_early_epoch
        How many in each of the first `EARLY_EPOCHS`, the last one at its end; 1 or more.
    largest_gap
        Samples after which a later score need not wait any more: until then the samples so far
        grow by half from one score to the next.
    """

    per_early_epoch: int
    largest_gap: int

    def next_after(self, samples: int, epoch: int) -> int:
        """Return after how many samples the next score is due, with so many in an epoch."""
        due = EARLY_EPOCHS * epoch
        if samples < due:
            parts = samples * self.per_early_epoch // epoch + 1
            # Rounded up: a score is due as soon as its part of the epoch is complete.
            return -(-parts * epoch // self.per_early_epoch)
        while due // 2 < self.largest_gap:
            due += _whole_epochs(due // 2, epoch)
            if due > samples:
                return due
        gap = _whole_epochs(self.largest_gap, epoch)
        return due + max((samples - due) // gap + 1, 0) * gap


def _whole_epochs(samples: int, epoch: int) -> int:
    return max(-(-samples // epoch), 1) * epoch


WHILE_WATCHED = ValidationSchedule(per_early_epoch=4, largest_gap=30_000)
"""For somebody who looks on: often while the curve bends, later at a cost of a hundredth or so."""

EVERY_EPOCH = ValidationSchedule(per_early_epoch=1, largest_gap=0)
"""Once at the end of each epoch."""
