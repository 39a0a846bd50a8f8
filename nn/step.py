"""One training step is what a page repeats thousands of times a second: it must not allocate.

The step does the same as `loss_and_gradients` and an optimiser, in arrays that it makes once.
"""

from collections.abc import Sequence
from functools import partial
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from nn.backpropagation import Backpropagation
from nn.batch_buffers import BatchBuffers, create_batch_buffers
from nn.blas import blas
from nn.checks import check_inputs, check_labels
from nn.direct_descent import DirectDescent
from nn.kernels.backend import kernels
from nn.network import Network
from nn.optimizers import Optimizer
from nn.products import scale_bytes
from nn.scoring import StepResult, score, score_some

if TYPE_CHECKING:
    from nn.kernels.fused_step import FusedStep


class TrainingStep:
    """Trains `network` in place, on one batch or on some of them in turn.

    `optimizer` is made for `network.parameters()`; it, the penalties `l1` · Σ|W| and
    `l2` / 2 · ΣW², `dropout`, the fraction of hidden dense units left out in [0, 1), and
    `label_smoothing` (see `measure_loss`) may be replaced between calls; so may `none_allowed`,
    whether labels may be `NO_CLASS`. Where inputs may also be bytes (uint8), `byte_scale` is what
    they are multiplied by; None refuses them. Dropout draws from `generator`. Batches of any size
    are taken; the buffers hold `batch_capacity` samples and grow when a bigger batch comes.
    """

    def __init__(
        self,
        network: Network,
        optimizer: Optimizer,
        *,
        batch_capacity: int = 1,
        l1: float = 0.0,
        l2: float = 0.0,
        dropout: float = 0.0,
        label_smoothing: float = 0.0,
        none_allowed: bool = False,
        byte_scale: float | None = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        self.network = network
        self._parameters = network.parameters()
        self.optimizer = optimizer
        self.l1 = l1
        self.l2 = l2
        self.dropout = dropout
        self.label_smoothing = label_smoothing
        self.none_allowed = none_allowed
        self.byte_scale = byte_scale
        self.generator = generator
        self._check_settings()
        self._by_parts = Backpropagation(network)
        self._room = create_batch_buffers(network.sizes, max(batch_capacity, 1), network.dtype)
        self._batch = self._room
        self._direct: DirectDescent | None = None
        self._fused_masked = False

    @property
    def optimizer(self) -> Optimizer:
        """What turns the gradients into a step; another one for the same shapes may be set."""
        return self._optimizer

    @optimizer.setter
    def optimizer(self, optimizer: Optimizer) -> None:
        shapes = [parameter.shape for parameter in self._parameters]
        if optimizer.shapes != shapes:
            raise ValueError(
                f"Expected an optimizer for parameters of the shapes {shapes} "
                f"and found one for {optimizer.shapes}; create it with network.parameters()."
            )
        self._optimizer = optimizer
        self._fused: FusedStep | None = None

    def __call__(self, x: np.ndarray, labels: np.ndarray, learning_rate: float) -> StepResult:
        """Train on `x`, (n, inputs) floats or bytes, and `labels`, (n,) integers below the classes.

        Returns what the network made of the batch before. Raises `ValueError` for a batch that
        does not fit; never for numbers that overflow, which show in the loss.
        """
        return self.in_turn(x, labels, [learning_rate])[0]

    def in_turn(
        self, x: np.ndarray, labels: np.ndarray, learning_rates: Sequence[float]
    ) -> list[StepResult]:
        """Take a step at each of the rates, on equal parts of `x` one after the other.

        The same as so many calls, but what surrounds the steps is done once for all of them.
        """
        self._check_settings()
        steps = len(learning_rates)
        for rate in learning_rates:
            if not 0 <= rate < inf:
                raise ValueError(f"Expected a learning rate of 0 or above, found {rate}.")
        x = check_inputs(x, self._room.inputs.shape[1], bytes_allowed=self.byte_scale is not None)
        if not steps or len(x) % steps:
            raise ValueError(
                f"Expected as many samples for each of {steps} steps and found {len(x)} of them."
            )
        classes = self._room.scores.shape[1]
        labels = check_labels(labels, len(x), classes, none_allowed=self.none_allowed)
        batch = self._batch_of(len(x) // steps)
        fused = self._fused_step()
        # What the kernels take where it lies; bytes they turn into numbers themselves.
        lies_ready = x.flags.c_contiguous and x.dtype in (np.float32, np.uint8)
        if fused is not None and not self.dropout and lies_ready:
            return self._steps_at_once(fused, x, labels, learning_rates)
        results = []
        for index, rate in enumerate(learning_rates):
            part = slice(index * batch.count, (index + 1) * batch.count)
            of_step = self._usable(x[part], batch.inputs), labels[part]
            if self.dropout:
                self._draw_masks(batch)
            if fused is not None:
                results += self._steps_at_once(fused, *of_step, [rate])
            else:
                results.append(self._step(batch, *of_step, float(rate)))
        return results

    def _step(
        self, batch: BatchBuffers, x: np.ndarray, labels: np.ndarray, rate: float
    ) -> StepResult:
        """Take one step by parts."""
        np.copyto(batch.labels, labels, casting="same_kind")
        by_parts, masked = self._by_parts, self.dropout > 0
        with np.errstate(all="ignore"):
            layer_inputs = by_parts.forward(batch, x, capacity=self._room.count, masked=masked)
            judge = score_some if self.none_allowed else score
            result = judge(batch, float(self.label_smoothing))
            direct = self._direct_descent(batch)
            if direct is not None:
                self.optimizer.steps += 1
                pass_back = partial(by_parts.pass_back, batch, masked=masked)
                direct(x, pass_back, rate=rate, keep=1 - rate * float(self.l2))
            else:
                by_parts.backward(batch, layer_inputs, masked=masked)
                if self.l1 or self.l2:
                    by_parts.add_penalties(self.l1, self.l2)
                self.optimizer.update(self._parameters, by_parts.gradients, rate)
        return result

    def _check_settings(self) -> None:
        if not 0 <= self.dropout < 1:
            raise ValueError(
                f"Expected dropout to be at least 0 and below 1, found {self.dropout}."
            )
        if not (0 <= self.l1 < inf and 0 <= self.l2 < inf):
            raise ValueError(f"Expected l1 and l2 of 0 or above, found {self.l1} and {self.l2}.")
        if self.byte_scale is not None and not 0 < self.byte_scale < inf:
            raise ValueError(f"Expected byte_scale above 0, or None, found {self.byte_scale}.")
        if not 0 <= self.label_smoothing < 1:
            raise ValueError(
                f"Expected label_smoothing to be at least 0 and below 1, "
                f"found {self.label_smoothing}."
            )
        if self.dropout and self.generator is None:
            raise ValueError("Dropout draws random numbers: pass a generator to TrainingStep.")

    def _batch_of(self, count: int) -> BatchBuffers:
        """Return buffers for exactly `count` samples, kept from the call before if they fit."""
        if count > self._room.count:
            self._room = create_batch_buffers(self.network.sizes, count, self.network.dtype)
            self._batch = self._room
            self._fused = None
        elif count != self._batch.count:
            self._batch = self._room.first(count)
        return self._batch

    def _fused_step(self) -> "FusedStep | None":
        """Return what does the step in one call, or None if it must be done by parts."""
        if self.network.stem is not None or self.label_smoothing or self.none_allowed:
            return None
        masked = self.dropout > 0
        if self._fused is not None and self._fused_masked == masked:
            return self._fused
        library = kernels()
        if library is None or not self.optimizer.has_rule:
            return None
        if not library.takes(*self._parameters):
            return None
        # Where there are no kernels, there is no need for ctypes either.
        from nn.kernels.fused_step import FusedStep  # noqa: PLC0415

        moments = list(zip(*self.optimizer.moments.values(), strict=True))
        self._fused_masked = masked
        self._fused = FusedStep(library, self.network, moments, self._room, masked=masked)
        return self._fused

    def _steps_at_once(
        self,
        fused: "FusedStep",
        x: np.ndarray,
        labels: np.ndarray,
        learning_rates: Sequence[float],
    ) -> list[StepResult]:
        labels = np.ascontiguousarray(labels, np.intp)
        rules = [self.optimizer.next_rule(rate) for rate in learning_rates]
        byte_scale = self.byte_scale or 0.0
        outcomes = fused(x, labels, rules, l1=self.l1, l2=self.l2, byte_scale=byte_scale)
        return [StepResult(*outcome) for outcome in outcomes]

    def _usable(self, x: np.ndarray, buffer: np.ndarray) -> np.ndarray:
        """Return `x` itself if products can use it where it lies, else `buffer` filled with it."""
        if x.dtype == buffer.dtype and x.flags.c_contiguous:
            return x
        with np.errstate(all="ignore"):
            if x.dtype == np.uint8 and self.byte_scale is not None:
                scale_bytes(x, self.byte_scale, buffer)
            else:
                np.copyto(buffer, x, casting="same_kind")
        return buffer

    def _draw_masks(self, batch: BatchBuffers) -> None:
        """Fill the masks with 0 for a dropped unit and 1 / (1 - rate) for a kept one."""
        assert self.generator is not None, "checked with the settings"
        rate = float(self.dropout)
        for mask in batch.masks:
            self.generator.random(out=mask, dtype=mask.dtype)
            np.greater_equal(mask, rate, out=mask)
            np.multiply(mask, 1 / (1 - rate), out=mask)

    def _direct_descent(self, batch: BatchBuffers) -> DirectDescent | None:
        """Return what moves weights without a gradient in between, if these steps allow it."""
        if self.l1 or self.network.stem is not None or not self.optimizer.is_plain_descent:
            return None
        masked = self.dropout > 0
        direct = self._direct
        if direct is not None and direct.batch is batch and direct.masked == masked:
            return direct
        library = blas()
        if library is None or not library.takes(*self._parameters):
            return None
        self._direct = DirectDescent(library, self.network, batch, masked=masked)
        return self._direct
