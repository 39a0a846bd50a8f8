"""A net that has already learnt is in the package, so that a drawing is recognised at once.

Beside it lies a card that says honestly how it was trained and what it scores.
"""

import json
from dataclasses import dataclass, fields
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from nn.network import Network
from nn.weights import weights_from_bytes


@dataclass(frozen=True)
class PretrainedCard:
    """How the ready-trained net came to be: the contents of `pretrained/digits.json`.

    `sizes` is text such as "784-128-10"; `command` the command line that trained it; `digits`
    the number of training digits; `test_accuracy`, in [0, 1], was measured on `test_count`
    digits that took no part in training; `seed` is the run's.
    """

    sizes: str
    command: str
    digits: int
    test_accuracy: float
    test_count: int
    seed: int


def load_pretrained() -> Network:
    """Return the ready-trained digit recogniser: 784 pixels in [0, 1] to 10 classes, float32."""
    return weights_from_bytes(_folder().joinpath("digits.npz").read_bytes(), "digits.npz")


def pretrained_card() -> PretrainedCard:
    """Return how the ready-trained net was trained and what it scores."""
    return card_from_json(_folder().joinpath("digits.json").read_text(encoding="utf-8"))


def card_from_json(text: str) -> PretrainedCard:
    """Read a card; `ValueError` if it is no JSON object or if its keys are not the card's."""
    try:
        content: Any = json.loads(text)
    except ValueError as error:
        raise ValueError(f"Expected the card of the ready-trained net as JSON: {error}.") from error
    expected = [field.name for field in fields(PretrainedCard)]
    if not isinstance(content, dict) or sorted(content) != sorted(expected):
        found = ", ".join(content) if isinstance(content, dict) else type(content).__name__
        raise ValueError(
            f"Expected the card of the ready-trained net to hold {', '.join(expected)} "
            f"and found {found}."
        )
    return PretrainedCard(**content)


def _folder() -> Traversable:
    return files("nn").joinpath("pretrained")
