"""The convolutional layer, `Conv2D`, with its max pooling, `MaxPool2D`: parameters and both passes.

As in `nn.layers`, a pass computes in a workspace that is allocated once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from nn.activations import Activation
from nn.backends.numpy_backend import ComputePart, NumpyBackend, patch_buffer_size


class Shape(NamedTuple):
    """Height, width and channels of an image."""

    height: int
    width: int
    channels: int

    @property
    def size(self) -> int:
        """Number of values in one image."""
        return self.height * self.width * self.channels

    def padded(self, padding: int) -> Shape:
        """Return the shape with `padding` more rows and columns on every side."""
        return Shape(self.height + 2 * padding, self.width + 2 * padding, self.channels)


class MaxPool2D(NamedTuple):
    """Max pooling: of every window of `size` × `size` values, the largest is kept.

    The windows are `stride` apart; rows and columns at the end that fill no window are left out.
    Its gradient goes to the largest value alone, of equal ones to the first.
    """

    size: int
    stride: int

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape of a pooled image."""
        rows, columns = ((side - self.size) // self.stride + 1 for side in shape[:2])
        return Shape(rows, columns, shape.channels)

    def forward(self, images: np.ndarray, workspace: Conv2DWorkspace) -> None:
        """Write the maxima of `images` (n, height, width, channels) into the workspace's sums."""
        workspace.backend.max_pool(
            images, self, workspace.sums, workspace.positions, workspace.selected
        )

    def backward(self, workspace: Conv2DWorkspace) -> None:
        """Write the gradients with respect to the images into the workspace's convolved delta."""
        workspace.backend.max_unpool(
            workspace.delta_images,
            self,
            workspace.positions,
            workspace.convolved_delta,
            workspace.selected,
        )


@dataclass(frozen=True, eq=False)
class Conv2D:
    """A convolution (cross-correlation) of images, with a max pooling before the activation.

    The order convolution, pooling, bias, activation gives the same activations as pooling last,
    because all values of a window get the same bias and a rising activation; fewer are computed.

    Parameters
    ----------
    weights : (kernel * kernel * channels, filters) float32 or float64
        Rows in the order of a patch: row, column, channel.
    bias : (filters,), optional
        None for a layer without biases.
    kernel : int
        Side of the square kernel.
    padding : int
        Rows and columns of zeros on every side of the images, fewer than `kernel`.
    input_shape : Shape
        Height, width and channels of the images that are convolved.
    pool : MaxPool2D, optional
    image_side : int, optional
        Side of the images that the layer is given, where it is larger than that of `input_shape`:
        the middle is cropped out of them.

    Raises
    ------
    ValueError
        If the weights do not fit the kernel and the channels.
    """

    weights: np.ndarray
    bias: np.ndarray | None
    kernel: int
    padding: int
    input_shape: Shape
    pool: MaxPool2D | None = None
    image_side: int | None = None

    def __post_init__(self) -> None:
        rows = self.kernel**2 * self.input_shape.channels
        if self.weights.ndim != 2 or len(self.weights) != rows or not self.weights.size:
            raise ValueError(
                f"Expected weights of the shape ({rows}, filters) for kernels of {self.kernel} × "
                f"{self.kernel} and {self.input_shape.channels} channels, found "
                f"{self.weights.shape}."
            )

    @property
    def inputs(self) -> int:
        """Number of values that the layer takes from each sample."""
        shape, side = self.input_shape, self.image_side
        return shape.size if side is None else side * side * shape.channels

    @property
    def outputs(self) -> int:
        """Number of values in the activations of each sample."""
        return self.output_shape.size

    @property
    def convolved_shape(self) -> Shape:
        """Shape of an image between the convolution and the pooling."""
        height, width, _ = self.input_shape.padded(self.padding)
        filters = int(self.weights.shape[1])
        return Shape(height - self.kernel + 1, width - self.kernel + 1, filters)

    @property
    def output_shape(self) -> Shape:
        """Shape of an image of activations."""
        convolved = self.convolved_shape
        return convolved if self.pool is None else self.pool.output_shape(convolved)

    def parameters(self) -> list[np.ndarray]:
        """Return the arrays themselves: the weights, and the bias if there is one."""
        return [self.weights] if self.bias is None else [self.weights, self.bias]

    def with_parameters(self, weights: np.ndarray, bias: np.ndarray | None = None) -> Conv2D:
        """Return a layer of the same shape with other arrays."""
        return replace(self, weights=weights, bias=bias)

    def patch_buffer_size(self, *, input_gradients: bool) -> int:
        """Return the length of the scratch buffer that the passes need."""
        padded, filters = self.input_shape.padded(self.padding), self.convolved_shape.channels
        forward = patch_buffer_size(padded, self.kernel, filters)
        if not input_gradients:
            return forward
        padded_delta = self.convolved_shape.padded(self.kernel - 1 - self.padding)
        return max(forward, patch_buffer_size(padded_delta, self.kernel, padded.channels))

    def workspace(
        self, count: int, backend: NumpyBackend, *, patches: np.ndarray, input_gradients: bool
    ) -> Conv2DWorkspace:
        """Allocate the arrays for passes of up to `count` samples.

        `patches` is a scratch buffer of `patch_buffer_size`, which layers may share. Without
        `input_gradients`, as for the first layer in training, `backward` cannot compute the
        gradients with respect to the inputs.
        """
        dtype, shape, convolved_shape = self.weights.dtype, self.output_shape, self.convolved_shape
        convolved = np.empty((count, *convolved_shape), dtype)
        delta = np.empty((count, shape.size), dtype)
        delta_images = delta.reshape(count, *shape)
        pooled = (0 if self.pool is None else count, *shape)
        # Up to 256 positions in a window fit into a byte.
        in_byte = self.pool is None or self.pool.size**2 <= 256
        padded_delta_shape = convolved_shape.padded(self.kernel - 1 - self.padding)
        return Conv2DWorkspace(
            backend=backend,
            padded=np.zeros((count, *self.input_shape.padded(self.padding)), dtype),
            convolved=convolved,
            sums=convolved if self.pool is None else np.empty(pooled, dtype),
            positions=np.empty(pooled, np.uint8 if in_byte else np.uint16),
            selected=np.empty(pooled, bool),
            activations=np.empty((count, *shape), dtype),
            delta=delta,
            delta_images=delta_images,
            convolved_delta=delta_images if self.pool is None else np.empty_like(convolved),
            padded_delta=np.zeros((count if input_gradients else 0, *padded_delta_shape), dtype),
            patches=patches,
            flipped=np.empty(
                (self.weights.size // self.input_shape.channels, self.input_shape.channels), dtype
            ),
        )

    def forward(
        self, x: np.ndarray, workspace: Conv2DWorkspace, activation: Activation | None
    ) -> np.ndarray:
        """Return the activations (n, outputs) of `x` (n, inputs), stored in the workspace."""
        images = self._images(x)

        def compute(part: slice, patches: np.ndarray) -> None:
            self._forward_part(images[part], workspace.part(part), activation, patches)

        _for_each_part(workspace, self._patch_values, compute)
        return workspace.activations.reshape(len(x), -1)

    @property
    def _patch_values(self) -> int:
        """Values in the patches of one image."""
        height, width, _ = self.convolved_shape
        return height * width * len(self.weights)

    def _forward_part(
        self,
        images: np.ndarray,
        workspace: Conv2DWorkspace,
        activation: Activation | None,
        patches: np.ndarray,
    ) -> None:
        z, a = workspace.sums, workspace.activations
        np.copyto(_inner(workspace.padded, self.padding), images)
        workspace.backend.convolve(
            workspace.padded, self.weights, self.kernel, workspace.convolved, patches
        )
        if self.pool is not None:
            self.pool.forward(workspace.convolved, workspace)
        if self.bias is not None:
            np.add(z, self.bias, out=z)
        if activation is None:
            np.copyto(a, z)
        else:
            activation.apply(z, a)

    def _images(self, x: np.ndarray) -> np.ndarray:
        height, width, channels = self.input_shape
        if self.image_side is None:
            return x.reshape(len(x), height, width, channels)
        images = x.reshape(len(x), self.image_side, self.image_side, channels)
        top, left = (self.image_side - height) // 2, (self.image_side - width) // 2
        return images[:, top : top + height, left : left + width]

    def backward(
        self,
        workspace: Conv2DWorkspace,
        activation: Activation | None,
        input_delta: np.ndarray | None,
    ) -> None:
        """Propagate the gradients of the loss from the activations to the sums and the inputs.

        As in `Dense.backward`; those with respect to the inputs need a workspace that was
        allocated with `input_gradients`, and are 0 for pixels that are cropped away.
        """
        _for_each_part(
            workspace,
            self._patch_values,
            lambda part, _patches: self._backward_part(workspace.part(part), activation),
        )
        if input_delta is None:
            return
        # The gradients of a convolution with respect to its inputs are another convolution, with
        # the kernels turned by 180 degrees and zeros around.
        kernels = self.weights.reshape(self.kernel, self.kernel, -1, self.weights.shape[1])
        flipped = kernels[::-1, ::-1].transpose(0, 1, 3, 2)
        np.copyto(workspace.flipped.reshape(flipped.shape), flipped)
        if self.image_side is not None:
            input_delta.fill(0)
        images = self._images(input_delta)

        def compute(part: slice, patches: np.ndarray) -> None:
            self._input_gradients(workspace.part(part), images[part], patches)

        height, width, _ = self.input_shape
        _for_each_part(workspace, height * width * len(workspace.flipped), compute)

    def _backward_part(self, workspace: Conv2DWorkspace, activation: Activation | None) -> None:
        z, delta = workspace.sums, workspace.delta_images
        if activation is not None:
            activation.derivative(z, workspace.activations, z)
            np.multiply(delta, z, out=delta)
        if self.pool is not None:
            self.pool.backward(workspace)

    def _input_gradients(
        self, workspace: Conv2DWorkspace, out: np.ndarray, patches: np.ndarray
    ) -> None:
        inner = _inner(workspace.padded_delta, self.kernel - 1 - self.padding)
        np.copyto(inner, workspace.convolved_delta)
        # Training never needs the gradients of a cropped image, which only a first layer is given.
        images = out if out.flags.c_contiguous else np.empty(out.shape, out.dtype)
        workspace.backend.convolve(
            workspace.padded_delta, workspace.flipped, self.kernel, images, patches
        )
        if images is not out:
            np.copyto(out, images)

    def gradients(self, x: np.ndarray, workspace: Conv2DWorkspace, out: Conv2D) -> None:
        """Write the gradients with respect to the parameters into the arrays of `out`.

        `x` is what `forward` was given; `backward` comes first.
        """
        if out.bias is not None:
            rows = workspace.delta_images.reshape(-1, len(out.bias))
            np.add.reduce(rows, axis=0, out=out.bias)
        workspace.backend.convolve_gradients(
            workspace.padded,
            workspace.convolved_delta,
            self.kernel,
            out.weights,
            workspace.patches,
        )


@dataclass(eq=False, slots=True)
class Conv2DWorkspace:
    """Arrays for the passes of a convolution, and the backend that computes them.

    The first axis is the sample. `padded` are the images with zeros around, `convolved` the
    results of the convolution, `sums` those of the pooling with the bias (without a pooling, the
    same array as `convolved`), `positions` and `selected` what the backward pass of the pooling
    needs, and `activations` the results. `delta` (n, outputs) holds the gradients with respect to
    activations or sums, `delta_images` the same as images, `convolved_delta` those with respect to
    `convolved`, and `padded_delta` the same with zeros around. `patches` and `flipped` are scratch.
    `views` are those of `part`.
    """

    backend: NumpyBackend
    padded: np.ndarray
    convolved: np.ndarray
    sums: np.ndarray
    positions: np.ndarray
    selected: np.ndarray
    activations: np.ndarray
    delta: np.ndarray
    delta_images: np.ndarray
    convolved_delta: np.ndarray
    padded_delta: np.ndarray
    patches: np.ndarray
    flipped: np.ndarray
    mask: None = None
    dropped: None = None
    views: dict[tuple[int, int], Conv2DWorkspace] = field(default_factory=dict)

    def first(self, count: int) -> Conv2DWorkspace:
        """Return views of the first `count` samples."""
        return self._views_of(slice(0, count))

    def part(self, samples: slice) -> Conv2DWorkspace:
        """Return views of some samples; they are kept, as every step asks for them."""
        place = samples.start, samples.stop
        if place == (0, len(self.delta)):
            return self
        view = self.views.get(place)
        if view is None:
            view = self.views[place] = self._views_of(samples)
        return view

    def _views_of(self, samples: slice) -> Conv2DWorkspace:
        by_sample = (
            *("padded", "convolved", "sums", "positions", "selected", "activations"),
            *("delta", "delta_images", "convolved_delta", "padded_delta"),
        )
        arrays = {name: getattr(self, name)[samples] for name in by_sample}
        return replace(self, **arrays, views={})


def _for_each_part(workspace: Conv2DWorkspace, patch_values: int, compute: ComputePart) -> None:
    backend, patches = workspace.backend, workspace.patches
    parts = backend.parts_of_batch(len(workspace.delta), patch_values, patches.size)
    backend.for_each_part(parts, compute, patches)


def _inner(padded: np.ndarray, padding: int) -> np.ndarray:
    _, height, width, _ = padded.shape
    return padded[:, padding : height - padding, padding : width - padding]
