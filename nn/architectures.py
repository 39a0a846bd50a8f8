"""Architectures with names: what a network begins with before its dense layers, and in what form.

An architecture is one of these names or the text of a plan of one's own (see `read_plan`).
"""

from dataclasses import dataclass

from nn.choices import resolve_choice
from nn.network import Network
from nn.stem_plan import StemPlan, read_plan

DENSE = "dense"


@dataclass(frozen=True)
class Architecture:
    """A form that has proved itself: a stem, hidden layers, and a batch size that suits it.

    `stem` is the text of a plan, empty for none; `title` is for menus.
    """

    name: str
    title: str
    stem: str
    hidden_layers: tuple[int, ...]
    batch_size: int


_LIST = (
    Architecture(DENSE, "Dense layers alone", "", (128,), 32),
    # Karpathy's demo of ConvNetJS for MNIST: its layers, and its batches of 20. It takes random
    # 24 × 24 pieces of the 28 × 28 pixels; here the middle is looked at, and augmentation shifts.
    Architecture(
        "convnetjs", "ConvNetJS's net for MNIST", "crop24 conv5x8 pool2 conv5x16 pool3", (), 20
    ),
    Architecture("small", "Small convolutional", "conv5x8 pool2 conv3x16 pool2", (64,), 32),
    Architecture(
        "best",
        "Convolutional, as the best net",
        "conv3x16 pool2 conv3x32 conv3x64 pool2 conv3x64",
        (128,),
        64,
    ),
)

ARCHITECTURES = {architecture.name: architecture for architecture in _LIST}
"""The architectures by name."""


def architecture_name(text: str) -> str:
    """Return the name that `text` means, or the text of the plan that it is, in one spelling.

    `ValueError` if it is neither; a plan is checked for pictures of any size only when used.
    """
    try:
        return resolve_choice(text, ARCHITECTURES, "architecture")
    except ValueError as error:
        if not isinstance(text, str) or not text.strip().lower().startswith(("conv", "crop")):
            raise ValueError(
                f"{error} Or give a plan of your own, such as “conv5x8 pool2 conv5x16 pool3”."
            ) from error
    plan = read_plan(text).text
    return next((name for name, known in ARCHITECTURES.items() if known.stem == plan), plan)


def stem_of(architecture: str) -> StemPlan | None:
    """Return the plan of an architecture as `architecture_name` spells it; None without one."""
    known = ARCHITECTURES.get(architecture)
    text = architecture if known is None else known.stem
    return read_plan(text) if text else None


def architecture_of(network: Network) -> str:
    """Return the architecture that a network has, as `architecture_name` spells it."""
    return DENSE if network.stem is None else architecture_name(network.stem.plan.text)
