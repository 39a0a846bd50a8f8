"""The settings of a training run, each with its default, bounds and help text.

The app, the command line and checkpoints use these classes, so a default or a bound is written
down once; widgets are generated from them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import param

from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext, gettext_noop
from dashboard.training.budget import DIGITS_BUDGET, Budget, NetworkCost, network_cost
from data_cache import AUGMENTATIONS, DIGIT_NAMES
from data_cache.samples import PIXELS, SIDE
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
    """A value that a setting cannot take; the message names setting, range and value."""


class ArchitectureParameter(param.String):
    """The name of an architecture, or a plan of convolutions, in the spelling of `nn`."""

    def _validate_value(self, val: Any, allow_None: bool) -> None:
        super()._validate_value(val, allow_None)
        if architecture_name(val) != val:
            raise ValueError(f"Spell the architecture as architecture_name({val!r}) does.")


class TypedSettings(param.Parameterized):
    """Settings whose values can be typed."""

    def read(self, name: str, text: str) -> Any:
        """Return the value of the setting `name` that a text stands for, without setting it.

        Raises
        ------
        SettingError
            The text stands for no value inside the setting's bounds.
        """
        parameter = self.param[name]
        label, entry = gettext(parameter.label), text.strip()
        if isinstance(parameter, param.List):
            return _read_layers(label, entry)
        if isinstance(parameter, ArchitectureParameter):
            return _read_architecture(label, entry)
        if isinstance(parameter, param.Selector):
            choices = list(parameter.objects)
            if entry not in choices:
                raise _refusal(
                    gettext("{label} is one of {choices}", label=label, choices=", ".join(choices)),
                    entry,
                )
            return entry
        if not entry and parameter.allow_None:
            return None
        values = describe_range(parameter)
        if parameter.allow_None:
            values = gettext("{values}, or nothing", values=values)
        error = _refusal(gettext("{label} takes {values}", label=label, values=values), entry)
        try:
            value = int(entry) if isinstance(parameter, param.Integer) else float(entry)
        except ValueError:
            raise error from None
        if not _inside(value, parameter):
            raise error
        return value


class LearningSettings(TypedSettings):
    """The settings that every run has, on digits or points; values are checked when set.

    Values that are beyond the budget together are refused with a `SettingError`, and change
    nothing. Subclasses define the budget and which settings decide the cost.
    """

    budget: ClassVar[Budget]
    cost_settings: ClassVar[tuple[str, ...]] = ("hidden_layers", "batch_size")
    """Settings that `network_cost` and `step_samples` depend on."""

    learning_rate = param.Number(
        0.002,
        bounds=(0, 10),
        inclusive_bounds=(False, True),
        label=gettext_noop("Learning rate"),
        doc=gettext_noop(
            "How far one step moves the weights. Usual values: 0.001 to 0.005 with Adam, "
            "0.05 to 0.5 with plain SGD, 1 with Adadelta."
        ),
    )
    batch_size = param.Integer(
        32,
        bounds=(1, 4096),
        label=gettext_noop("Batch size"),
        doc=gettext_noop(
            "Digits per step. 1 learns after every digit; larger batches give less noisy steps."
        ),
    )
    optimizer = param.Selector(
        default="adam",
        objects=list(OPTIMIZERS),
        label=gettext_noop("Optimiser"),
        doc=gettext_noop("Update rule of the weights."),
    )
    l1 = param.Number(
        0.0,
        bounds=(0, 1),
        label=gettext_noop("L1"),
        doc=gettext_noop("Weight of the L1 penalty: shrinks every weight by a constant amount."),
    )
    l2 = param.Number(
        0.0,
        bounds=(0, 1),
        label=gettext_noop("L2"),
        doc=gettext_noop("Weight of the L2 penalty: shrinks weights in proportion to their size."),
    )
    dropout = param.Number(
        0.0,
        bounds=(0, 0.9),
        label=gettext_noop("Dropout"),
        doc=gettext_noop("Share of the hidden units that are set to zero at random in every step."),
    )
    hidden_layers = param.List(
        [128],
        item_type=int,
        bounds=(0, MAX_HIDDEN_LAYERS),
        label=gettext_noop("Hidden layers"),
        doc=gettext_noop(
            "Units in each hidden layer, for example 128 or 500 300 100. Empty: none."
        ),
    )
    activation = param.Selector(
        default="relu",
        objects=list(ACTIVATIONS),
        label=gettext_noop("Activation"),
        doc=gettext_noop("Activation function of the hidden units."),
    )
    initialization = param.Selector(
        default="he",
        objects=list(INITIALIZATIONS),
        label=gettext_noop("Initialisation"),
        doc=gettext_noop("Distribution of the first weights."),
    )
    biases = param.Boolean(
        True,
        label=gettext_noop("Biases"),
        doc=gettext_noop("Whether units add a bias to their sum."),
    )
    seed = param.Integer(
        1,
        bounds=(0, 2**32 - 1),
        label=gettext_noop("Seed"),
        doc=gettext_noop("The same seed, data and settings give the same curve."),
    )

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.check_budget({})
        self.param.watch(self._refuse_beyond_budget, list(self.cost_settings))

    def network_cost(self, values: Mapping[str, Any]) -> NetworkCost:
        """Return what a network with these values of `cost_settings` would cost."""
        raise NotImplementedError

    def step_samples(self, values: Mapping[str, Any]) -> int:
        """Return the samples of one step with these values of `cost_settings`."""
        return int(values["batch_size"])

    def check_budget(self, changes: Mapping[str, Any]) -> None:
        """Raise `SettingError` if the settings with these changes are beyond the budget."""
        values = {name: changes.get(name, getattr(self, name)) for name in self.cost_settings}
        try:
            cost = self.network_cost(values)
        except ValueError as error:  # the images are too small for the convolutions
            raise SettingError(str(error)) from error
        fault = self.budget.fault(cost, self.step_samples(values))
        if fault:
            raise SettingError(fault)

    def _refuse_beyond_budget(self, *events: Any) -> None:
        try:
            self.check_budget({})
        except SettingError:
            with param.discard_events(self):
                self.param.update(**{event.name: event.old for event in events})
            raise

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
        """Return the convolutional layers before the hidden ones; None: none."""
        return None


class TrainingSettings(LearningSettings):
    """The settings of a run on blocks of samples, with those of the prefetch queue."""

    budget: ClassVar[Budget] = DIGITS_BUDGET
    cost_settings: ClassVar[tuple[str, ...]] = ("hidden_layers", "batch_size", "architecture")

    architecture = ArchitectureParameter(
        DENSE,
        label=gettext_noop("Architecture"),
        doc=gettext_noop(
            "Layers before the hidden ones: none (dense), or convolutional layers, by name or as a "
            "list such as conv5x8 pool2 conv5x16 pool3."
        ),
    )
    label_smoothing = param.Number(
        0.0,
        bounds=(0, 0.5),
        label=gettext_noop("Label smoothing"),
        doc=gettext_noop("Share of every label that is spread evenly over all classes."),
    )
    weight_average = param.Number(
        0.0,
        bounds=(0, 0.99999),
        label=gettext_noop("Weight average"),
        doc=gettext_noop(
            "Scores and saves an exponential moving average of the weights; this is its decay rate "
            "per step, for example 0.999. 0: the weights themselves."
        ),
    )
    cache_size = param.Integer(
        5,
        bounds=(0, 64),
        label=gettext_noop("Cache size"),
        doc=gettext_noop(
            "Blocks of digits fetched ahead. 0 fetches each block only when it is needed."
        ),
    )
    concurrency = param.Integer(
        5,
        bounds=(1, 16),
        label=gettext_noop("Concurrency"),
        doc=gettext_noop("Blocks that are fetched at the same time."),
    )
    augment = param.Selector(
        default="none",
        objects=list(AUGMENTATIONS),
        label=gettext_noop("Augmentation"),
        doc=gettext_noop(
            "Transforms every training digit at random: affine shifts, rotates and scales; light "
            "also stretches and shears; full also adds elastic distortion, stroke width, blur and "
            "noise."
        ),
    )

    def network_cost(self, values: Mapping[str, Any]) -> NetworkCost:
        """Return what a network for digits would cost; see `LearningSettings`."""
        layer_spec = architecture_layers(values["architecture"])
        return network_cost(PIXELS, values["hidden_layers"], len(DIGIT_NAMES), layer_spec, SIDE)

    def layer_spec(self) -> LayerSpec | None:
        """Return the convolutional layers that the architecture names; None: none."""
        return architecture_layers(self.architecture)


def setting_names(settings: type[LearningSettings]) -> tuple[str, ...]:
    """Return the names of the settings of a class, in the order of their definition."""
    return tuple(name for name in settings.param if name != "name")


def describe_range(parameter: Any) -> str:
    """Return the bounds of a parameter in words: “a whole number from 1 to 4,096”."""
    low, high = (format_number(bound) for bound in parameter.bounds)
    if isinstance(parameter, param.Integer):
        return gettext("a whole number from {low} to {high}", low=low, high=high)
    if parameter.inclusive_bounds[0]:
        return gettext("a number from {low} to {high}", low=low, high=high)
    return gettext("a number above {low} to {high}", low=low, high=high)


def format_value(value: Any) -> str:
    """Return a setting as it is typed: 0.002, 64, “500 300 100”; None is empty."""
    if value is None:
        return ""
    if isinstance(value, list):
        return " ".join(str(width) for width in value)
    if not isinstance(value, float):
        return str(value)
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def shorten(text: str, length: int = 24) -> str:
    """Return a text, cut to at most `length` characters, for quoting in messages."""
    return text if len(text) <= length else text[: length - 1] + "…"


def _refusal(expected: str, entry: str) -> SettingError:
    found = gettext("“{text}”", text=shorten(entry)) if entry else gettext("nothing")
    return SettingError(gettext("{expected}; found {found}.", expected=expected, found=found))


def _inside(value: float, parameter: Any) -> bool:
    low, high = parameter.bounds
    above = value >= low if parameter.inclusive_bounds[0] else value > low
    return math.isfinite(value) and above and value <= high


def _read_architecture(label: str, entry: str) -> str:
    try:
        return architecture_name(entry)
    except ValueError as error:
        raise SettingError(f"{label}: {error}") from error


def _read_layers(label: str, entry: str) -> list[int]:
    words = entry.replace(",", " ").replace("-", " ").split()
    if len(words) > MAX_HIDDEN_LAYERS:
        raise SettingError(
            gettext(
                "{label} takes at most {most} numbers; found {count}.",
                label=label,
                most=MAX_HIDDEN_LAYERS,
                count=len(words),
            )
        )
    takes = gettext(
        "{label} takes whole numbers from 1 to {most}, for example 500 300 100",
        label=label,
        most=format_number(MAX_LAYER_WIDTH),
    )
    widths = []
    for word in words:
        digits = word.lstrip("0") if word.isascii() and word.isdigit() else ""
        # The length comes first, because Python refuses to read thousands of digits.
        if not (0 < len(digits) < 9 and int(digits) <= MAX_LAYER_WIDTH):
            raise _refusal(takes, word)
        widths.append(int(digits))
    return widths
