"""Leads a batch through a stem and its gradients back, in arrays that may be used again.

The training step keeps one pass for all its batches; pure functions make a new one each time.
"""

from dataclasses import dataclass

import numpy as np

from nn.activations import activation
from nn.convolution import convolve, convolve_gradients, patch_room, turn_weights
from nn.pooling import pool, unpool
from nn.stem import Stem
from nn.stem_plan import Shape, StagePlan


@dataclass(frozen=True, eq=False)
class _StageRoom:
    """The arrays of one stage; the first axis of each is the sample.

    `padded` is what it is given with zeros around; `convolved`, `pooled`, `larger` and `places`
    are as in `pool` (without a pooling, `pooled` is `convolved`); `activations` are its results.
    `delta` is the gradient by the results, `convolved_delta` by the convolution (without a
    pooling, `delta`), `padded_delta` the same with zeros around, and `turned` the weights for
    the way back; the last two only where there is a stage before.
    """

    padded: np.ndarray
    convolved: np.ndarray
    pooled: np.ndarray
    places: np.ndarray
    larger: np.ndarray
    activations: np.ndarray
    delta: np.ndarray
    convolved_delta: np.ndarray
    padded_delta: np.ndarray | None
    turned: np.ndarray | None


class StemPass:
    """Room for `count` samples to go through `stem`, with the activation of that name."""

    def __init__(self, stem: Stem, activation_name: str, count: int) -> None:
        self.count = count
        self._stem = stem
        self._activation = activation(activation_name)
        dtype = stem.weights[0].dtype
        given = stem.shapes
        margin = (stem.side - given[0].height) // 2
        self._seen = slice(margin, margin + given[0].height)
        self._features = given[-1].size
        self._stages = [
            _make_room(stage, given[index], count, dtype, is_first=index == 0)
            for index, stage in enumerate(stem.plan.stages)
        ]
        lengths = [
            patch_room(padded.shape[1:], stage.kernel, others)
            for stage, room in zip(stem.plan.stages, self._stages, strict=True)
            for padded, others in (
                (room.padded, stage.filters),
                (room.padded_delta, room.padded.shape[-1]),
            )
            if padded is not None
        ]
        self._patches = np.empty(max(lengths), dtype)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return the features (n, features) of `x`, (n, pixels), n at most `count`.

        They lie in the pass and last until the next call.
        """
        stem, n = self._stem, len(x)
        pictures = x.reshape(n, stem.side, stem.side, 1)
        given = pictures[:, self._seen, self._seen]
        for index, (stage, room) in enumerate(zip(stem.plan.stages, self._stages, strict=True)):
            np.copyto(_inner(room.padded[:n], stage.padding), given)
            given = self._stage_forward(index, stage, room, n)
        return given.reshape(n, self._features)

    def _stage_forward(self, index: int, stage: StagePlan, room: _StageRoom, n: int) -> np.ndarray:
        weights, biases = self._stem.weights[index], self._stem.biases
        convolved, z, a = room.convolved[:n], room.pooled[:n], room.activations[:n]
        convolve(room.padded[:n], weights, stage.kernel, convolved, self._patches)
        if stage.is_pooled:
            pool(convolved, stage.squares, z, room.places[:n], room.larger[:n])
        if biases is not None:
            np.add(z, biases[index], out=z)
        self._activation.apply(z, a)
        return a

    def feature_delta(self, n: int) -> np.ndarray:
        """Return the array (n, features) for the gradients by the features, for `backward`."""
        return self._stages[-1].delta[:n].reshape(n, self._features)

    def backward(self, n: int, gradients: Stem) -> None:
        """Write the gradients by all parameters into the arrays of `gradients`.

        The gradients by the features of the same `n` samples that `forward` was given last lie
        in `feature_delta`.
        """
        for index in range(len(self._stages) - 1, -1, -1):
            room, stage = self._stages[index], self._stem.plan.stages[index]
            delta, z = room.delta[:n], room.pooled[:n]
            self._activation.slope(z, room.activations[:n], z)
            np.multiply(delta, z, out=delta)
            if gradients.biases is not None:
                rows = delta.reshape(-1, delta.shape[-1])
                np.add.reduce(rows, axis=0, out=gradients.biases[index])
            convolved_delta = room.convolved_delta[:n]
            if stage.is_pooled:
                unpool(delta, stage.squares, room.places[:n], convolved_delta, room.larger[:n])
            convolve_gradients(
                room.padded[:n],
                convolved_delta,
                stage.kernel,
                gradients.weights[index],
                self._patches,
            )
            if index > 0:
                self._pass_back(index, convolved_delta)

    def _pass_back(self, index: int, convolved_delta: np.ndarray) -> None:
        """Fill the gradients by what stage `index` was given, the results of the one before."""
        n, stage, room = len(convolved_delta), self._stem.plan.stages[index], self._stages[index]
        assert room.padded_delta is not None, "it is not the first"
        assert room.turned is not None, "it is not the first"
        padded_delta = room.padded_delta[:n]
        np.copyto(_inner(padded_delta, stage.kernel - 1 - stage.padding), convolved_delta)
        turn_weights(self._stem.weights[index], stage.kernel, room.turned)
        below = self._stages[index - 1].delta[:n]
        convolve(padded_delta, room.turned, stage.kernel, below, self._patches)


def _make_room(
    stage: StagePlan, given: Shape, count: int, dtype: np.dtype, *, is_first: bool
) -> _StageRoom:
    convolved_shape = stage.convolved(given)
    pooled_shape = stage.pooled(convolved_shape) if stage.is_pooled else convolved_shape
    convolved = np.empty((count, *convolved_shape), dtype)
    pooled = np.empty((count, *pooled_shape), dtype) if stage.is_pooled else convolved
    delta = np.empty((count, *pooled_shape), dtype)
    places = np.empty(pooled.shape if stage.is_pooled else 0, stage.squares.places_dtype)
    return _StageRoom(
        padded=_padded(given, stage.padding, count, dtype),
        convolved=convolved,
        pooled=pooled,
        places=places,
        larger=np.empty(places.shape, bool),
        activations=np.empty((count, *pooled_shape), dtype),
        delta=delta,
        convolved_delta=np.empty_like(convolved) if stage.is_pooled else delta,
        padded_delta=None
        if is_first
        else _padded(convolved_shape, stage.kernel - 1 - stage.padding, count, dtype),
        turned=None
        if is_first
        else np.empty((stage.kernel**2 * stage.filters, given.channels), dtype),
    )


def _padded(shape: Shape, padding: int, count: int, dtype: np.dtype) -> np.ndarray:
    """Make pictures of zeros with room for `padding` on every side; the edges stay zero."""
    height, width, channels = shape
    return np.zeros((count, height + 2 * padding, width + 2 * padding, channels), dtype)


def _inner(padded: np.ndarray, padding: int) -> np.ndarray:
    _, height, width, _ = padded.shape
    return padded[:, padding : height - padding, padding : width - padding]
