"""When a run on blocks is scored on validation samples: often while its curve still falls fast.

It goes by samples alone and never by time, so that runs of one seed are scored at the same steps.
"""

from __future__ import annotations

from dataclasses import dataclass

EARLY_EPOCHS = 2
"""Epochs in which the curve falls so fast that one score in each would be too few."""


@dataclass(frozen=True)
class ValidationPlan:
    """Scores in equal parts of each early epoch, later at the ends of epochs.

    Attributes
    ----------
    per_early_epoch
        How many in each of the first `EARLY_EPOCHS`, the last one at its end; 1 or more.
    later_spacing
        Samples, at least, between two later ones: small epochs go by without one.
    """

    per_early_epoch: int
    later_spacing: int

    def count(self, samples: int, epoch: int) -> int:
        """Count the scores that are due after so many samples, with so many in an epoch."""
        early = min(samples, EARLY_EPOCHS * epoch)
        return self.per_early_epoch * early // epoch + (samples - early) // self._spacing(epoch)

    def samples_to_next(self, samples: int, epoch: int) -> int:
        """Return how many more samples it takes until the next score is due; 1 or more."""
        early = EARLY_EPOCHS * epoch
        next_count = self.count(samples, epoch) + 1
        if next_count <= EARLY_EPOCHS * self.per_early_epoch:
            # Rounded up: a score is due as soon as its part of the epoch is complete.
            return -(-next_count * epoch // self.per_early_epoch) - samples
        spacing = self._spacing(epoch)
        return spacing - (samples - early) % spacing

    def _spacing(self, epoch: int) -> int:
        return max(-(-self.later_spacing // epoch), 1) * epoch


WHILE_WATCHED = ValidationPlan(per_early_epoch=4, later_spacing=30_000)
"""For somebody who looks on: often at first, later rarely enough to cost a few hundredths."""

EVERY_EPOCH = ValidationPlan(per_early_epoch=1, later_spacing=0)
"""Once at the end of each epoch."""
