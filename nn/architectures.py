"""Named architectures: convolutional layers, hidden layers and a batch size that suits them.

An architecture is one of these names, or the text of a `LayerSpec`.
"""

from dataclasses import dataclass

from nn.choices import resolve_choice
from nn.layer_spec import LayerSpec, read_layer_spec
from nn.network import Network
from nn.texts import gettext, gettext_noop

DENSE = "dense"


@dataclass(frozen=True)
class Architecture:
    """A recommended architecture.

    `layer_spec` is the text of its convolutional layers, empty for none; `title` is for menus.
    """

    name: str
    title: str
    layer_spec: str
    hidden_layers: tuple[int, ...]
    batch_size: int


_LIST = (
    Architecture(DENSE, "MLP", "", (128,), 32),
    # Karpathy's demo of ConvNetJS for MNIST: its layers, and its batches of 20. It takes random
    # crops of 24 × 24 pixels; here it is the middle one, and augmentation shifts the images.
    Architecture(
        "convnetjs", "CNN of the ConvNetJS demo", "crop24 conv5x8 pool2 conv5x16 pool3", (), 20
    ),
    Architecture("small", "CNN (small)", "conv5x8 pool2 conv3x16 pool2", (64,), 32),
    Architecture(
        "best",
        "CNN (as pretrained)",
        "conv3x16 pool2 conv3x32 conv3x64 pool2 conv3x64",
        (128,),
        64,
    ),
)

ARCHITECTURES = {architecture.name: architecture for architecture in _LIST}
"""The architectures by name."""


def architecture_name(text: str) -> str:
    """Return the architecture that `text` means: a name, or a layer specification.

    A specification that a name stands for becomes the name, another one is put into one spelling;
    whether it fits the images is not checked. `ValueError` if `text` is neither.
    """
    try:
        return resolve_choice(text, ARCHITECTURES, gettext_noop("architecture"))
    except ValueError as error:
        if not isinstance(text, str) or not text.strip().lower().startswith(("conv", "crop")):
            raise ValueError(
                gettext(
                    "{error} Or give layers of your own, such as “conv5x8 pool2 conv5x16 pool3”.",
                    error=error,
                )
            ) from error
    spec = read_layer_spec(text).text
    return next((name for name, known in ARCHITECTURES.items() if known.layer_spec == spec), spec)


def architecture_layers(architecture: str) -> LayerSpec | None:
    """Return the convolutional layers of an architecture, named as by `architecture_name`."""
    known = ARCHITECTURES.get(architecture)
    text = architecture if known is None else known.layer_spec
    return read_layer_spec(text) if text else None


def architecture_of(network: Network) -> str:
    """Return the architecture of a network, named as by `architecture_name`."""
    spec = network.layer_spec
    return DENSE if spec is None else architecture_name(spec.text)
