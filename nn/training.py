"""`TrainingStep`: forward pass, loss, backward pass and update, in arrays that are allocated once.

A page repeats it thousands of times a second, so a step must not allocate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING, cast

import numpy as np

from nn import backends
from nn.activations import activation_function
from nn.layers import Dense, DenseWorkspace, Layer, Workspace, create_workspaces
from nn.losses import LossWorkspace, StepResult, check_labels, softmax_cross_entropy
from nn.network import BYTE_SCALE, Network
from nn.optimizers import SGD, Optimizer

if TYPE_CHECKING:
    from nn.backends.blas import BlasDescent
    from nn.backends.numpy_backend import NumpyBackend
    from nn.backends.wasm import FusedStep


class TrainingStep:
    """Trains a network in place, one mini-batch at a time or several in one call.

    Parameters
    ----------
    network : Network
    optimizer : Optimizer
        Made for `network.parameters()`.
    batch_capacity : int
        Capacity of the workspace in samples; it grows when a larger batch comes.
    l1, l2 : float
        Coefficients of the penalties l1 · Σ|W| + l2 / 2 · ΣW² over the weights, not the biases.
    dropout : float in [0, 1)
        Fraction of the hidden dense units that are left out.
    label_smoothing : float in [0, 1)
        See `softmax_cross_entropy`.
    generator : numpy.random.Generator, optional
        Draws the units for dropout, which needs it.
    threads : int, 1 or more
        Compute the convolutions natively; all bits of the results are the same with any number.
        With several, BLAS has one of its own during a step.

    Raises
    ------
    ValueError
        For a setting out of range or an optimizer for parameters of other shapes.

    Notes
    -----
    All but the network may be replaced between calls.
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
        generator: np.random.Generator | None = None,
        threads: int = 1,
    ) -> None:
        self._network = network
        self._is_dense = network.layer_spec is None
        self._backend = backends.current_backend()
        if not self._is_dense:
            self._backend = self._backend.with_threads(threads)
        self._parameters = network.parameters()
        self.optimizer = optimizer
        self.l1 = l1
        self.l2 = l2
        self.dropout = dropout
        self.label_smoothing = label_smoothing
        self.generator = generator
        self._check_settings()
        self._activation = activation_function(network.activation)
        self._capacity = max(batch_capacity, 1)
        self._fused: FusedStep | None = None
        self._computing: NumpyBackend | FusedStep = self._backend
        self._descent: BlasDescent | None = None
        self._descent_for: tuple[_BatchWorkspace, bool] | None = None

    @property
    def network(self) -> Network:
        """The network that is trained; another one needs a `TrainingStep` of its own."""
        return self._network

    @property
    def optimizer(self) -> Optimizer:
        """What updates the parameters; another one for the same shapes may be set."""
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
        # For which kind of step the fused one was looked up last: masked, not masked, neither.
        self._fused_for: bool | None = None

    @property
    def threads(self) -> int | None:
        """Threads that compute large steps; None where NumPy's library decides it."""
        return self._computing.threads

    def __call__(
        self,
        x: np.ndarray,
        labels: np.ndarray,
        learning_rate: float,
        is_labelled: np.ndarray | None = None,
    ) -> StepResult:
        """Train on one mini-batch.

        Parameters
        ----------
        x : (n, inputs) floats, or uint8
            Bytes are scaled by 1 / 255.
        labels : (n,) integers in [0, classes)
        learning_rate : float, 0 or more
        is_labelled : (n,) bool, optional
            False for a sample that belongs to none of the classes, whose label may be anything:
            all classes are to be equally probable. None: all are labelled.

        Returns
        -------
        StepResult
            What the network gave before the update. Overflow shows in the loss.

        Raises
        ------
        ValueError
            For a batch that does not fit, or a setting out of range.
        """
        return self.take_steps(x, labels, [learning_rate], is_labelled)[0]

    def take_steps(
        self,
        x: np.ndarray,
        labels: np.ndarray,
        learning_rates: Sequence[float],
        is_labelled: np.ndarray | None = None,
    ) -> list[StepResult]:
        """Train on consecutive mini-batches; like as many calls, but faster for small batches.

        Parameters
        ----------
        x, labels, is_labelled
            As in a call, for all mini-batches together: equal parts, one after the other.
        learning_rates : sequence of float
            One for each mini-batch.

        Returns
        -------
        list of StepResult

        Raises
        ------
        ValueError
            As in a call, or if the samples cannot be divided evenly; nothing is trained then.
        """
        steps = len(learning_rates)
        for rate in learning_rates:
            if not 0 <= rate < inf:
                raise ValueError(f"Expected a learning rate of 0 or above, found {rate}.")
        x, labels = self._check_batch(x, labels, is_labelled)
        if not steps or len(x) % steps:
            raise ValueError(
                f"Expected as many samples for each of {steps} steps and found {len(x)} of them."
            )
        batch = self._batch_of(len(x) // steps)
        fused = self._fused_step() if is_labelled is None else None
        self._computing = self._backend if fused is None else fused
        # What compiled code takes directly; it scales bytes itself.
        is_ready = x.flags.c_contiguous and x.dtype in (np.float32, np.uint8)
        if fused is not None and not self.dropout and is_ready:
            return self._take_fused_steps(fused, x, labels, learning_rates)
        results = []
        with np.errstate(all="ignore"), self._backend.computing():
            for index, rate in enumerate(learning_rates):
                part = slice(index * batch.count, (index + 1) * batch.count)
                inputs = self._network.prepare_inputs(x[part], batch.inputs)
                if self.dropout:
                    self._draw_masks(batch)
                if fused is not None:
                    results += self._take_fused_steps(fused, inputs, labels[part], [rate])
                else:
                    labelled = None if is_labelled is None else is_labelled[part]
                    results.append(self._step(batch, inputs, labels[part], float(rate), labelled))
        return results

    def gradients(
        self, x: np.ndarray, labels: np.ndarray, is_labelled: np.ndarray | None = None
    ) -> tuple[StepResult, list[np.ndarray]]:
        """Return what a step starts from, without an update: the result and the gradients.

        Parameters
        ----------
        x, labels, is_labelled
            As in a call.

        Returns
        -------
        StepResult, list of arrays
            The gradients of the loss with its penalties, in the order of `network.parameters()`;
            they are overwritten by the next call.
        """
        x, labels = self._check_batch(x, labels, is_labelled)
        batch = self._batch_of(len(x))
        with np.errstate(all="ignore"), self._backend.computing():
            inputs = self._network.prepare_inputs(x, batch.inputs)
            if self.dropout:
                self._draw_masks(batch)
            values, result = self._forward(batch, inputs, labels, is_labelled)
            self._backward(batch, values)
        return result, self._gradients

    def _check_batch(
        self, x: np.ndarray, labels: np.ndarray, is_labelled: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        self._check_settings()
        x = self._network.check_inputs(x)
        return x, check_labels(labels, len(x), self._network.classes, is_labelled)

    def _check_settings(self) -> None:
        if not 0 <= self.dropout < 1:
            raise ValueError(
                f"Expected dropout to be at least 0 and below 1, found {self.dropout}."
            )
        if not (0 <= self.l1 < inf and 0 <= self.l2 < inf):
            raise ValueError(f"Expected l1 and l2 of 0 or above, found {self.l1} and {self.l2}.")
        if not 0 <= self.label_smoothing < 1:
            raise ValueError(
                f"Expected label_smoothing to be at least 0 and below 1, "
                f"found {self.label_smoothing}."
            )
        if self.dropout and self.generator is None:
            raise ValueError("Dropout draws random numbers: pass a generator to TrainingStep.")

    def _batch_of(self, count: int) -> _BatchWorkspace:
        """Return the workspace for exactly `count` samples, that of the last call if it fits."""
        if count > self._full.count:
            self._full = _BatchWorkspace.create(self._network, count, self._backend)
            self._batch = self._full
            self._fused_for = None
        elif count != self._batch.count:
            self._batch = self._full.first(count)
        return self._batch

    # The arrays are made with the first step: a network that is never trained does without.

    @cached_property
    def _gradients(self) -> list[np.ndarray]:
        return [np.empty_like(parameter) for parameter in self._parameters]

    @cached_property
    def _gradient_layers(self) -> Sequence[Layer]:
        return self._network.with_parameters(self._gradients).layers

    @cached_property
    def _scratch(self) -> np.ndarray:
        largest = max(layer.weights.size for layer in self._network.layers)
        return np.empty(largest, self._network.dtype)

    @cached_property
    def _full(self) -> _BatchWorkspace:
        return _BatchWorkspace.create(self._network, self._capacity, self._backend)

    @cached_property
    def _batch(self) -> _BatchWorkspace:
        return self._full

    def _step(
        self,
        batch: _BatchWorkspace,
        x: np.ndarray,
        labels: np.ndarray,
        rate: float,
        is_labelled: np.ndarray | None,
    ) -> StepResult:
        values, result = self._forward(batch, x, labels, is_labelled)
        descent = self._plain_descent(batch)
        if descent is not None:
            self._optimizer.steps += 1
            self._backward(batch, values, descent, rate)
            # Without decay, no weight comes near zero but by chance.
            if self.l2:
                self._optimizer.flush(self._parameters)
        else:
            self._backward(batch, values)
            self._backend.update(self._optimizer, self._parameters, self._gradients, rate)
        return result

    def _forward(
        self,
        batch: _BatchWorkspace,
        x: np.ndarray,
        labels: np.ndarray,
        is_labelled: np.ndarray | None,
    ) -> tuple[list[np.ndarray], StepResult]:
        """Return what each layer was given and the loss, whose gradients are in the last delta."""
        *values, logits = self._network.forward(x, batch.layers, masked=self.dropout > 0)
        result = softmax_cross_entropy(
            logits,
            labels,
            batch.layers[-1].delta,
            batch.loss,
            label_smoothing=float(self.label_smoothing),
            is_labelled=is_labelled,
        )
        return values, result

    def _backward(
        self,
        batch: _BatchWorkspace,
        values: list[np.ndarray],
        descent: BlasDescent | None = None,
        rate: float = 0.0,
    ) -> None:
        """Fill the gradients from the last delta, or update at once by `descent`."""
        layers, activation = self._network.layers, None
        keep = 1 - rate * float(self.l2)
        for index in range(len(layers) - 1, -1, -1):
            layer, workspace = layers[index], batch.layers[index]
            if self.dropout and workspace.mask is not None:
                np.multiply(workspace.delta, workspace.mask, out=workspace.delta)
            input_delta = batch.layers[index - 1].delta if index else None
            # The gradients of the layer below need the weights as they were.
            layer.backward(workspace, activation, input_delta)  # type: ignore[arg-type]
            if descent is not None:
                descent.update(index, values[index], rate=rate, keep=keep)
            else:
                layer.gradients(values[index], workspace, self._gradient_layers[index])  # type: ignore[arg-type]
            activation = self._activation
        if descent is None and (self.l1 or self.l2):
            self._add_penalties()

    def _add_penalties(self) -> None:
        l1, l2 = float(self.l1), float(self.l2)
        for layer, gradients in zip(self._network.layers, self._gradient_layers, strict=True):
            W, gradient = layer.weights, gradients.weights
            scratch = self._scratch[: W.size].reshape(W.shape)
            if l1:
                np.sign(W, out=scratch)
                np.multiply(scratch, l1, out=scratch)
                np.add(gradient, scratch, out=gradient)
            if l2:
                np.multiply(W, l2, out=scratch)
                np.add(gradient, scratch, out=gradient)

    def _draw_masks(self, batch: _BatchWorkspace) -> None:
        """Fill the masks with 0 for a dropped unit and 1 / (1 - rate) for a kept one."""
        assert self.generator is not None, "checked with the settings"
        rate = float(self.dropout)
        for workspace in batch.layers:
            mask = workspace.mask
            if mask is not None:
                self.generator.random(out=mask, dtype=mask.dtype)
                np.greater_equal(mask, rate, out=mask)
                np.multiply(mask, 1 / (1 - rate), out=mask)

    def _plain_descent(self, batch: _BatchWorkspace) -> BlasDescent | None:
        """Return what updates weights without stored gradients, if these steps allow it."""
        if self.l1 or type(self._optimizer) is not SGD or not self._is_dense:
            return None
        masked = self.dropout > 0
        if self._descent_for == (batch, masked):
            return self._descent
        layers, workspaces = batch.dense(self._network)
        hidden = [
            cast(np.ndarray, workspace.dropped) if masked else workspace.activations
            for workspace in workspaces[:-1]
        ]
        self._descent = self._backend.plain_descent(layers, [batch.inputs, *hidden], workspaces)
        self._descent_for = (batch, masked)
        return self._descent

    def _fused_step(self) -> FusedStep | None:
        """Return the backend's whole step in one call, or None if it has none for these steps."""
        if self.label_smoothing or not self._is_dense:
            return None
        masked = self.dropout > 0
        if self._fused_for is not masked:
            self._fused = None
            if self._optimizer.has_rule:
                layers, workspaces = self._full.dense(self._network)
                self._fused = self._backend.fused_step(
                    layers,
                    workspaces,
                    self._full.inputs,
                    activation=self._network.activation,
                    optimizer=self._optimizer,
                    masked=masked,
                )
            self._fused_for = masked
        return self._fused

    def _take_fused_steps(
        self,
        fused: FusedStep,
        x: np.ndarray,
        labels: np.ndarray,
        learning_rates: Sequence[float],
    ) -> list[StepResult]:
        rules = [self._optimizer.next_rule(rate) for rate in learning_rates]
        outcomes = fused(x, labels, rules, l1=self.l1, l2=self.l2, byte_scale=BYTE_SCALE)
        return [StepResult(*outcome) for outcome in outcomes]


@dataclass(frozen=True, eq=False)
class _BatchWorkspace:
    """The arrays for a batch: `inputs` (n, inputs) for batches that need a copy, and the rest."""

    inputs: np.ndarray
    layers: list[Workspace]
    loss: LossWorkspace

    @classmethod
    def create(cls, network: Network, count: int, backend: NumpyBackend) -> _BatchWorkspace:
        dtype = network.dtype
        return cls(
            np.empty((count, network.inputs), dtype),
            create_workspaces(network.layers, count, for_training=True, backend=backend),
            LossWorkspace.create(count, network.classes, dtype),
        )

    @property
    def count(self) -> int:
        """Number of samples."""
        return len(self.inputs)

    def first(self, count: int) -> _BatchWorkspace:
        """Return views of the first `count` samples."""
        layers = [workspace.first(count) for workspace in self.layers]
        return _BatchWorkspace(self.inputs[:count], layers, self.loss.first(count))

    def dense(self, network: Network) -> tuple[list[Dense], list[DenseWorkspace]]:
        """Return the layers of a dense network and their workspaces."""
        return cast(list[Dense], list(network.layers)), cast(list[DenseWorkspace], self.layers)
