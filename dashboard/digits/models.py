"""The current model in words, and the visitor's own models that can be brought back.

A model that is replaced is stored with everything that its next training step depends on.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.digits.state import DigitsState, Origin
from dashboard.digits.training_subset import ALL
from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext
from dashboard.training.block_run import BlockRun
from dashboard.training.checkpoint import settings_values
from dashboard.training.history import History
from dashboard.training.run_state import RunState
from data_cache import DATA_SETS
from nn import LayerSpec, Network, network_title, pretrained_card

STORED_MODELS = 3
"""Models that are kept besides the current one; then the oldest is dropped."""

CURRENT = "current"
"""The key of a current model of the visitor's own; pretrained models have their names as keys."""


@dataclass(frozen=True)
class ModelDescription:
    """A model in words.

    Attributes
    ----------
    key
        Of its entry in the menu.
    model
        Name of a pretrained model, or the sizes of the layers of another one.
    name
        The kind of network with the sizes of its layers; of a pretrained model the kind alone.
    origin
        Where its weights come from.
    iteration
        Training steps taken on the page.
    accuracy
        In [0, 1], of a pretrained model on the test digits, else on the validation samples; None
        before the first score.
    trained_on
        The data that it was trained on, if those are not the opened ones.
    """

    key: str
    model: str
    name: str
    origin: Origin
    iteration: int
    accuracy: float | None
    trained_on: str = ""

    @property
    def subject(self) -> str:
        """The model with its iteration, as other sentences name it."""
        if self.origin == Origin.PRETRAINED:
            return gettext("{model} (pretrained)", model=self.name)
        origin = "" if self.origin == Origin.FRESH else f" ({gettext(self.origin)})"
        model, iteration = f"{self.name}{origin}", format_number(self.iteration)
        if self.trained_on:
            return gettext(
                "{model} on {data}, iteration {iteration}",
                model=model,
                data=self.trained_on,
                iteration=iteration,
            )
        return gettext("{model}, iteration {iteration}", model=model, iteration=iteration)

    @property
    def score(self) -> str:
        """The accuracy in words."""
        if self.accuracy is None:
            return gettext("not scored yet")
        if self.origin == Origin.PRETRAINED:
            percent = format_percent(self.accuracy, 2)
            return gettext("{percent} on the test digits", percent=percent)
        return gettext("validation {percent}", percent=format_percent(self.accuracy))

    @property
    def title(self) -> str:
        """The model with its score."""
        return f"{self.subject} · {self.score}"


@dataclass(frozen=True, eq=False)
class StoredModel:
    """A model of the visitor's own that was replaced, and what brings it back exactly.

    Attributes
    ----------
    number
        Counts the stored models of a session, from 1.
    record
        The state of its run; the run itself if a step was being computed when it was replaced.
    origin, data_set, training_samples, pretrained_model, built_settings
        As the parameters of the state.
    settings
        Those of its training.
    """

    number: int
    record: BlockRun | RunState
    origin: Origin
    data_set: str
    training_samples: str
    pretrained_model: str
    built_settings: Mapping[str, Any]
    settings: Mapping[str, Any]

    def run_state(self) -> RunState:
        """Return the state to continue from; call it while no step is being computed."""
        if isinstance(self.record, RunState):
            return self.record
        return self.record.state(fallback=True)

    @property
    def key(self) -> str:
        """Of its entry in the menu."""
        return f"stored-{self.number}"


def describe_pretrained(name: str) -> ModelDescription:
    """Return the description of a pretrained model."""
    card = pretrained_card(name)
    return ModelDescription(name, name, card.kind, Origin.PRETRAINED, 0, card.test_accuracy)


def describe_model(state: DigitsState) -> ModelDescription:
    """Return the description of the current model."""
    if state.origin == Origin.PRETRAINED:
        return describe_pretrained(state.pretrained_model)
    network = state.shown_network
    return ModelDescription(
        CURRENT,
        network.title,
        network_name(network),
        state.origin,
        state.shown_iteration,
        _validation_accuracy(state.history, state.shown_iteration),
    )


def describe_stored(stored: StoredModel, state: DigitsState) -> ModelDescription:
    """Return the description of a stored model."""
    record, trained_on = stored.record, ""
    if (stored.data_set, stored.training_samples) != (state.data_set, state.training_samples):
        trained_on = gettext(DATA_SETS[stored.data_set].title)
        if stored.training_samples != ALL:
            count = format_number(int(stored.training_samples))
            trained_on = gettext("{count} samples of {data}", count=count, data=trained_on)
    return ModelDescription(
        stored.key,
        record.network.title,
        network_name(record.network),
        stored.origin,
        record.iteration,
        _validation_accuracy(record.history, record.iteration),
        trained_on,
    )


def network_name(network: Network) -> str:
    """Return the kind of a network and the sizes of its layers: “MLP 784-128-10”."""
    return network_name_of(network.sizes, network.layer_spec)


def network_name_of(sizes: Sequence[int], spec: LayerSpec | None) -> str:
    """Return the name of networks of `sizes` with the convolutions of `spec`."""
    if spec is None:
        kind = "MLP" if len(sizes) > 2 else gettext("Softmax regression")
        return f"{kind} {network_title(sizes, None)}"
    filters = "-".join(str(convolution.filters) for convolution in spec.convolutions)
    return f"CNN {filters} → {'-'.join(map(str, sizes[1:]))}"


class ModelStore:
    """Stores own models that are replaced, in `stored_models` of a state."""

    def __init__(self, state: DigitsState) -> None:
        self._state = state
        self._numbers = itertools.count(1)

    def store(
        self,
        run: BlockRun,
        trained_on: tuple[str, str],
        *,
        is_idle: bool,
        even_untrained: bool = False,
    ) -> StoredModel | None:
        """Store a run that is about to be replaced, unless it can be had again anyway.

        Parameters
        ----------
        run
            The run of the current model.
        trained_on
            The data set and the training samples that it was trained on, by name.
        is_idle
            Whether no step of it is being computed.
        even_untrained
            Whether to store initial weights too.

        Returns
        -------
        StoredModel or None
            What was stored.
        """
        state = self._state
        is_initial = state.origin == Origin.FRESH and not state.snapshot.iteration
        if state.origin == Origin.PRETRAINED or (is_initial and not even_untrained):
            return None
        return self.add(
            run.state(fallback=True) if is_idle else run,
            origin=state.origin,
            data_set=trained_on[0],
            training_samples=trained_on[1],
            pretrained_model=state.pretrained_model,
            built_settings=dict(state.built_settings),
            settings=settings_values(state),
        )

    def add(self, record: BlockRun | RunState, **task: Any) -> StoredModel:
        """Store a model with the attributes of `StoredModel`."""
        stored = StoredModel(next(self._numbers), record, **task)
        self._state.stored_models = [stored, *self._state.stored_models][:STORED_MODELS]
        return stored

    def find(self, key: str) -> StoredModel | None:
        """Return the stored model of a key; None when it is not stored any more."""
        return next((stored for stored in self._state.stored_models if stored.key == key), None)

    def remove(self, stored: StoredModel) -> None:
        """Forget a model, because it is the current one again."""
        self._state.stored_models = [
            other for other in self._state.stored_models if other is not stored
        ]


def _validation_accuracy(history: History | None, iteration: int) -> float | None:
    """Return the latest score that an iteration had; None before the first one."""
    scores = [] if history is None else history.validation
    return next((it.accuracy for it in reversed(scores) if it.iteration <= iteration), None)
