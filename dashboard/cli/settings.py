"""The knobs that the command line has beside those of the laboratory, and how it reads all of them.

Defaults and bounds of the shared ones come from TrainingSettings and are not repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import param

from dashboard.training.settings import (
    MAX_HIDDEN_LAYERS,
    MAX_LAYER_WIDTH,
    ArchitectureParameter,
    SettingError,
    TrainingSettings,
    describe_range,
)
from nn import (
    ARCHITECTURES,
    SCHEDULES,
    activation_name,
    initialization_name,
    optimizer_name,
    schedule_name,
)

PIXELS = 784
CLASSES = 10

_SPELLINGS: dict[str, Callable[[str], str]] = {
    "activation": activation_name,
    "initialization": initialization_name,
    "optimizer": optimizer_name,
    "schedule": schedule_name,
}


class CommandSettings(TrainingSettings):
    """All that `inkling train` can be told about the net and its training."""

    num_epochs = param.Integer(
        10, bounds=(1, 100_000), label="Number of epochs", doc="Passes over the training samples."
    )
    schedule = param.Selector(
        default="cosine",
        objects=list(SCHEDULES),
        label="Schedule",
        doc="How the learning rate, which is the highest that is used, changes over the run.",
    )
    binarize = param.Integer(
        None,
        bounds=(0, 255),
        allow_None=True,
        label="Binarize",
        doc="Pixels brighter than this become full ink, all others paper.",
    )
    pen_digits = param.Integer(
        0,
        bounds=(0, 1_000_000),
        label="Pen digits",
        doc="Learn also from so many digits that a pen writes in styles which MNIST has few of.",
    )
    non_digits = param.Integer(
        0,
        bounds=(0, 1_000_000),
        label="Non-digits",
        doc="Learn from so many scribbles, letters and patterns to prefer no class where there is "
        "no digit.",
    )
    calibrate = param.Boolean(
        False,
        label="Calibrate",
        doc="At the end, scale the last layer so that probabilities on the validation samples mean "
        "what they say.",
    )
    patience = param.Integer(
        0,
        bounds=(0, 100_000),
        label="Patience",
        doc="Stop after so many epochs without a lower validation loss, and save the weights of "
        "the epoch with the lowest; 0 trains to the end and saves the last ones.",
    )


def read_flag(flag: str, name: str, text: str) -> Any:
    """Read what somebody typed behind `flag` for the setting `name`.

    Names may be spelt with other capitals, dashes and blanks: `re-lu`, `One_Cycle`.

    Raises
    ------
    SettingError
        With the flag, and a sentence that says what it takes.
    """
    try:
        return CommandSettings().read(name, _usual_spelling(name, text))
    except SettingError as error:
        raise SettingError(f"{flag}: {error}") from error


def read_structure(flag: str, words: Sequence[str]) -> list[int]:
    """Read `784 500 300 100 10` and return the hidden layers between its two ends."""
    numbers = " ".join(words).replace(",", " ").replace("-", " ").split()
    first, last = str(PIXELS), str(CLASSES)
    if len(numbers) < 2 or numbers[0] != first or numbers[-1] != last:
        raise SettingError(
            f"{flag}: Network structure starts with {first} (the pixels of a digit), ends with "
            f"{last} (the classes) and has the hidden layers between, at most "
            f"{MAX_HIDDEN_LAYERS} of up to {MAX_LAYER_WIDTH:,} units, for example "
            f"784 500 300 100 10; found “{' '.join(words)}”."
        )
    layers: list[int] = read_flag(flag, "hidden_layers", " ".join(numbers[1:-1]))
    return layers


def explain(name: str, default: Any = None) -> str:
    """Return the help of a flag: what it does, what it takes, and its default."""
    parameter = CommandSettings.param[name]
    if isinstance(parameter, ArchitectureParameter):
        takes = f"one of {', '.join(ARCHITECTURES)}, or a plan"
    elif isinstance(parameter, param.Selector):
        takes = f"one of {', '.join(parameter.objects)}"
    else:
        takes = describe_range(parameter)
    chosen = parameter.default if default is None else default
    if chosen is None:
        chosen = "off"
    # argparse would read a percent sign as a placeholder.
    return f"{parameter.doc} {takes.capitalize()} (default: {chosen}).".replace("%", "%%")


def _usual_spelling(name: str, text: str) -> str:
    """Return the name that is meant; what means none is left for the setting to refuse."""
    find = _SPELLINGS.get(name)
    if find is None:
        return text
    try:
        return find(text)
    except ValueError:
        return text
