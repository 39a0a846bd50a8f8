"""Controller of the digits pane: all commands that a person can give, without any view.

Results of commands are seen in the parameters of its state, which views watch; the controller
itself watches the settings in it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dashboard.autosave.save import is_save
from dashboard.digits.data_set_loader import DataSetLoader
from dashboard.digits.datasets import DataSetOpener, OpenedDataSet, SampleQuery, read_index
from dashboard.digits.drawing import DrawingModel
from dashboard.digits.fine_tuning import fine_tune
from dashboard.digits.models import (
    CURRENT,
    ModelStore,
    StoredModel,
    describe_model,
    network_name,
)
from dashboard.digits.state import DigitsState, Origin, architecture_settings
from dashboard.digits.training import NETWORK_SETTINGS, DigitsTraining
from dashboard.digits.training_subset import ALL, subset_name_of, whole_of
from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, gettext_noop
from dashboard.shell.notices import Mend
from dashboard.training.budget import LARGEST_CODE
from dashboard.training.history import Score
from dashboard.training.marks import SettingChange
from dashboard.training.run import DivergenceError
from dashboard.training.run_state import RunState
from dashboard.training.settings import SettingError
from dashboard.training.snapshot import Snapshot
from dashboard.training.time_travel import TimeTravel
from dashboard.training.timeline import CheckpointMemory
from dashboard.training.trainer import Clock, Execute, TimeBudget, evaluate
from dashboard.weights_file import read_compatible_network
from data_cache import DataError, PrefetchError, to_float
from data_cache.samples import PIXELS
from nn import (
    ARCHITECTURES,
    PRETRAINED,
    Network,
    WeightsError,
    load_pretrained,
    weights_to_bytes,
)
from nn.serialization import Reading

LIVE_SETTINGS = (
    *("learning_rate", "batch_size", "optimizer", "l1", "l2", "dropout"),
    *("cache_size", "concurrency"),
)
"""Settings that take effect during a run."""

DATA_SETTINGS = ("data_set", "training_samples")
"""Settings that say what is trained on."""


class DigitsController:
    """The current model, its training and data set, the drawing, and the commands on them.

    Parameters
    ----------
    state
        Shared with the views.
    data
        The first data set, opened.
    open_data_set
        Opens another data set by its name.
    clock
        A monotonic clock, in seconds.
    execute
        Computes a slice of training: in line, or in a thread.
    time_budget
        Length of slices and interval of snapshots; None: the trainer's default.
    checkpoint_memory
        Shared with other runs; None: with none.

    Attributes
    ----------
    drawing : DrawingModel
        Predicts the drawing.
    time_travel : TimeTravel
        Commands on the checkpoints of the run.
    execute
        As given.
    trainer, training_loop
        They train the run.
    """

    def __init__(
        self,
        state: DigitsState,
        data: OpenedDataSet,
        *,
        open_data_set: DataSetOpener,
        clock: Clock,
        execute: Execute,
        time_budget: TimeBudget | None = None,
        checkpoint_memory: CheckpointMemory | None = None,
    ) -> None:
        self.state = state
        self.execute = execute
        self._sample_generator = np.random.default_rng(state.seed)
        self._sample_index: int | None = None
        self.restore_file: Callable[[bytes, str], Awaitable[None]] | None = None
        """Restores a file of all work from its content and its name, where there is an autosave."""
        self._has_trained_since_choice = False
        """Whether training began after another data set was chosen, which is not open yet."""
        self._wanted_model: StoredModel | None = None
        """The model that is restored as soon as its data set is open."""
        self._late_data: OpenedDataSet | None = None
        """A data set that was open only when training had begun."""
        self._training = DigitsTraining(
            state, data, self._publish, clock=clock, execute=execute, time_budget=time_budget
        )
        self.trainer = self._training.trainer
        self.training_loop = self._training.training_loop
        self.drawing = DrawingModel(state)
        self.time_travel = TimeTravel(self._training, checkpoint_memory)
        self._loader = DataSetLoader(
            state, open_data_set, self._training.background_tasks, self._data_set_opened
        )
        state.param.watch(self._running_changed, "running")
        state.param.watch(self._data_set_changed, list(DATA_SETTINGS))
        state.param.watch(self._live_setting_changed, list(LIVE_SETTINGS))
        state.param.watch(lambda _event: self.training.apply_latency(), "latency")
        state.param.watch(lambda _event: self.trainer.note_interaction(), "drawing")
        state.param.watch(self._shown_checkpoint_changed, "shown_checkpoint")

    @property
    def data(self) -> OpenedDataSet:
        """The opened data set."""
        return self._training.data

    @property
    def training(self) -> DigitsTraining:
        """The run in training, and the tasks around it."""
        return self._training

    @property
    def models(self) -> ModelStore:
        """The models that were replaced."""
        return self._training.models

    @property
    def network(self) -> Network:
        """The network that is shown, saved and evaluated: of a checkpoint, or the newest one."""
        return self.state.shown_network

    # Training

    def start(self) -> None:
        """Begin to fill the prefetch queue; needs a running event loop."""
        self.trainer.run.queue.start()
        self.state.snapshot = self.trainer.snapshot()
        self._training.load_validation()

    def step(self) -> None:
        """Train on one batch; while training runs, pause first."""
        self.state.running = False
        self._has_trained_since_choice = True
        self._leave_pretrained()
        self.training_loop.add_step()

    def reset(self) -> None:
        """Begin a new run with the initial weights of the same seed."""
        self.state.running = False
        self._replace_run(None, Origin.FRESH)
        self._notify(
            gettext(
                "A new {model}. It is untrained: press Train.", model=network_name(self.network)
            )
        )

    def choose_architecture(self, architecture: str) -> None:
        """Set an architecture, and the hidden layers and batch size that belong to it."""
        known = ARCHITECTURES.get(architecture)
        settings: dict[str, Any] = {}
        if known:
            settings = {
                "hidden_layers": list(known.hidden_layers),
                "batch_size": known.batch_size,
            }
        self.state.param.update(architecture=architecture, **settings)

    def use_pretrained(self, name: str | None = None) -> None:
        """Make a pretrained model the current one, and open the digits if needed.

        Parameters
        ----------
        name
            One of `PRETRAINED`; None: the last one that was in use.
        """
        self.state.running = False
        self.state.pretrained_model = name or self.state.pretrained_model
        if not self.state.has_digit_classes:
            self.state.data_set = "digits"
            return
        network = load_pretrained(self.state.pretrained_model)
        self._replace_run(network, Origin.PRETRAINED, store_untrained=True)
        self._notify(gettext("The current model: {model}.", model=describe_model(self.state).title))

    def choose_model(self, key: str) -> None:
        """Make a pretrained or a stored model the current one.

        Parameters
        ----------
        key
            The name of a pretrained model, or the key of a stored one; other keys change nothing.
        """
        if key in PRETRAINED:
            self.use_pretrained(key)
            return
        stored = self.models.find(key)
        if stored is None:
            if key != CURRENT:
                self.warn(gettext("This model is not stored any more."))
            return
        self.restore_model(stored)

    def restore_model(self, stored: StoredModel) -> None:
        """Make a model that was stored the current one; its data set is opened if needed."""
        self._wanted_model = stored
        self.state.running = False
        if self._has_data_of(stored) and self.training_loop.is_idle:
            self._restore_model(stored)
        else:
            self.spawn(self._restore_model_later(stored))

    def fine_tune(self, label: int) -> None:
        """Take one training step on the drawing, with the class `label`."""
        image = self.drawing.image
        if image is None:
            self.warn(gettext("Draw something first, then choose its correct label."))
            return
        if not 0 <= label < len(self.data.class_names):
            self.warn(gettext("Choose the correct label of the drawing first."))
            return
        if self.state.running:
            self.warn(gettext("Pause training first; fine-tuning changes the same weights."))
            return
        if not self.training_loop.is_idle:
            self.warn(gettext("A training step is still being computed; try again in a moment."))
            return
        self.time_travel.show_newest()
        try:
            before, after = fine_tune(self.trainer.run.network, image, label)
        except DivergenceError as error:
            self._notify(str(error), "error")
            return
        if self.state.origin == Origin.PRETRAINED:
            self.state.origin = Origin.FINE_TUNED
        self.trainer.run.history.note_intervention(gettext_noop("steps on drawings"))
        self.state.snapshot = self.trainer.snapshot()
        self.drawing.predict()
        name = self.data.class_names[label]
        self._notify(
            gettext(
                "One step on the label “{name}”: loss on the drawing {before} → {after}.",
                name=name,
                before=format_number(before, ".3f"),
                after=format_number(after, ".3f"),
            )
        )

    def count_blocks(self) -> None:
        """Publish how many blocks are ready and in flight; they change without training too."""
        queue, snapshot = self.trainer.run.queue, self.state.snapshot
        cached, in_flight = queue.data_len, queue.data_futures_len
        if (snapshot.cached, snapshot.in_flight) != (cached, in_flight):
            self._training.publish(replace(snapshot, cached=cached, in_flight=in_flight))

    def _publish(self, snapshot: Snapshot) -> None:
        self.time_travel.record(snapshot)
        self.state.snapshot = snapshot

    def _shown_checkpoint_changed(self, _event: Any) -> None:
        """Answer the drawing with the other network, and redraw what shows a network."""
        self.drawing.predict()
        self.state.param.trigger("snapshot")

    def _running_changed(self, event: Any) -> None:
        if event.new:
            self._has_trained_since_choice = True
            self._leave_pretrained()
            self.training_loop.ensure()
        else:
            self.trainer.stop()

    def _leave_pretrained(self) -> None:
        """Before the first step: fine-tune the pretrained model, or start with fresh weights."""
        state = self.state
        if state.origin != Origin.PRETRAINED:
            return
        scheduled = state.scheduled_changes  # those of a link are meant for the run that begins
        if state.fine_tune:
            if not state.snapshot.iteration:
                # The order of the batches follows the seed that is set now.
                self._replace_run(self.network.copy(), Origin.FINE_TUNED)
            state.origin = Origin.FINE_TUNED
        else:
            pretrained = describe_model(state).subject
            self._replace_run(None, Origin.FRESH)
            self._notify(
                gettext(
                    "A new {model} is trained from random weights. The model menu brings the "
                    "{pretrained} back.",
                    model=network_name(self.network),
                    pretrained=pretrained,
                )
            )
        state.scheduled_changes = scheduled

    def _live_setting_changed(self, *_events: Any) -> None:
        state, run = self.state, self.trainer.run
        if self.training_loop.is_idle:
            run.apply_settings()
        else:
            # The others take effect after the slice; these must also help a wait for data.
            run.queue.cache_size, run.queue.concurrency = state.cache_size, state.concurrency
        state.snapshot = replace(
            state.snapshot,
            learning_rate=float(state.learning_rate),
            batch_size=state.batch_size,
            optimizer=state.optimizer,
        )
        self.count_blocks()

    def _replace_run(
        self, network: Network | None, origin: Origin, *, store_untrained: bool = False
    ) -> None:
        self._training.replace_run(network, origin, store_untrained=store_untrained)
        self.drawing.predict()

    def _restore_model(self, stored: StoredModel) -> None:
        """Continue a stored model on the opened data set, while no step is being computed."""
        self._wanted_model = None
        self._training.store_model(even_untrained=True)
        self.models.remove(stored)
        self._training.continue_run(
            stored.run_state(),
            stored.origin,
            stored.built_settings,
            **stored.settings,
            pretrained_model=stored.pretrained_model,
        )
        self.drawing.predict()
        self._notify(gettext("The current model: {model}.", model=describe_model(self.state).title))

    def _has_data_of(self, stored: StoredModel) -> bool:
        data = self.data
        return (data.name, subset_name_of(data)) == (stored.data_set, stored.training_samples)

    async def _restore_model_later(self, stored: StoredModel) -> None:
        """Restore a stored model after the present slice, and open its data set if needed."""
        await self.training_loop.wait_until_idle()
        if not self._has_data_of(stored):
            self.state.param.update(
                data_set=stored.data_set, training_samples=stored.training_samples
            )
            await self._loader.wait()
            if not self._has_data_of(stored):
                return  # they cannot be opened; a notice says so
        if self._wanted_model is stored:
            self._restore_model(stored)

    # Links and autosave

    async def apply_link(
        self,
        values: Mapping[str, Any],
        named: Collection[str] | None = None,
        changes: Sequence[SettingChange] = (),
    ) -> None:
        """Apply the settings of a link, and build the network that they describe.

        Parameters
        ----------
        values
            Settings by name.
        named
            Those that the link names, which alone replace the current model; None: all.
        changes
            Changes of settings that the run makes by itself.
        """
        if not values:
            return
        named = set(values if named is None else named)
        state = self.state
        state.running = False
        # The data set comes last: a network for it is built with the other settings.
        data = {name: values[name] for name in DATA_SETTINGS if name in values}
        state.param.update(**{name: it for name, it in values.items() if name not in data})
        state.param.update(**data)
        await self._loader.wait()
        if state.origin == Origin.PRETRAINED:
            if named & set(NETWORK_SETTINGS) and not state.fine_tune:
                self.reset()
            elif "pretrained_model" in named and state.has_digit_classes:
                self._replace_run(load_pretrained(state.pretrained_model), Origin.PRETRAINED)
        state.scheduled_changes = list(changes)

    async def begin_run(self, values: Mapping[str, Any]) -> None:
        """Begin a run of a fresh network with these settings; its data set is opened if needed."""
        await self.apply_link(values, ())
        self.reset()

    async def restore_run(
        self,
        run_state: RunState,
        *,
        origin: str,
        data_set: str,
        built_settings: Mapping[str, Any],
        training_samples: str = ALL,
        **settings: Any,
    ) -> None:
        """Continue a saved run, with the settings that it was saved with.

        Parameters
        ----------
        run_state
            As `BlockRun.state` returned it.
        built_settings
            As the parameter of that name had them.
        origin, data_set, training_samples, settings
            Values of the state's parameters.

        Raises
        ------
        DataError
            The data set cannot be opened; nothing has changed.
        ValueError
            The network does not fit the data set; nothing has changed.
        """
        self.state.running = False
        self._loader.cancel()
        data = self.data
        if (data_set, training_samples) != (data.name, subset_name_of(data)):
            data = await self._loader.open(data_set, training_samples)
        expected = (PIXELS, len(data.class_names))
        found = (run_state.network.sizes[0], run_state.network.sizes[-1])
        if found != expected:
            raise ValueError(
                gettext(
                    "The saved run: {data} needs a net of {inputs} inputs and {outputs} outputs; "
                    "this one has {found_inputs} and {found_outputs}.",
                    data=data.title,
                    inputs=expected[0],
                    outputs=expected[1],
                    found_inputs=found[0],
                    found_outputs=found[1],
                )
            )
        # Before the run, so that no score is missing from its curve.
        validation = await self._training.fetch_validation(data)
        self._training.store_model()
        self._training.data = data
        self._training.continue_run(
            run_state,
            Origin(origin),
            built_settings,
            **settings,
            data_set=data_set,
            training_samples=training_samples,
            class_names=data.class_names,
        )
        self.drawing.predict()
        self.trainer.validation, self.trainer.validation_coming = validation, None
        self._notify(
            gettext(
                "Restored at iteration {iteration}, without its earlier checkpoints: they are not "
                "saved.",
                iteration=format_number(run_state.iteration),
            )
        )

    # Data

    def _data_set_changed(self, *_events: Any) -> None:
        data, name, samples = self.data, self.state.data_set, self.state.training_samples
        if (name, samples) == (data.name, subset_name_of(data)):
            self._loader.cancel()
        else:
            self.state.running = False
            self._has_trained_since_choice = False
            known = [data, self._late_data] if self._late_data else [data]
            opened = next((whole_of(other) for other in known if other.name == name), None)
            self._loader.begin(name, samples, opened=opened)

    def _data_set_opened(self, data: OpenedDataSet | None) -> None:
        if data is not None and self._has_trained_since_choice:
            # It comes late: the run that was begun meanwhile is worth more.
            self._late_data = data
            self._notify(
                gettext(
                    "{data}: the samples are here. Training on {present} is not replaced; choose "
                    "{data} again to change to it.",
                    data=gettext(data.title),
                    present=gettext(self.data.title),
                )
            )
        elif data is not None:
            self._late_data = None
            self.state.running = False
            self._training.adopt_data_set(data)
            if self.state.is_example and not self.state.has_digit_classes:
                self.drawing.clear()  # it is a digit
            self.drawing.predict()
        self.state.param.update(data_set=self.data.name, training_samples=subset_name_of(self.data))

    async def load_sample(self, part: str, index_text: str, label: int | None) -> None:
        """Put a sample on the pad: by its index if `index_text` is not empty, else a random one."""
        data = self.data
        try:
            index = read_index(index_text, data.count(part))
            query = SampleQuery(part, index, label, exclude=self._sample_index)
            sample = await data.sample(query, self._sample_generator)
        except (DataError, PrefetchError, ValueError) as error:
            self.warn(str(error))
            return
        self._sample_index = sample.index
        self.drawing.show(to_float(sample.image[np.newaxis])[0].reshape(28, 28))
        name = data.class_names[sample.label]
        self._notify(
            gettext(
                "Sample {index} of {part}, labelled “{name}”.",
                index=format_number(sample.index),
                part=gettext(part),
                name=name,
            )
        )

    async def test(self) -> None:
        """Evaluate the current model on the test samples, which no training uses."""
        run_number, iteration = self.state.snapshot.run, self.state.shown_iteration
        network, is_checkpoint = self.network, self.state.shown_checkpoint is not None
        self.state.busy = gettext("Testing …")
        try:
            samples = await self.data.part("test")
            evaluation = await evaluate(network, samples, execute=self.execute)
        except (DataError, PrefetchError) as error:
            self._notify(str(error), "error")
            return
        finally:
            self.state.busy = ""
        low, high = evaluation.accuracy_interval()
        score = Score(iteration, evaluation.loss, evaluation.accuracy, evaluation.count)
        run = self.trainer.run
        # The run may have been replaced meanwhile, or have returned to an earlier checkpoint.
        if run_number == self.trainer.run_number and iteration <= run.iteration:
            run.history.test.append(score)
            self.state.param.trigger("history")
        is_known = self.state.origin in (Origin.PRETRAINED, Origin.FINE_TUNED)
        values = {
            "accuracy": format_percent(evaluation.accuracy, 2),
            "count": format_number(evaluation.count),
            "low": format_percent(low),
            "high": format_percent(high),
            "loss": format_number(evaluation.loss, ".4f"),
        }
        if is_checkpoint:
            sentence = gettext(
                "Test at iteration {iteration}: {accuracy} of {count} right (95 % interval {low} "
                "to {high}), loss {loss}.",
                iteration=format_number(iteration),
                **values,
            )
        else:
            sentence = gettext(
                "Test: {accuracy} of {count} right (95 % interval {low} to {high}), loss {loss}.",
                **values,
            )
        if is_known and self.data.name == "digits":
            caveat = gettext(
                "The pretrained model was trained on these digits: not an independent test."
            )
            sentence = f"{sentence} {caveat}"
        self._notify(sentence)

    # Weights

    def save_weights(self, suffix: str, layout: str) -> bytes | None:
        """Return the shown weights as a file; None, with a notice, if the format cannot hold them.

        Parameters
        ----------
        suffix, layout
            As `nn.weights_to_bytes` takes them.
        """
        try:
            return weights_to_bytes(self.network, suffix, layout=layout)
        except WeightsError as error:
            self.warn(str(error))
            return None

    def numpy_code(self) -> str | None:
        """Return the shown network as Python code with its weights; None, with a notice, if not.

        Code with more than `LARGEST_CODE` characters is not made.
        """
        # Rarely used, and every import delays the start of the page in the browser.
        from nn.serialization.numpy_code import network_to_numpy_code  # noqa: PLC0415

        network = self.network
        size = 4 / 3 * sum(array.nbytes for array in network.parameters())
        if size > LARGEST_CODE:
            text = gettext(
                "The code has {size:.0f} MB with its weights, and at most {most:.0f} MB are "
                "copied. Save it as NumPy code (.zip) instead.",
                size=size / 1e6,
                most=LARGEST_CODE / 1e6,
            )
            self.warn(text)
            return None
        try:
            return network_to_numpy_code(network)
        except WeightsError as error:
            self.warn(str(error))
            return None

    async def load_weights(self, content: bytes, name: str) -> None:
        """Replace the network by the one in a weights file, which is read in a worker.

        A file of all work replaces all work.
        """
        if is_save(content) and self.restore_file is not None:
            await self.restore_file(content, name)
            return
        data = self.data
        self.state.busy = gettext("Reading {name} …", name=name[:80])
        try:
            reading = await self.execute(self._read_weights, content, name)
        except (SettingError, WeightsError) as error:
            self._notify(str(error), "error")
            return
        finally:
            self.state.busy = ""
        if data is not self.data:
            self.warn(
                gettext(
                    "{name}: another data set was chosen meanwhile; load the file again.", name=name
                )
            )
            return
        self._use_weights(reading, name, data)

    def _read_weights(self, content: bytes, name: str) -> Reading:
        classes = len(self.data.class_names)
        reading = read_compatible_network(content, name, self.data.title, classes)
        self.state.check_budget(architecture_settings(reading.network))
        return reading

    def _use_weights(self, reading: Reading, name: str, data: OpenedDataSet) -> None:
        """Replace the network by a reading of a file, unless another data set was chosen since."""
        if data is not self.data:
            return
        network = reading.network
        self.state.running = False
        self._replace_run(network, Origin.LOADED)
        self.state.param.update(**architecture_settings(network))
        sentence = gettext(
            "Loaded {name}: {model}. Train continues from its weights.",
            name=name,
            model=network_name(network),
        )
        other, mend = reading.other, None
        if other is not None and other.way:
            other = replace(other, other=replace(reading, other=None))
            mend = Mend(gettext(other.way), lambda: self._use_weights(other, name, data))
        self._notify(" ".join([sentence, *reading.notes]), mend=mend)

    # Life cycle

    def data_may_be_back(self) -> None:
        """Retry a wait for data at once, because the network connection is back."""
        self.trainer.run.queue.resume()
        self.training_loop.retry_now()

    def warn(self, sentence: str, mend: Mend | None = None) -> None:
        """Show a warning, with a button for what corrects its cause."""
        self._notify(sentence, "warning", mend)

    def tell(self, sentence: str) -> None:
        """Show a notice."""
        self._notify(sentence)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a background task; its failure is shown as a notice."""
        self._training.spawn(work)

    def shut(self) -> None:
        """Stop training, publishing and notices immediately; `close` follows."""
        self._training.shut()

    async def close(self) -> None:
        """Stop training and wait for the end of all tasks."""
        await self._training.close()

    def _notify(self, text: str, kind: str = "info", mend: Mend | None = None) -> None:
        self._training.notify(text, kind, mend)
