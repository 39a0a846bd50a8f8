"""Nets that have already learnt are in the package, so that a drawing is recognised at once.

Beside each lies a card that says honestly how it was trained and what it scores, and the recipe
that makes it again.
"""

import functools
import json
from dataclasses import MISSING, dataclass, fields
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from nn.names import choose_name
from nn.network import Network
from nn.weights import weights_from_bytes

PRETRAINED = ("mlp", "best")
"""Names of the ready-trained nets: a small dense one, and the best."""


@dataclass(frozen=True)
class PretrainedCard:
    """How a ready-trained net came to be: the contents of its `.json` beside the weights.

    `sizes` is text such as "784-128-10" (for a convolutional net, its `title`); `command` the
    command line that trained it, in `seconds` of one processor; `digits` the number of MNIST's
    digits that it learnt from. `test_accuracy`, in [0, 1], was measured on `test_count` digits
    that took no part in training nor in choosing anything; `moved_accuracy` on the same ones
    moved anywhere on a canvas of 56 × 56, scaled from a half to one and a half, turned by up to
    15° and framed again. `seed` is the run's, `bytes` the size of the weights file. What the net
    is less sure of (see `sureness`) than `least_sureness` is probably no digit: 99 % of
    validation digits lie above it.
    """

    sizes: str
    command: str
    digits: int
    test_accuracy: float
    test_count: int
    moved_accuracy: float
    seed: int
    seconds: float
    bytes: int
    least_sureness: float = 0.0


def pretrained_name(text: str) -> str:
    """Return the ready-trained net that `text` means; `ValueError` if none."""
    return choose_name(text, PRETRAINED, "ready-trained net")


def load_pretrained(name: str = "mlp") -> Network:
    """Return a ready-trained digit recogniser: 784 pixels in [0, 1] to 10 classes, float32.

    `name` is one of `PRETRAINED`; `ValueError` for another.
    """
    file_name = f"{pretrained_name(name)}.npz"
    return weights_from_bytes(_folder().joinpath(file_name).read_bytes(), file_name)


@functools.cache
def pretrained_card(name: str = "mlp") -> PretrainedCard:
    """Return how a ready-trained net, one of `PRETRAINED`, was trained and what it scores."""
    file_name = f"{pretrained_name(name)}.json"
    return card_from_json(_folder().joinpath(file_name).read_text(encoding="utf-8"))


def card_from_json(text: str) -> PretrainedCard:
    """Read a card; `ValueError` if it is no JSON object or if its keys are not the card's."""
    try:
        content: Any = json.loads(text)
    except ValueError as error:
        raise ValueError(f"Expected the card of the ready-trained net as JSON: {error}.") from error
    known = {field.name for field in fields(PretrainedCard)}
    needed = [field.name for field in fields(PretrainedCard) if field.default is MISSING]
    if not isinstance(content, dict) or not set(needed) <= content.keys() <= known:
        found = ", ".join(content) if isinstance(content, dict) else type(content).__name__
        raise ValueError(
            f"Expected the card of the ready-trained net to hold {', '.join(needed)} "
            f"and found {found}."
        )
    return PretrainedCard(**content)


def _folder() -> Traversable:
    return files("nn").joinpath("pretrained")
