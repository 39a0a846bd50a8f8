"""What views show of a run, published by the trainer after slices of training.

Views read snapshots only, so they never see arrays that are being written.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, ngettext
from nn import Network


@dataclass(frozen=True)
class Snapshot:
    """A run between two slices.

    Attributes
    ----------
    run
        Number of the run on this page, from 1.
    network
        A copy that is never changed.
    iteration, epoch, progress
        Steps taken, passes over the training samples with the fraction of the current one, and
        that fraction in [0, 1].
    loss, accuracy
        Moving averages over the training batches; None before the first one.
    samples_per_second
        Training speed; 0 while training is stopped.
    cached, in_flight
        Blocks that are ready, and blocks that are being fetched.
    waiting
        Whether training waits for data.
    learning_rate, batch_size, optimizer
        Of the next step.
    backend
        Name of what computes the matrix products.
    threads
        Threads that compute large steps; None where the library of NumPy decides it.
    """

    run: int
    network: Network
    iteration: int = 0
    epoch: float = 0.0
    progress: float = 0.0
    loss: float | None = None
    accuracy: float | None = None
    samples_per_second: float = 0.0
    cached: int = 0
    in_flight: int = 0
    waiting: bool = False
    learning_rate: float = 0.0
    batch_size: int = 0
    optimizer: str = ""
    backend: str = ""
    threads: int | None = None

    @cached_property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits of the weights' SHA-256, to compare two runs by eye."""
        digest = sha256()
        for parameter in self.network.parameters():
            digest.update(parameter.tobytes())
        return digest.hexdigest()[:8]

    @property
    def threads_text(self) -> str:
        """The number of threads in words; nothing where it is not known."""
        count = self.threads
        return "" if count is None else ngettext("{n} thread", "{n} threads", count, n=count)

    def status_line(self) -> str:
        """Return the snapshot as one line of text; scripts rely on the order."""
        loss = "–" if self.loss is None else format_number(self.loss, ".3f")
        accuracy = "–" if self.accuracy is None else format_percent(self.accuracy)
        speed = format_number(self.samples_per_second, ",.0f")
        parts = [
            gettext("iteration {iteration}", iteration=self.iteration),
            gettext("epoch {number}", number=format_number(self.epoch, ".2f")),
            gettext("loss {number}", number=loss),
            gettext("training accuracy {percent}", percent=accuracy),
            gettext("{number} samples/s", number=speed),
            gettext("cached {number}", number=self.cached),
            gettext("in flight {number}", number=self.in_flight),
            gettext("learning rate {number}", number=format_number(self.learning_rate, "g")),
            gettext("batch {number}", number=self.batch_size),
            self.optimizer,
            self.backend,
            self.threads_text,
            gettext("waiting for data") if self.waiting else "",
        ]
        return " · ".join(part for part in parts if part)
