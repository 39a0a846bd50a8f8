"""The settings of `inkling train`, and how flags are parsed.

Defaults and bounds shared with the app come from `TrainingSettings`.
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
    """The settings of the network and its training that `inkling train` accepts."""

    num_epochs = param.Integer(
        10, bounds=(1, 100_000), label="Number of epochs", doc="Passes over the training samples."
    )
    schedule = param.Selector(
        default="cosine",
        objects=list(SCHEDULES),
        label="Schedule",
        doc="How the learning rate, given as its maximum, changes over the run.",
    )
    binarize = param.Integer(
        None,
        bounds=(0, 255),
        allow_None=True,
        label="Binarize",
        doc="Pixels above this value become 255, all others 0.",
    )
    pen_digits = param.Integer(
        0,
        bounds=(0, 1_000_000),
        label="Synthetic digits",
        doc="Number of synthetic digits, in styles rare in MNIST, added to the training data.",
    )
    non_digits = param.Integer(
        0,
        bounds=(0, 1_000_000),
        label="Non-digits",
        doc="Number of pictures without a digit (scribbles, letters, patterns) added to the "
        "training data with a uniform target.",
    )
    calibrate = param.Boolean(
        False,
        label="Calibrate",
        doc="At the end, fit a temperature to the validation samples and divide the logits by it.",
    )
    patience = param.Integer(
        0,
        bounds=(0, 100_000),
        label="Patience",
        doc="Early stopping: stop after this many epochs without a lower validation loss, and save "
        "the weights of the best epoch; 0 trains to the end and saves the last weights.",
    )


def read_flag(flag: str, name: str, text: str) -> Any:
    """Return the value of the setting `name` from the text of `flag`.

    Names may differ in case, hyphens and underscores: `re-lu`, `One_Cycle`.

    Raises
    ------
    SettingError
        If the text is invalid; the message names the flag and the accepted values.
    """
    try:
        return CommandSettings().read(name, _usual_spelling(name, text))
    except SettingError as error:
        raise SettingError(f"{flag}: {error}") from error


def read_structure(flag: str, words: Sequence[str]) -> list[int]:
    """Return the hidden layers of a structure such as `784 500 300 100 10`."""
    numbers = " ".join(words).replace(",", " ").replace("-", " ").split()
    first, last = str(PIXELS), str(CLASSES)
    if len(numbers) < 2 or numbers[0] != first or numbers[-1] != last:
        raise SettingError(
            f"{flag}: expected {first} (pixels), at most {MAX_HIDDEN_LAYERS} hidden layers of "
            f"at most {MAX_LAYER_WIDTH:,} units, then {last} (classes), for example "
            f"784 500 300 100 10; found “{' '.join(words)}”."
        )
    layers: list[int] = read_flag(flag, "hidden_layers", " ".join(numbers[1:-1]))
    return layers


def explain(name: str, default: Any = None) -> str:
    """Return the help of a flag: description, accepted values and default."""
    parameter = CommandSettings.param[name]
    if isinstance(parameter, ArchitectureParameter):
        takes = f"one of {', '.join(ARCHITECTURES)}, or a layer specification"
    elif isinstance(parameter, param.Selector):
        takes = f"one of {', '.join(parameter.objects)}"
    else:
        takes = describe_range(parameter)
    chosen = parameter.default if default is None else default
    if chosen is None:
        chosen = "off"
    # argparse reads a percent sign as a placeholder.
    return f"{parameter.doc} {takes.capitalize()} (default: {chosen}).".replace("%", "%%")


def _usual_spelling(name: str, text: str) -> str:
    """Return the canonical name; an unknown text is left for the setting to refuse."""
    find = _SPELLINGS.get(name)
    if find is None:
        return text
    try:
        return find(text)
    except ValueError:
        return text
