"""The quantities of a run that lessons and tasks speak of, by name, and conditions on them.

The page, the tests of the lessons and the check of results that were handed in compute the same
ones.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, gettext_noop
from dashboard.plane.dataset import InputSamples
from dashboard.plane.probes import dead_units, gradient_sizes
from dashboard.training.history import Score
from dashboard.training.run import Run
from dashboard.training.settings import shorten
from dashboard.training.trainer import HeldOut
from data_cache import PointFeed, crop, frame_digits, perturb, to_float
from nn import Network, scale_bytes
from nn.interpretation.adversarial import fast_gradient_sign

RECENT_STEPS = 40
"""Training steps that the measures of noise and oscillation look back on."""

JUMP = 1.1
"""A loss above this multiple of the one before counts as a rise."""

PROBED = 200
"""Held-out digits that a measure of the network is computed on."""

SHIFT_PIXELS = 4.0
EPSILON = 0.1
"""Of the change of the pixels, by the sign of the gradient or at random."""

GENERATOR_SEED = 0
"""Of the shifts and the noise, which are the same in every run."""


class MeasureError(ValueError):
    """A quantity or a condition that does not exist; the message says which do."""


@dataclass(frozen=True, eq=False)
class Observation:
    """A run between two slices of training, and the samples that it is scored on.

    Attributes
    ----------
    run
        Of digits or points.
    held_out
        The validation samples of digits, the test points of the plane; None without any.
    test
        The test samples of digits, which are known only when a whole run is replayed.
    """

    run: Run
    held_out: HeldOut | None = None
    test: HeldOut | None = None

    @property
    def network(self) -> Network:
        """The network that is scored."""
        return self.run.evaluated_network

    @property
    def scores(self) -> Sequence[Score]:
        """The scores on held-out samples so far."""
        return self.run.history.validation

    def probed(self) -> InputSamples:
        """Return the training points, or the first held-out digits, as inputs of the network."""
        feed = self.run.feed
        if isinstance(feed, PointFeed):
            return InputSamples(feed.inputs, feed.labels)
        if self.held_out is None:
            return InputSamples(np.zeros((0, 784), np.float32), np.zeros(0, np.uint8))
        part = self.held_out[:PROBED]
        return InputSamples(to_float(part.images, scale=scale_bytes), part.labels)


Compute = Callable[[Observation], float | None]


@dataclass(frozen=True)
class Measure:
    """One quantity.

    Attributes
    ----------
    label
        In words; in place of its `{names}` stand constants of this module.
    unit
        How it is written: "%" for a share in [0, 1], "points" for a difference of shares,
        "count" for a count, which is compared exactly, "" for any number.
    compute
        Returns its value; None while there is none yet.
    is_slow
        Whether it takes longer than a redraw, so that it is computed only when asked for.
    """

    label: str
    unit: str
    compute: Compute
    is_slow: bool = False

    def title(self) -> str:
        """Return the label in the current language."""
        return gettext(
            self.label,
            steps=RECENT_STEPS,
            jump=format_percent(JUMP - 1, 0),
            pixels=format_number(SHIFT_PIXELS, "g"),
            epsilon=format_number(EPSILON, "g"),
        )

    def format(self, value: float | None) -> str:
        """Return a value in words."""
        if value is None or math.isnan(value):
            return "–"
        if self.unit == "%":
            return format_percent(value)
        if self.unit == "points":
            return gettext("{number} points", number=format_number(100 * value, "+.1f"))
        if self.unit == "count":
            return format_number(value, ",.0f" if value == round(value) else ",.2f")
        return format_number(value, ".3g")


def _last(read: Callable[[Score], float]) -> Compute:
    return lambda it: read(it.scores[-1]) if it.scores else None


def _best_loss(it: Observation) -> float | None:
    return min((score.loss for score in it.scores), default=None)


def _best_accuracy(it: Observation) -> float | None:
    return max((score.accuracy for score in it.scores), default=None)


def _gap(it: Observation) -> float | None:
    if not it.scores or it.run.accuracy.value is None:
        return None
    return it.run.accuracy.value - it.scores[-1].accuracy


def _loss_rise(it: Observation) -> float | None:
    best = _best_loss(it)
    return None if best is None else it.scores[-1].loss / best


def _recent(it: Observation) -> NDArray[np.float64] | None:
    losses = np.array(it.run.history.losses[-RECENT_STEPS:], np.float64)
    return losses if len(losses) == RECENT_STEPS else None


def _oscillation(it: Observation) -> float | None:
    losses = _recent(it)
    return None if losses is None else float(np.mean(losses[1:] > JUMP * losses[:-1]))


def _noise(it: Observation) -> float | None:
    # Of differences, so that the fall of the loss does not count.
    losses = _recent(it)
    if losses is None:
        return None
    return float(np.diff(losses).std() / math.sqrt(2) / max(losses.mean(), 1e-12))


def _share_of_guessing(it: Observation) -> float | None:
    loss = it.run.loss.value
    return None if loss is None else loss / math.log(it.network.classes)


def _dead_share(it: Observation) -> float | None:
    layers = dead_units(it.network, it.probed().images)
    return max((float(dead.mean()) for dead in layers), default=0.0)


def _gradient_ratio(it: Observation) -> float | None:
    samples = it.probed()
    if not len(samples.labels):
        return None
    sizes = gradient_sizes(it.run.network, samples)
    return sizes[0] / sizes[-1] if sizes[-1] else None


def _distinct_units(it: Observation) -> float | None:
    return float(len(np.unique(it.run.network.layers[0].weights, axis=1).T))


def _accuracy(network: Network, images: NDArray[Any], labels: NDArray[Any]) -> float:
    x = to_float(images, scale=scale_bytes) if images.dtype == np.uint8 else images
    return float(np.mean(network.predict_log_proba(x).argmax(axis=1) == labels))


def _test_accuracy(it: Observation) -> float | None:
    return None if it.test is None else _accuracy(it.network, it.test.images, it.test.labels)


def _shifted(it: Observation, *, centre: bool) -> float | None:
    if it.held_out is None or it.held_out.images.dtype != np.uint8:
        return None
    part = it.held_out[:PROBED]
    generator = np.random.default_rng(GENERATOR_SEED)
    canvases = perturb(to_float(part.images), "shift", SHIFT_PIXELS, generator)
    images = frame_digits(canvases)[0] if centre else crop(canvases)
    return _accuracy(it.network, images, part.labels)


def _changed_pixels(it: Observation, change: Callable[..., NDArray[Any]]) -> float | None:
    samples = it.probed()
    if not len(samples.labels) or isinstance(it.run.feed, PointFeed):
        return None
    generator = np.random.default_rng(GENERATOR_SEED)
    pairs = zip(samples.images, samples.labels.tolist(), strict=True)
    images = np.stack([change(it.network, image, label, generator) for image, label in pairs])
    return _accuracy(it.network, images, samples.labels)


def _attack(
    network: Network, image: NDArray[Any], label: int, _generator: np.random.Generator
) -> NDArray[Any]:
    return fast_gradient_sign(network, image, label, EPSILON)


def _add_random_signs(
    _network: Network, image: NDArray[Any], _label: int, generator: np.random.Generator
) -> NDArray[Any]:
    signs = generator.choice(np.array([-1, 1], np.float32), len(image))
    return np.clip(image + np.float32(EPSILON) * signs, 0, 1)


MEASURES: Mapping[str, Measure] = {
    "iteration": Measure(gettext_noop("iterations"), "count", lambda it: float(it.run.iteration)),
    "epoch": Measure(gettext_noop("epochs"), "count", lambda it: it.run.epochs_done),
    "training_loss": Measure(gettext_noop("training loss"), "", lambda it: it.run.loss.value),
    "training_accuracy": Measure(
        gettext_noop("training accuracy, moving average"), "%", lambda it: it.run.accuracy.value
    ),
    "validation_loss": Measure(
        gettext_noop("loss on held-out samples"), "", _last(lambda it: it.loss)
    ),
    "validation_accuracy": Measure(
        gettext_noop("accuracy on held-out samples"), "%", _last(lambda it: it.accuracy)
    ),
    "best_validation_loss": Measure(
        gettext_noop("lowest loss on held-out samples"), "", _best_loss
    ),
    "best_validation_accuracy": Measure(
        gettext_noop("highest accuracy on held-out samples"), "%", _best_accuracy
    ),
    "validation_loss_rise": Measure(
        gettext_noop("loss on held-out samples, as a multiple of its minimum"), "", _loss_rise
    ),
    "gap": Measure(
        gettext_noop("training accuracy − accuracy on held-out samples"), "points", _gap
    ),
    "test_accuracy": Measure(gettext_noop("accuracy on test samples"), "%", _test_accuracy),
    "diverged": Measure(
        gettext_noop("divergences"), "count", lambda it: float(len(it.run.history.divergences))
    ),
    "oscillation": Measure(
        gettext_noop("steps of the last {steps} with a loss {jump} above the step before"),
        "%",
        _oscillation,
    ),
    "loss_noise": Measure(
        gettext_noop("standard deviation of the loss from batch to batch, as a share of the loss"),
        "%",
        _noise,
    ),
    "share_of_guessing": Measure(
        gettext_noop("training loss as a share of that of guessing"), "%", _share_of_guessing
    ),
    "dead_share": Measure(
        gettext_noop("dead units of the layer with most of them"), "%", _dead_share
    ),
    "gradient_ratio": Measure(
        gettext_noop("gradient of the first layer as a share of that of the last"),
        "",
        _gradient_ratio,
    ),
    "distinct_units": Measure(
        gettext_noop("units of the first layer that differ"), "count", _distinct_units
    ),
    "hidden_units": Measure(
        gettext_noop("hidden units"), "count", lambda it: float(sum(it.run.network.sizes[1:-1]))
    ),
    "weights": Measure(
        gettext_noop("weights and biases"),
        "count",
        lambda it: float(sum(one.size for one in it.run.network.parameters())),
    ),
    "shifted_accuracy": Measure(
        gettext_noop("accuracy on digits shifted by {pixels} pixels"),
        "%",
        lambda it: _shifted(it, centre=False),
        is_slow=True,
    ),
    "centred_accuracy": Measure(
        gettext_noop("accuracy on digits shifted by {pixels} pixels, then centred"),
        "%",
        lambda it: _shifted(it, centre=True),
        is_slow=True,
    ),
    "noisy_accuracy": Measure(
        gettext_noop("accuracy with every pixel changed by {epsilon} at random"),
        "%",
        lambda it: _changed_pixels(it, _add_random_signs),
        is_slow=True,
    ),
    "adversarial_accuracy": Measure(
        gettext_noop("accuracy with every pixel changed by {epsilon} along the gradient"),
        "%",
        lambda it: _changed_pixels(it, _attack),
        is_slow=True,
    ),
}
"""All measures by name."""

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}

TEXTS = {
    ">=": gettext_noop("{quantity} at least {number}"),
    "<=": gettext_noop("{quantity} at most {number}"),
    ">": gettext_noop("{quantity} above {number}"),
    "<": gettext_noop("{quantity} below {number}"),
}
"""The conditions in words, by their comparison."""


@dataclass(frozen=True)
class Condition:
    """A comparison of a measure with a number.

    Attributes
    ----------
    name
        Of the measure, one of `MEASURES`.
    comparison
        One of `COMPARISONS`.
    number
        That it is compared with.
    """

    name: str
    comparison: str
    number: float

    @classmethod
    def read(cls, text: str) -> Condition:
        """Return the condition that a text such as “epoch >= 30” stands for.

        Raises
        ------
        MeasureError
            The text is no condition.
        """
        words = text.split()
        if len(words) != 3 or words[1] not in COMPARISONS:
            raise MeasureError(
                gettext(
                    "expected a quantity, one of >= <= > <, and a number, such as “epoch >= 30”; "
                    "found “{found}”",
                    found=shorten(text, 60),
                )
            )
        name = measure_name(words[0])
        try:
            number = float(words[2])
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise MeasureError(
                gettext(
                    "expected a number after “{comparison}”, found “{found}”",
                    comparison=words[1],
                    found=shorten(words[2], 60),
                )
            )
        return cls(name, words[1], number)

    @property
    def measure(self) -> Measure:
        """What is compared."""
        return MEASURES[self.name]

    def text(self) -> str:
        """Return the condition in words."""
        unit = self.measure
        number = unit.format(self.number).lstrip("+")
        return gettext(TEXTS[self.comparison], quantity=unit.title(), number=number)

    def value(self, observation: Observation) -> float | None:
        """Return the present value of the measure."""
        return self.measure.compute(observation)

    def holds(self, observation: Observation) -> bool:
        """Return whether the condition is met; it is not while there is no value."""
        return self.is_met_by(self.value(observation))

    def is_met_by(self, value: float | None) -> bool:
        """Return whether a value meets the condition."""
        return value is not None and COMPARISONS[self.comparison](value, self.number)


def conditions_text(conditions: Sequence[Condition]) -> str:
    """Return conditions, at least one, that must all be met, in words."""
    first, *others = (condition.text() for condition in conditions)
    for other in others:
        first = gettext("{first} and {second}", first=first, second=other)
    return first


def measure_name(name: str) -> str:
    """Return the name of a measure; `MeasureError` if there is none of that name."""
    if name not in MEASURES:
        raise MeasureError(
            gettext(
                "there is no quantity “{name}”; there are {names}",
                name=shorten(name, 40),
                names=", ".join(MEASURES),
            )
        )
    return name
