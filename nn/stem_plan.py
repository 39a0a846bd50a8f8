"""A plan says in one line of text which convolutions a network begins with, without any numbers.

The same text names it in files, in settings and on the command line: `conv5x8 pool2 conv5x16`.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from nn.pooling import Squares

MAX_STAGES = 12
MAX_SIDE = 256
MAX_FILTERS = 512
MAX_PRODUCTS = 200_000_000
"""Bounds that keep a typed or loaded plan from asking for more than a machine has.

`MAX_PRODUCTS` are the multiplications for one picture.
"""

_EXAMPLE = "such as “crop24 conv5x8 pool2 conv5x16 pool3”"
_CONVOLUTION = re.compile(r"conv(\d{1,3})x(\d{1,4})(?:p(\d{1,3}))?")
_POOLING = re.compile(r"pool(\d{1,3})(?:s(\d{1,3}))?")
_CROP = re.compile(r"crop(\d{1,3})")


class Shape(NamedTuple):
    """Rows, columns and channels of a picture."""

    height: int
    width: int
    channels: int

    @property
    def size(self) -> int:
        """Numbers in one picture."""
        return self.height * self.width * self.channels


@dataclass(frozen=True)
class StagePlan:
    """A convolution of `kernel` × `kernel` to `filters` channels, and what is pooled after it.

    `padding` rows and columns of zeros are put around its input. `pool` is the side of the
    squares of which the largest number is kept, `stride` how far they lie apart; 1 and 1: none.
    """

    kernel: int
    filters: int
    padding: int
    pool: int = 1
    stride: int = 1

    def __post_init__(self) -> None:
        if not (self.kernel >= 1 and 1 <= self.filters <= MAX_FILTERS):
            raise ValueError(
                f"Expected a kernel of 1 or more and 1 to {MAX_FILTERS} filters, "
                f"and found {self.text}."
            )
        if not 0 <= self.padding < self.kernel:
            raise ValueError(f"Expected a padding from 0 to below the kernel, found {self.text}.")
        if self.pool < 1 or self.stride < 1:
            raise ValueError(f"Expected a pooling of 1 or more, found {self.text}.")

    @property
    def text(self) -> str:
        """The stage as `read_plan` reads it."""
        padding = "" if self.padding == self.kernel // 2 else f"p{self.padding}"
        words = [f"conv{self.kernel}x{self.filters}{padding}"]
        if self.is_pooled:
            words.append(f"pool{self.pool}{'' if self.stride == self.pool else f's{self.stride}'}")
        return " ".join(words)

    @property
    def squares(self) -> Squares:
        """What is pooled."""
        return Squares(self.pool, self.stride)

    @property
    def is_pooled(self) -> bool:
        """Whether a pooling follows the convolution."""
        return (self.pool, self.stride) != (1, 1)

    def convolved(self, given: Shape) -> Shape:
        """Return the shape behind the convolution of a picture of the shape `given`."""
        shrink = self.kernel - 1 - 2 * self.padding
        return Shape(given.height - shrink, given.width - shrink, self.filters)

    def pooled(self, convolved: Shape) -> Shape:
        """Return the shape behind the pooling; rows and columns that fill no square are left."""
        height, width, channels = convolved
        rows, columns = ((side - self.pool) // self.stride + 1 for side in (height, width))
        return Shape(rows, columns, channels)


@dataclass(frozen=True)
class StemPlan:
    """The stages of a stem; of the picture, the middle `crop` × `crop` pixels are looked at.

    A `crop` of None looks at all of them.
    """

    stages: tuple[StagePlan, ...]
    crop: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.stages) <= MAX_STAGES:
            raise ValueError(
                f"Expected 1 to {MAX_STAGES} convolutions, {_EXAMPLE}, "
                f"and found {len(self.stages)}."
            )

    @property
    def text(self) -> str:
        """The plan as `read_plan` reads it, always in the same spelling."""
        crop = [] if self.crop is None else [f"crop{self.crop}"]
        return " ".join([*crop, *(stage.text for stage in self.stages)])

    def shapes(self, side: int) -> list[Shape]:
        """Return what every stage is given for pictures of `side` × `side`, and the last shape.

        `ValueError` if the pictures are too small for the plan.
        """
        seen = side if self.crop is None else self.crop
        if not 1 <= seen <= side <= MAX_SIDE:
            raise ValueError(
                f"Expected pictures of at least {seen} and at most {MAX_SIDE} pixels a side for "
                f"the plan “{self.text}”, and found {side}."
            )
        shapes = [Shape(seen, seen, 1)]
        for stage in self.stages:
            convolved = stage.convolved(shapes[-1])
            if min(convolved.height, convolved.width) < stage.pool:
                raise ValueError(
                    f"The plan “{self.text}” leaves {max(convolved.height, 0)} × "
                    f"{max(convolved.width, 0)} pixels of {side} × {side}, too few for "
                    f"“{stage.text}”: take smaller kernels or fewer poolings."
                )
            shapes.append(stage.pooled(convolved))
        products = self._count_products(shapes)
        if products > MAX_PRODUCTS:
            raise ValueError(
                f"The plan “{self.text}” takes {products:,} products for every picture, and "
                f"{MAX_PRODUCTS:,} are the most allowed: take fewer filters, or pool earlier."
            )
        return shapes

    def _count_products(self, given: list[Shape]) -> int:
        return sum(
            stage.convolved(shape).size * stage.kernel**2 * shape.channels
            for stage, shape in zip(self.stages, given, strict=False)
        )


def read_plan(text: str) -> StemPlan:
    """Read a plan: words for what is done to the picture, one after the other.

    `crop24` (once, first) looks at the middle 24 × 24 pixels. `conv5x8` is a convolution of
    5 × 5 with 8 filters, which keeps the size of the picture if 5 is odd; `conv5x8p0` has a
    padding of 0 instead. `pool2`, after a convolution, keeps the largest of every 2 × 2;
    `pool3s2` of every 3 × 3 in steps of 2. `ValueError` saying which word is wrong.
    """
    crop: int | None = None
    stages: list[StagePlan] = []
    for position, word in enumerate(text.lower().split()):
        if found := _CONVOLUTION.fullmatch(word):
            kernel, filters = int(found[1]), int(found[2])
            padding = kernel // 2 if found[3] is None else int(found[3])
            stages.append(StagePlan(kernel, filters, padding))
        elif (found := _POOLING.fullmatch(word)) and stages and not stages[-1].is_pooled:
            pool = int(found[1])
            stride = pool if found[2] is None else int(found[2])
            before = stages[-1]
            stages[-1] = StagePlan(before.kernel, before.filters, before.padding, pool, stride)
        elif (found := _CROP.fullmatch(word)) and position == 0:
            crop = int(found[1])
        else:
            raise ValueError(
                f"Expected convolutions, each with at most one pooling after it, {_EXAMPLE}, "
                f"and found “{word[:24]}” as word {position + 1}."
            )
    return StemPlan(tuple(stages), crop)
