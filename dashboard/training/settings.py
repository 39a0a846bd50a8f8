"""Every knob of a training run, with its default, its range and its explanation.

The app, the command line and checkpoints all read this one class, so a default or a bound
is written down once; the widgets are generated from it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import param

from data_cache import AUGMENTATIONS
from nn import (
    ACTIVATIONS,
    DENSE,
    INITIALIZATIONS,
    OPTIMIZERS,
    LayerSpec,
    Network,
    architecture_layers,
    architecture_name,
    create_network,
)

MAX_HIDDEN_LAYERS = 8
MAX_LAYER_WIDTH = 2048


class SettingError(ValueError):
    """A value that a setting cannot take; the message is a sentence for the person who typed it."""


class ArchitectureParameter(param.String):
    """The name of an architecture, or a plan of convolutions, in the spelling of `nn`."""

    def _validate_value(self, val: Any, allow_None: bool) -> None:
        super()._validate_value(val, allow_None)
        if architecture_name(val) != val:
            raise ValueError(f"Spell the architecture as architecture_name({val!r}) does.")


class LearningSettings(param.Parameterized):
    """What learning depends on besides its data; every value is checked when it is set."""

    learning_rate = param.Number(
        0.002,
        bounds=(0, 10),
        inclusive_bounds=(False, True),
        label="Learning rate",
        doc="How far one step moves the weights. Adam likes 0.001 to 0.005, plain SGD 0.05 to 0.5.",
    )
    batch_size = param.Integer(
        32,
        bounds=(1, 4096),
        label="Batch size",
        doc="Digits per step. 1 learns after every digit; larger batches give calmer steps.",
    )
    optimizer = param.Selector(
        default="adam",
        objects=list(OPTIMIZERS),
        label="Optimiser",
        doc="The rule that turns gradients into steps.",
    )
    l1 = param.Number(
        0.0, bounds=(0, 1), label="L1", doc="Pulls weights towards zero by a constant pull."
    )
    l2 = param.Number(
        0.0,
        bounds=(0, 1),
        label="L2",
        doc="Pulls weights towards zero in proportion to their size.",
    )
    dropout = param.Number(
        0.0,
        bounds=(0, 0.9),
        label="Dropout",
        doc="The share of hidden units that is silenced at random in every step.",
    )
    hidden_layers = param.List(
        [128],
        item_type=int,
        bounds=(0, MAX_HIDDEN_LAYERS),
        label="Hidden layers",
        doc="Units in each hidden layer, for example 128 or 500 300 100. Empty: none.",
    )
    activation = param.Selector(
        default="relu",
        objects=list(ACTIVATIONS),
        label="Activation",
        doc="What every hidden unit does to its sum.",
    )
    initialization = param.Selector(
        default="he",
        objects=list(INITIALIZATIONS),
        label="Initialisation",
        doc="Where the weights start.",
    )
    biases = param.Boolean(True, label="Biases", doc="Whether units have a threshold of their own.")
    seed = param.Integer(
        1,
        bounds=(0, 2**32 - 1),
        label="Seed",
        doc="The same seed, data and settings give the same curve.",
    )

    def make_network(self, inputs: int, classes: int, generator: np.random.Generator) -> Network:
        """Create a fresh network of this architecture, its weights drawn from `generator`."""
        return create_network(
            (inputs, *self.hidden_layers, classes),
            generator=generator,
            activation=self.activation,
            initialization=self.initialization,
            biases=self.biases,
            layer_spec=self.layer_spec(),
        )

    def layer_spec(self) -> LayerSpec | None:
        """Return the convolutional layers in front of the hidden layers: none."""
        return None

    def read(self, name: str, text: str) -> Any:
        """Parse what somebody typed for the setting `name`.

        Returns
        -------
        The value, of the setting's own type and inside its bounds; it is not set yet.

        Raises
        ------
        SettingError
            With a sentence that says what the field takes and what was found.
        """
        parameter = self.param[name]
        label = parameter.label
        entry = text.strip()
        if isinstance(parameter, param.List):
            return _read_layers(label, entry)
        if isinstance(parameter, ArchitectureParameter):
            return _read_architecture(label, entry)
        if isinstance(parameter, param.Selector):
            return _read_choice(label, entry, list(parameter.objects))
        if not entry:
            raise SettingError(f"{label} is empty; it takes {describe_range(parameter)}.")
        whole = isinstance(parameter, param.Integer)
        try:
            value = int(entry) if whole else float(entry)
        except ValueError as error:
            raise SettingError(
                f"{label} takes {describe_range(parameter)}; “{shorten(entry)}” is not one."
            ) from error
        if not _inside(value, parameter):
            raise SettingError(
                f"{label} takes {describe_range(parameter)}; {shorten(entry)} is outside."
            )
        return value


class TrainingSettings(LearningSettings):
    """What a run on blocks of samples depends on: learning, and the queue that brings them."""

    architecture = ArchitectureParameter(
        DENSE,
        label="Architecture",
        doc="What stands before the hidden layers: nothing (dense), or convolutions, by name or "
        "as a plan such as conv5x8 pool2 conv5x16 pool3.",
    )
    label_smoothing = param.Number(
        0.0,
        bounds=(0, 0.5),
        label="Label smoothing",
        doc="The share of certainty taken from every label and given to all classes alike.",
    )
    weight_average = param.Number(
        0.0,
        bounds=(0, 0.99999),
        label="Weight average",
        doc="Scores and saves a running mean of the weights; this is the share of the past in it "
        "after every step, for example 0.999. 0: the weights themselves.",
    )
    cache_size = param.Integer(
        5,
        bounds=(0, 64),
        label="Cache size",
        doc="Blocks of digits kept ready. 0 fetches each block only when it is needed.",
    )
    concurrency = param.Integer(
        5, bounds=(1, 16), label="Concurrency", doc="Blocks that are fetched at the same time."
    )
    augment = param.Selector(
        default="none",
        objects=list(AUGMENTATIONS),
        label="Augmentation",
        doc="Changes every training digit anew each time: affine shifts, turns and scales; light "
        "also stretches and slants; full also bends, thickens, blurs and spoils.",
    )

    def layer_spec(self) -> LayerSpec | None:
        """Return the convolutions that the architecture names."""
        return architecture_layers(self.architecture)


def describe_range(parameter: Any) -> str:
    """Say in words which numbers a parameter takes: “a whole number from 1 to 4,096”."""
    kind = "a whole number" if isinstance(parameter, param.Integer) else "a number"
    low, high = parameter.bounds
    start = "from" if parameter.inclusive_bounds[0] else "above"
    return f"{kind} {start} {low:,} to {high:,}"


def shorten(text: str, length: int = 24) -> str:
    """Cut an entry so that it can be quoted inside a sentence."""
    return text if len(text) <= length else text[: length - 1] + "…"


def _inside(value: float, parameter: Any) -> bool:
    if not math.isfinite(value):
        return False
    low, high = parameter.bounds
    above = value >= low if parameter.inclusive_bounds[0] else value > low
    return above and value <= high


def _read_choice(label: str, entry: str, choices: list[str]) -> str:
    if entry not in choices:
        raise SettingError(f"{label} is one of {', '.join(choices)}; found “{shorten(entry)}”.")
    return entry


def _read_architecture(label: str, entry: str) -> str:
    try:
        return architecture_name(entry)
    except ValueError as error:
        raise SettingError(f"{label}: {error}") from error


def _read_layers(label: str, entry: str) -> list[int]:
    words = entry.replace(",", " ").replace("-", " ").split()
    takes = f"{label} takes whole numbers from 1 to {MAX_LAYER_WIDTH:,}, for example 500 300 100"
    if len(words) > MAX_HIDDEN_LAYERS:
        raise SettingError(
            f"{label} takes at most {MAX_HIDDEN_LAYERS} numbers; {len(words)} were found."
        )
    widths = []
    for word in words:
        digits = word.lstrip("0") if word.isascii() and word.isdigit() else ""
        # The length first: a number of thousands of digits is not worth reading.
        if not (0 < len(digits) < 9 and int(digits) <= MAX_LAYER_WIDTH):
            raise SettingError(f"{takes}; “{shorten(word)}” is not one.")
        widths.append(int(digits))
    return widths
