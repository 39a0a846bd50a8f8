"""Pretrained digit classifiers, with a model card and the training recipe of each.

Beside this module lie for each model NAME.npz (weights), NAME.json (card) and NAME.toml (recipe).
"""

import functools
import json
from dataclasses import dataclass
from importlib.resources import files

from nn.choices import resolve_choice
from nn.network import Network
from nn.serialization import weights_from_bytes
from nn.texts import gettext_noop

PRETRAINED = ("mlp", "best")
"""Names of the pretrained models: a small dense one, and the convolutional one that scores best."""


@dataclass(frozen=True)
class PretrainedCard:
    """The card of a pretrained model: how it was trained and how well it scores.

    Attributes
    ----------
    sizes : str
        The structure, such as "784-128-10"; the `title` of the network.
    command : str
        The command line that trains it.
    digits : int
        Number of MNIST digits that it was trained on.
    test_accuracy : float
        Accuracy in [0, 1] on `test_count` digits that were used for nothing else.
    test_count : int
        Number of test digits.
    moved_accuracy : float
        Accuracy on the same digits after an affine transformation: moved anywhere on a canvas of
        56 × 56 pixels, scaled by 0.5 to 1.5, rotated by up to 15° and framed again.
    seed : int
        Seed of the training run.
    seconds : float
        Processor time of the training run, in seconds.
    bytes : int
        Size of the weights file.
    confidence_threshold : float
        What the model classifies with a lower `nn.confidence` is probably not a digit: 99 % of
        the validation digits lie above it.
    picture_threshold : float
        The same for the digit in a photograph or another file, which may show anything: 95 % of the
        validation digits lie above it, with probabilities averaged over slight changes of each.
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
    confidence_threshold: float
    picture_threshold: float

    @property
    def kind(self) -> str:
        """What a network of this structure is called: "CNN" or "MLP"."""
        return "CNN" if "conv" in self.sizes else "MLP"


def load_pretrained(name: str = "mlp") -> Network:
    """Return a pretrained digit classifier: (n, 784) pixels in [0, 1] to 10 classes, float32.

    Parameters
    ----------
    name : str
        One of `PRETRAINED`.

    Raises
    ------
    ValueError
        When there is no such model.
    """
    file_name = f"{_model_name(name)}.npz"
    return weights_from_bytes(files(__name__).joinpath(file_name).read_bytes(), file_name)


@functools.cache
def pretrained_card(name: str = "mlp") -> PretrainedCard:
    """Return the card of a pretrained model, one of `PRETRAINED`; `ValueError` for another name."""
    path = files(__name__).joinpath(f"{_model_name(name)}.json")
    return PretrainedCard(**json.loads(path.read_text(encoding="utf-8")))


def _model_name(text: str) -> str:
    return resolve_choice(text, PRETRAINED, gettext_noop("pretrained model"))
