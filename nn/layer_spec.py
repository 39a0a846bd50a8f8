"""The text form of convolutional layers, as in weights files, settings and the command line.

`conv5x8 pool2 conv5x16` names the layers in front of the dense ones, without any values.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nn.convolution import Conv2D, MaxPool2D, Shape
from nn.layers import Dense
from nn.texts import gettext, gettext_noop

MAX_CONVOLUTIONS = 12
MAX_SIDE = 256
MAX_FILTERS = 512
MAX_MULTIPLICATIONS = 200_000_000
"""Limits that keep a typed or loaded specification from asking for more than a machine has.

`MAX_MULTIPLICATIONS` is for one image.
"""

_EXAMPLE = gettext_noop("such as “crop24 conv5x8 pool2 conv5x16 pool3”")
_CONVOLUTION = re.compile(r"conv(\d{1,3})x(\d{1,4})(?:p(\d{1,3}))?")
_POOLING = re.compile(r"pool(\d{1,3})(?:s(\d{1,3}))?")
_CROP = re.compile(r"crop(\d{1,3})")


@dataclass(frozen=True)
class ConvSpec:
    """A convolution of `kernel` × `kernel` with `filters` output channels, and its max pooling.

    `padding` rows and columns of zeros are put around its input. `ValueError` if a value is out
    of range.
    """

    kernel: int
    filters: int
    padding: int
    pool: MaxPool2D | None = None

    def __post_init__(self) -> None:
        if not (self.kernel >= 1 and 1 <= self.filters <= MAX_FILTERS):
            raise ValueError(
                gettext(
                    "Expected a kernel of 1 or more and 1 to {max_filters} filters, and "
                    "found {text}.",
                    max_filters=MAX_FILTERS,
                    text=self.text,
                )
            )
        if not 0 <= self.padding < self.kernel:
            raise ValueError(
                gettext(
                    "Expected a padding from 0 to below the kernel, found {text}.", text=self.text
                )
            )
        if self.pool is not None and min(self.pool) < 1:
            raise ValueError(
                gettext("Expected a pooling of 1 or more, found {text}.", text=self.text)
            )

    @property
    def text(self) -> str:
        """The words that `read_layer_spec` reads."""
        padding = "" if self.padding == self.kernel // 2 else f"p{self.padding}"
        word = f"conv{self.kernel}x{self.filters}{padding}"
        if self.pool is None:
            return word
        size, stride = self.pool
        return f"{word} pool{size}{'' if stride == size else f's{stride}'}"

    def weight_shape(self, shape: Shape) -> tuple[int, int]:
        """Return the shape of the weights for images of `shape`."""
        return self.kernel**2 * shape.channels, self.filters

    def convolved_shape(self, shape: Shape) -> Shape:
        """Return the shape of an image of `shape` after the convolution."""
        height, width, _ = shape.padded(self.padding)
        return Shape(height - self.kernel + 1, width - self.kernel + 1, self.filters)

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape of an image of `shape` after the pooling."""
        convolved = self.convolved_shape(shape)
        return convolved if self.pool is None else self.pool.output_shape(convolved)


@dataclass(frozen=True)
class LayerSpec:
    """The convolutions of a network; of the images, the middle `crop` × `crop` pixels are used.

    A `crop` of None uses all of them. `ValueError` for too few or too many convolutions.
    """

    convolutions: tuple[ConvSpec, ...]
    crop: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.convolutions) <= MAX_CONVOLUTIONS:
            raise ValueError(
                gettext(
                    "Expected 1 to {max_convolutions} convolutions, {example}, and found {count}.",
                    max_convolutions=MAX_CONVOLUTIONS,
                    example=gettext(_EXAMPLE),
                    count=len(self.convolutions),
                )
            )

    @property
    def text(self) -> str:
        """The words that `read_layer_spec` reads, always in the same spelling."""
        crop = [] if self.crop is None else [f"crop{self.crop}"]
        return " ".join([*crop, *(convolution.text for convolution in self.convolutions)])

    def shapes(self, side: int) -> list[Shape]:
        """Return the input shape of every convolution and the last output shape.

        Parameters
        ----------
        side : int
            Height and width of the images, which have one channel.

        Raises
        ------
        ValueError
            If the images are too small for the convolutions, or too much work.
        """
        cropped = side if self.crop is None else self.crop
        if not 1 <= cropped <= side <= MAX_SIDE:
            raise ValueError(
                gettext(
                    "Expected images of at least {cropped} and at most {max_side} pixels "
                    "a side for the layers “{text}”, and found {side}.",
                    cropped=cropped,
                    max_side=MAX_SIDE,
                    text=self.text,
                    side=side,
                )
            )
        shapes = [Shape(cropped, cropped, 1)]
        for spec in self.convolutions:
            convolved = spec.convolved_shape(shapes[-1])
            size = 1 if spec.pool is None else spec.pool.size
            if min(convolved.height, convolved.width) < size:
                raise ValueError(
                    gettext(
                        "The layers “{text}” leave {height} × {width} pixels of {side} × "
                        "{side}, too few for “{spec_text}”: take smaller kernels or fewer "
                        "poolings.",
                        text=self.text,
                        height=max(convolved.height, 0),
                        width=max(convolved.width, 0),
                        side=side,
                        spec_text=spec.text,
                    )
                )
            shapes.append(spec.output_shape(shapes[-1]))
        multiplications = self._multiplications(shapes)
        if multiplications > MAX_MULTIPLICATIONS:
            raise ValueError(
                gettext(
                    "The layers “{text}” take {multiplications:,} multiplications for "
                    "every image, and {max_multiplications:,} are the most allowed: take "
                    "fewer filters, or pool earlier.",
                    text=self.text,
                    multiplications=multiplications,
                    max_multiplications=MAX_MULTIPLICATIONS,
                )
            )
        return shapes

    def multiplications(self, side: int) -> int:
        """Return the multiplications of all convolutions for one image as in `shapes`."""
        return self._multiplications(self.shapes(side))

    def _multiplications(self, shapes: Sequence[Shape]) -> int:
        return sum(
            spec.convolved_shape(shape).size * spec.weight_shape(shape)[0]
            for spec, shape in zip(self.convolutions, shapes, strict=False)
        )

    def weight_shapes(self, side: int) -> list[tuple[int, int]]:
        """Return the shape of the weights of every convolution, for images as in `shapes`."""
        shapes = self.shapes(side)
        return [
            spec.weight_shape(shape) for spec, shape in zip(self.convolutions, shapes, strict=False)
        ]

    def layers(
        self, side: int, weights: Sequence[np.ndarray], biases: Sequence[np.ndarray | None]
    ) -> tuple[Conv2D, ...]:
        """Return the layers with their weights and biases, which may be None.

        `ValueError` if the images, as in `shapes`, or the arrays do not fit.
        """
        layers = [
            Conv2D(W, b, spec.kernel, spec.padding, shape, spec.pool)
            for spec, shape, W, b in zip(
                self.convolutions, self.shapes(side)[:-1], weights, biases, strict=True
            )
        ]
        expected = self.weight_shapes(side)
        found = [W.shape for W in weights]
        if found != expected:
            raise ValueError(
                gettext(
                    "Expected the weights of the layers “{text}” to have the shapes "
                    "{expected} and found {found}.",
                    text=self.text,
                    expected=expected,
                    found=found,
                )
            )
        if self.crop is not None:
            layers[0] = replace(layers[0], image_side=side)
        return tuple(layers)


def layer_spec_of(layers: Sequence[Conv2D | Dense]) -> LayerSpec | None:
    """Return the specification of the convolutions among `layers`, or None without any."""
    convolutions = [layer for layer in layers if isinstance(layer, Conv2D)]
    if not convolutions:
        return None
    specs = (
        ConvSpec(layer.kernel, layer.weights.shape[1], layer.padding, layer.pool)
        for layer in convolutions
    )
    first = convolutions[0]
    return LayerSpec(tuple(specs), None if first.image_side is None else first.input_shape.height)


def read_layer_spec(text: str) -> LayerSpec:
    """Return the specification that a text means.

    `crop24` (once, first) uses the middle 24 × 24 pixels. `conv5x8` is a convolution of 5 × 5
    with 8 filters, which keeps the size of the image if 5 is odd; `conv5x8p0` has a padding of 0
    instead. `pool2`, after a convolution, keeps the largest of every 2 × 2 values; `pool3s2` of
    every 3 × 3 with a stride of 2. Raises `ValueError` that names the word that is wrong.
    """
    crop: int | None = None
    specs: list[ConvSpec] = []
    for position, word in enumerate(text.lower().split()):
        if found := _CONVOLUTION.fullmatch(word):
            kernel, filters = int(found[1]), int(found[2])
            padding = kernel // 2 if found[3] is None else int(found[3])
            specs.append(ConvSpec(kernel, filters, padding))
        elif (found := _POOLING.fullmatch(word)) and specs and specs[-1].pool is None:
            size = int(found[1])
            pool = MaxPool2D(size, size if found[2] is None else int(found[2]))
            specs[-1] = replace(specs[-1], pool=None if pool == (1, 1) else pool)
        elif (found := _CROP.fullmatch(word)) and position == 0:
            crop = int(found[1])
        else:
            raise ValueError(
                gettext(
                    "Expected convolutions, each with at most one pooling after it, "
                    "{example}, and found “{word}” as word {position}.",
                    example=gettext(_EXAMPLE),
                    word=word[:24],
                    position=position + 1,
                )
            )
    return LayerSpec(tuple(specs), crop)
