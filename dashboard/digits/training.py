"""Training in the digits pane: the run, the data set it learns from, and the tasks around it.

The controller gives the commands; this class alone replaces the run and the data set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any

from dashboard.digits.datasets import OpenedDataSet
from dashboard.digits.models import ModelStore, StoredModel
from dashboard.digits.state import DigitsState, Origin, architecture_settings
from dashboard.digits.training_subset import subset_name_of
from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext, gettext_noop
from dashboard.training.block_run import BlockRun
from dashboard.training.checkpoint import settings_values
from dashboard.training.pane_training import LeftRun, PaneTraining
from dashboard.training.run_state import RunState
from dashboard.training.snapshot import Snapshot
from dashboard.training.stopping import reached_goal
from dashboard.training.trainer import Clock, Execute, TimeBudget
from data_cache import DataError, DelayedSource, PrefetchError, Samples
from nn import Network, load_pretrained

NETWORK_SETTINGS = (
    *("hidden_layers", "activation", "initialization", "biases", "seed", "architecture"),
)
"""Settings that take effect when a fresh network is built."""


class DigitsTraining(PaneTraining[BlockRun]):
    """The run in training and its data set.

    Parameters
    ----------
    state
        Shared with the views.
    data
        The first data set, opened.
    publish
        Called with every snapshot, until `shut`.
    clock
        A monotonic clock, in seconds.
    execute
        Computes a slice of training: in line, or in a thread.
    time_budget
        Length of slices and interval of snapshots; None: the trainer's default.

    Attributes
    ----------
    data
        The opened data set.
    models
        Models that were replaced.
    """

    state: DigitsState
    _source: DelayedSource[Any]

    def __init__(
        self,
        state: DigitsState,
        data: OpenedDataSet,
        publish: Callable[[Snapshot], None],
        *,
        clock: Clock,
        execute: Execute,
        time_budget: TimeBudget | None,
    ) -> None:
        self.state, self.data = state, data
        self.models = ModelStore(state)
        self._trained_on = (data.name, subset_name_of(data))
        super().__init__(
            state,
            self._make_pretrained_run(),
            publish,
            validation=None,
            clock=clock,
            execute=execute,
            time_budget=time_budget,
            goal=partial(reached_goal, state),
        )
        state.param.update(
            class_names=data.class_names,
            history=self.trainer.run.history,
            snapshot=self.trainer.snapshot(),
        )

    def replace_run(
        self, network: Network | None, origin: Origin, *, store_untrained: bool = False
    ) -> None:
        """Start a new run with a network; None: with fresh weights by the settings."""
        self.store_model(even_untrained=store_untrained)
        self.adopt_run(self._make_run(network), origin)

    def store_model(self, *, even_untrained: bool = False) -> None:
        """Store the current model before it is replaced; see `ModelStore.store`."""
        run = self.trainer.run
        stored = self.models.store(
            run,
            self._trained_on,
            is_idle=self.training_loop.is_idle,
            even_untrained=even_untrained,
        )
        if stored is not None:
            settings = describe_settings(
                run,
                settings=stored.settings,
                built_settings=stored.built_settings,
                data_set=stored.data_set,
                training_samples=stored.training_samples,
                origin=stored.origin,
            )
            self.run_left(LeftRun(run, settings, partial(_finished, stored)))

    def current_settings(self) -> dict[str, Any]:
        """Return what the run in training is trained with and on."""
        data_set, training_samples = self._trained_on
        return describe_settings(
            self.trainer.run,
            settings=settings_values(self.state),
            built_settings=self.state.built_settings,
            data_set=data_set,
            training_samples=training_samples,
            origin=self.state.origin,
        )

    def continue_run(
        self,
        run_state: RunState,
        origin: Origin,
        built_settings: Mapping[str, Any],
        **settings: Any,
    ) -> None:
        """Continue from a state of a run on the opened data set, with the settings of that run."""
        run = BlockRun(self.state, self._make_source(), state=run_state)
        self.state.param.update(**settings)
        run.apply_settings()
        self.state.built_settings = dict(built_settings)
        self.adopt_run(run, origin)

    def adopt_run(self, run: BlockRun, origin: Origin) -> None:
        """Put another run in place of the present one; training under way stops."""
        self.trainer.stop()
        self.training_loop.forget_steps()
        old = self.trainer.run
        self.state.scheduled_changes = []
        self.state.keep_curve(old.history)
        self.trainer.adopt(run, self.trainer.validation)
        self._trained_on = (self.data.name, subset_name_of(self.data))
        run.queue.start()
        self.background_tasks.begin(old.close(), cancel_on_close=False)
        self.state.param.update(
            origin=origin,
            history=run.history,
            snapshot=self.trainer.snapshot(),
            shown_checkpoint=None,
        )
        self.publish(self.state.snapshot)

    def adopt_data_set(self, data: OpenedDataSet) -> None:
        """Train on another data set: with the same network if it has the same classes."""
        has_same_classes = data.class_names == self.data.class_names
        self.data = data
        self.trainer.validation = None
        self.state.class_names = data.class_names
        found = gettext(
            "{data}: {count} samples to train on.",
            data=gettext(data.title),
            count=format_number(data.source.sample_count),
        )
        if has_same_classes:
            old = self.trainer.run
            self.replace_run(self.state.network.copy(), self.state.origin)
            self.trainer.run.history.interventions.extend(old.history.interventions)
            if old.iteration:
                self.trainer.run.history.note_intervention(
                    gettext_noop("weights that were trained on other data before")
                )
            self.notify(found)
        elif self.state.has_digit_classes:
            self.replace_run(load_pretrained(self.state.pretrained_model), Origin.PRETRAINED)
            self.notify(f"{found} {gettext('The pretrained model is in use again.')}")
        else:
            self.replace_run(None, Origin.FRESH)
            self.notify(f"{found} {gettext('A fresh net for these classes: press Train.')}")
        self.load_validation()

    def apply_latency(self) -> None:
        """Apply the simulated latency to the blocks that are requested from now on."""
        self._source.delay = self.state.latency / 1000

    def load_validation(self) -> None:
        """Fetch the validation samples; the first score of the run waits for them."""
        self.trainer.validation_coming = self.background_tasks.begin(
            self._set_validation(self.data)
        )

    async def fetch_validation(self, data: OpenedDataSet) -> Samples | None:
        """Return the validation samples; None, with a notice, when they cannot be fetched."""
        try:
            return await data.part("validation")
        except (DataError, PrefetchError) as error:
            if data is self.data:
                self.notify(gettext("Validation is left out: {error}", error=error), "warning")
            return None

    def _make_run(self, network: Network | None) -> BlockRun:
        names = NETWORK_SETTINGS if network is None else ("seed",)
        self.state.built_settings = {name: getattr(self.state, name) for name in names}
        return BlockRun(
            self.state, self._make_source(), network=network, classes=len(self.data.class_names)
        )

    def _make_pretrained_run(self) -> BlockRun:
        initial = shared_pretrained(self.state.pretrained_model)
        run = self._make_run(initial.copy())
        run.initial_network = initial
        return run

    def _make_source(self) -> DelayedSource[Any]:
        """Return the training samples of the opened data set, with the simulated latency."""
        self._source = DelayedSource(self.data.source, self.state.latency / 1000)
        return self._source

    async def _set_validation(self, data: OpenedDataSet) -> None:
        validation = await self.fetch_validation(data)
        if data is self.data:
            self.trainer.validation = validation
            self.trainer.validation_coming = None


@cache
def shared_pretrained(name: str) -> Network:
    """Return a pretrained model that all pages show until they train it; it cannot be changed."""
    network = load_pretrained(name)
    for parameter in network.parameters():
        parameter.flags.writeable = False
    return network


def _finished(stored: StoredModel) -> StoredModel:
    """Return the stored model with the state of its run, whose last slice has ended."""
    is_state = isinstance(stored.record, RunState)
    return stored if is_state else replace(stored, record=stored.run_state())


def describe_settings(
    run: BlockRun,
    *,
    settings: Mapping[str, Any],
    built_settings: Mapping[str, Any],
    data_set: str,
    training_samples: str,
    origin: Origin,
) -> dict[str, Any]:
    """Return the settings that a run was trained with, by name.

    Those of the queue, which change no number, are left out; the initialisation too, where the
    weights come from elsewhere.

    Parameters
    ----------
    run
        The run.
    settings
        All settings of training.
    built_settings
        Those that its network was made with.
    data_set, training_samples, origin
        As the parameters of the state.
    """
    left_out = {"cache_size", "concurrency"}
    if "initialization" not in built_settings:
        left_out.add("initialization")
    values = {
        **settings,
        **built_settings,
        **architecture_settings(run.network),
        **run.marked_settings,
        "data_set": data_set,
        "training_samples": training_samples,
        "origin": str(origin),
    }
    return {name: value for name, value in values.items() if name not in left_out}
