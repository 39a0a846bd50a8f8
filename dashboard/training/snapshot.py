"""One finished record of where training stands, published by the trainer after each slice.

Views draw from snapshots alone, so they never meet arrays that are being written.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from nn import Network


@dataclass(frozen=True)
class Snapshot:
    """Where training stands; `network` is a copy that nobody changes any more.

    `loss` and `accuracy` are smoothed over the last training batches (None before the first);
    `epoch` counts passes over the training digits, with its fraction; `progress` is that
    fraction in [0, 1]; `backend` is what computes the products.
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

    @cached_property
    def fingerprint(self) -> str:
        """Eight characters by which two people can tell whether they have the same weights."""
        digest = sha256()
        for parameter in self.network.parameters():
            digest.update(parameter.tobytes())
        return digest.hexdigest()[:8]

    def status_line(self) -> str:
        """Say it in one line, in the order that scripts rely on."""
        loss = "–" if self.loss is None else f"{self.loss:.3f}"
        accuracy = "–" if self.accuracy is None else f"{100 * self.accuracy:.1f} %"
        parts = [
            f"iteration {self.iteration}",
            f"epoch {self.epoch:.2f}",
            f"loss {loss}",
            f"accuracy {accuracy}",
            f"{self.samples_per_second:,.0f} samples/s",
            f"cached {self.cached}",
            f"in flight {self.in_flight}",
            f"learning rate {self.learning_rate:g}",
            f"batch {self.batch_size}",
            self.optimizer,
            self.backend,
        ]
        if self.waiting:
            parts.append("waiting for data")
        return " · ".join(part for part in parts if part)
