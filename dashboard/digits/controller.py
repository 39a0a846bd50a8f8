"""The controller itself: what can be done in it, and what it knows, without any screen.

Every command a person can give is a method here; what comes of it is seen in the parameters of
the controller's state, which views watch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.digits.datasets import OpenDataSet, OpenFunction, describe_sample, read_index
from dashboard.digits.fine_tuning import give_lesson
from dashboard.digits.state import FRESH, LOADED, READY, TUNED, Answer, DigitsState, Notice
from dashboard.digits.uploaded_weights import INPUTS, read_fitting
from dashboard.training.background_tasks import BackgroundTasks
from dashboard.training.block_run import BlockRun
from dashboard.training.history import Score
from dashboard.training.run import DivergenceError
from dashboard.training.run_state import RunState
from dashboard.training.snapshot import Snapshot
from dashboard.training.trainer import Clock, Execute, Pace, Trainer, evaluate
from dashboard.training.training_loop import TrainingLoop
from data_cache import (
    DATA_SETS,
    DIGIT_NAMES,
    DataError,
    PrefetchError,
    Samples,
    frame_digit,
    shrink_canvas,
    to_float,
)
from nn import (
    ARCHITECTURES,
    PRETRAINED,
    Network,
    WeightsError,
    architecture_of,
    load_pretrained,
    pretrained_card,
    weights_to_bytes,
)
from nn.calibration import confidence

MAKING = ("hidden_layers", "activation", "initialization", "biases", "seed", "architecture")
"""Settings that take effect when a fresh net is made."""


class DigitsController:
    """A network, its data, a drawing, and everything that can be done with them.

    Parameters
    ----------
    state
        Shared with the views.
    data
        The data set to begin with, already open.
    open_data
        Opens another data set by name.
    clock
        Seconds that only go up.
    execute
        Computes a slice of training: in line, or in a thread.
    pace
        How long a slice takes, and how often there is a snapshot.
    """

    def __init__(
        self,
        state: DigitsState,
        data: OpenDataSet,
        *,
        open_data: OpenFunction,
        clock: Clock,
        execute: Execute,
        pace: Pace | None = None,
    ) -> None:
        self.state = state
        self.data = data
        self.show_canvas: Callable[[NDArray[np.floating]], None] = lambda _canvas: None
        self._open_data = open_data
        self._execute = execute
        self._sample_generator = np.random.default_rng(state.seed)
        self._sample_index: int | None = None
        self.drawing: NDArray[np.float32] | None = None
        self.built: dict[str, Any] = {}
        """The settings by which the present net and the order of its batches were made."""
        self._framed: NDArray[np.float32] | None = None
        self._loading: asyncio.Task[None] | None = None
        self._background_tasks = BackgroundTasks(self._background_task_failed)
        self._is_closed = False
        state.class_names = data.class_names
        self._readers: dict[str, Network] = {}
        run = self._make_run(load_pretrained())
        self.trainer = Trainer(
            run, validation=None, publish=self._publish, clock=clock, execute=execute, pace=pace
        )
        self._training_loop = TrainingLoop(state, self.trainer, self._background_tasks)
        state.history = run.history
        state.snapshot = self.trainer.snapshot()
        state.param.watch(self._running_changed, "running")
        state.param.watch(self._data_set_changed, "data_set")
        state.param.watch(lambda _event: self.predict(), "ready_net")
        state.param.watch(self._knob_changed, _KNOBS)

    # Training

    def start(self) -> None:
        """Begin to fill the prefetch queue; needs a running event loop."""
        self.trainer.run.queue.start()
        self.state.snapshot = self.trainer.snapshot()
        self._begin_validation()

    def step(self) -> None:
        """Train on exactly one batch; while training runs, pause first."""
        self.state.running = False
        self._begin_if_ready_trained()
        self._training_loop.add_step()

    def reset(self) -> None:
        """Begin again with fresh weights of the chosen architecture and the same seed."""
        self.state.running = False
        self._replace_run(None, FRESH)
        self._tell(f"A fresh {self.network.title} net. It knows nothing yet: press Train.")

    def choose_architecture(self, architecture: str) -> None:
        """Set the fields of the network to an architecture, with the layers that belong to it."""
        known = ARCHITECTURES.get(architecture)
        self.state.param.update(
            architecture=architecture,
            **{"hidden_layers": list(known.hidden_layers), "batch_size": known.batch_size}
            if known
            else {},
        )

    def back_to_ready(self) -> None:
        """Bring the ready-trained net back, with the digits it was trained for."""
        self.state.running = False
        if not self.reads_digits:
            self.state.data_set = "digits"
            return
        self._replace_run(load_pretrained(), READY)
        self._tell("The ready-trained net is back.")

    @property
    def network(self) -> Network:
        """The network of the newest snapshot."""
        return self.state.snapshot.network

    @property
    def reader(self) -> Network:
        """What reads drawings: the chosen ready-trained net, until the one at hand is another's."""
        name = self.state.ready_net
        if self.state.origin != READY or not self.reads_digits or name == PRETRAINED[0]:
            return self.network
        if name not in self._readers:
            self._readers[name] = load_pretrained(name)
        return self._readers[name]

    @property
    def reads_digits(self) -> bool:
        """Whether the data are digits, for which there is a ready-trained net and a frame."""
        return self.data.class_names == DIGIT_NAMES

    @property
    def architecture_pending(self) -> bool:
        """Whether the architecture fields say something else than the net in use is."""
        state, network = self.state, self.network
        wanted = (state.architecture, list(state.hidden_layers), state.activation, state.biases)
        return wanted != (
            architecture_of(network),
            list(network.sizes[1:-1]),
            network.activation,
            network.has_biases,
        )

    def _running_changed(self, event: Any) -> None:
        if event.new:
            self._begin_if_ready_trained()
            self._training_loop.ensure()
        else:
            self.trainer.stop()

    def _begin_if_ready_trained(self) -> None:
        if self.state.origin == READY and self.state.keep_ready:
            if not self.state.snapshot.iteration:
                self._replace_run(self.network.copy(), TUNED)  # by the seed that holds now
            self.state.origin = TUNED
        elif self.state.origin == READY:
            self._replace_run(None, FRESH)
            self._tell(
                "Fresh weights: watch it learn from zero. "
                "“Ready-trained net” brings the ready one back."
            )

    @property
    def _is_idle(self) -> bool:
        """Whether no step is under way; a pause takes effect only after the present one."""
        return self._training_loop.is_idle

    def _publish(self, snapshot: Snapshot) -> None:
        if not self._is_closed:
            self.state.snapshot = snapshot

    def _knob_changed(self, *_events: Any) -> None:
        state, run = self.state, self.trainer.run
        if self._is_idle:
            run.apply_settings()
        else:
            # The rest waits for the end of the slice; these must also help a wait for data.
            run.queue.cache_size, run.queue.concurrency = state.cache_size, state.concurrency
        state.snapshot = replace(
            state.snapshot,
            learning_rate=float(state.learning_rate),
            batch_size=state.batch_size,
            optimizer=state.optimizer,
        )
        self.count_blocks()

    def count_blocks(self) -> None:
        """Show how many blocks are ready and in flight now; they change without training too."""
        queue, snapshot = self.trainer.run.queue, self.state.snapshot
        cached, in_flight = queue.data_len, queue.data_futures_len
        if (snapshot.cached, snapshot.in_flight) != (cached, in_flight):
            self._publish(replace(snapshot, cached=cached, in_flight=in_flight))

    def _make_run(self, network: Network | None) -> BlockRun:
        names = MAKING if network is None else ("seed",)
        self.built = {name: getattr(self.state, name) for name in names}
        return BlockRun(
            self.state, self.data.source, network=network, classes=len(self.data.class_names)
        )

    def _replace_run(self, network: Network | None, origin: str) -> None:
        self._adopt_run(self._make_run(network), origin)

    def _adopt_run(self, run: BlockRun, origin: str) -> None:
        self.trainer.stop()
        self._training_loop.forget_steps()
        old = self.trainer.run
        self.trainer.adopt(run, self.trainer.validation)
        run.queue.start()
        self._background_tasks.begin(old.close(), must_end=True)
        self.state.param.update(
            origin=origin, history=run.history, snapshot=self.trainer.snapshot()
        )
        self.predict()

    async def take_over(self, values: Mapping[str, Any]) -> None:
        """Take settings from a link, `data_set` and `keep_ready` among them; make their net."""
        if not values:
            return
        self.state.running = False
        # The data come last: a net that they call for is to be made by the other settings.
        self.state.param.update(**{name: it for name, it in values.items() if name != "data_set"})
        self.state.data_set = values.get("data_set", self.state.data_set)
        if self._loading is not None:
            await asyncio.wait([self._loading])
        if self.state.origin == READY and not self.state.keep_ready and set(values) & set(MAKING):
            self.reset()

    async def go_on(self, state: RunState, *, origin: str, data_set: str, **settings: Any) -> None:
        """Go on with a run that was put away, in the state of the page that it had then.

        Parameters
        ----------
        state
            As `BlockRun.state` gave it.
        origin, data_set, settings
            Values of the controller's state.

        Raises
        ------
        DataError
            When the data cannot be had; all is then as it was.
        ValueError
            When the run does not fit the data.
        """
        self.state.running = False
        self._drop_loading()
        data = self.data
        if data_set != data.name:
            data = await self._open_data(data_set, lambda _sentence: None)
        sizes, classes = state.network.sizes, len(data.class_names)
        if (sizes[0], sizes[-1]) != (INPUTS, classes):
            raise ValueError(f"{data.title} needs a net of {INPUTS} inputs, {classes} outputs")
        # With the scores of held-out samples, so that the curve goes on as if unbroken.
        validation = await self._fetch_validation(data)
        run = BlockRun(self.state, data.source, state=state)
        self.data = data
        self.state.param.update(**settings, data_set=data_set, class_names=data.class_names)
        run.apply_settings()
        self._adopt_run(run, origin)
        self.trainer.validation, self.trainer.validation_coming = validation, None
        self._tell(f"Here you are again, at iteration {run.iteration:,}.")

    # Data

    def _drop_loading(self) -> None:
        if self._loading is not None:
            self._loading.cancel()  # of two wishes the later one holds
            self._loading = None
            self.state.busy = ""

    def _data_set_changed(self, event: Any) -> None:
        self._drop_loading()
        if event.new != self.data.name:
            self.state.running = False
            self._loading = self._background_tasks.begin(self._change_data(event.new))

    async def _change_data(self, name: str) -> None:
        me = asyncio.current_task()

        def report(sentence: str) -> None:
            if self._loading is me:
                self.state.busy = sentence

        report(f"Loading {DATA_SETS[name].title} …")
        try:
            self._adopt_data(await self._open_data(name, report))
        except DataError as error:
            self._tell(str(error), "error")
        finally:
            if self._loading is me:
                self._loading = None
                self.state.param.update(data_set=self.data.name, busy="")
        self._begin_validation()

    def _adopt_data(self, data: OpenDataSet) -> None:
        self.state.running = False
        fits = data.class_names == self.data.class_names
        self.data = data
        self.trainer.validation = None
        self.state.class_names = data.class_names
        found = f"{data.title}: {data.source.sample_count:,} samples to train on."
        if fits:
            self._replace_run(self.network.copy(), self.state.origin)
            self._tell(found)
        elif not self.reads_digits:
            self._replace_run(None, FRESH)
            self._tell(f"{found} A fresh net for these classes: press Train.")
        else:
            self._replace_run(load_pretrained(), READY)
            self._tell(f"{found} The ready-trained net for digits is back.")

    def _begin_validation(self) -> None:
        self.trainer.validation_coming = self._background_tasks.begin(
            self._load_validation(self.data)
        )

    async def _load_validation(self, data: OpenDataSet) -> None:
        validation = await self._fetch_validation(data)
        if data is self.data:
            self.trainer.validation = validation
            self.trainer.validation_coming = None

    async def _fetch_validation(self, data: OpenDataSet) -> Samples | None:
        try:
            return await data.part("validation")
        except (DataError, PrefetchError) as error:
            if data is self.data:
                self._tell(f"Validation is left out: {error}", "warning")
            return None

    async def load_sample(self, part: str, index_text: str, label: int | None) -> None:
        """Put a sample on the pad: by index when `index_text` is not empty, else at random."""
        data = self.data
        try:
            sample = await data.sample(
                part,
                index=read_index(index_text, data.count(part)),
                label=label,
                generator=self._sample_generator,
                but=self._sample_index,
            )
        except (DataError, PrefetchError, ValueError) as error:
            self._tell(str(error), "warning")
            return
        self._sample_index = sample.index
        self.show_canvas(to_float(sample.image[np.newaxis])[0].reshape(28, 28))
        self._tell(describe_sample(sample, data.class_names))

    async def test(self) -> None:
        """Score the newest network on the test samples, which no training ever touches."""
        snapshot = self.state.snapshot
        self.state.busy = "Testing …"
        try:
            samples = await self.data.part("test")
            evaluation = await evaluate(snapshot.network, samples, execute=self._execute)
        except (DataError, PrefetchError) as error:
            self._tell(str(error), "error")
            return
        finally:
            self.state.busy = ""
        low, high = evaluation.accuracy_interval()
        score = Score(snapshot.iteration, evaluation.loss, evaluation.accuracy, evaluation.count)
        if snapshot.run == self.trainer.run_number:
            self.trainer.run.history.test.append(score)
            self.state.param.trigger("history")
        seen = (
            " The ready-trained net met these digits during its training, so this is no test of it."
            if self.state.origin in (READY, TUNED) and self.data.name == "digits"
            else ""
        )
        self._tell(
            f"Test: {100 * evaluation.accuracy:.2f} % of {evaluation.count:,} right "
            f"(95 % interval {100 * low:.1f} to {100 * high:.1f} %), "
            f"loss {evaluation.loss:.4f}.{seen}"
        )

    # Drawing

    def take_drawing(self, canvas: NDArray[np.float32]) -> None:
        """Take a new picture from the pad and say what the net makes of it."""
        self.trainer.answer_soon()
        frame = frame_digit if self.reads_digits else shrink_canvas
        self.drawing = canvas
        self._framed = frame(canvas)
        self.predict()

    def predict(self) -> None:
        """Ask the newest network about the drawing again."""
        if self._framed is None:
            if self.state.answer.framed is not None:
                self.state.answer = Answer()
            return
        probabilities = self.reader.predict_proba(self._framed[np.newaxis])[0]
        self.state.answer = Answer(self._framed, probabilities, self._is_sure(probabilities))

    def _is_sure(self, probabilities: NDArray[np.float32]) -> bool:
        """Tell whether the ready-trained net knows such drawings; of other nets it is not known."""
        if self.state.origin not in (READY, TUNED) or not np.isfinite(probabilities).all():
            return True
        name = self.state.ready_net if self.state.origin == READY else PRETRAINED[0]
        least = pretrained_card(name).confidence_threshold
        return bool(confidence(probabilities[np.newaxis])[0] >= least)

    def teach(self, label: int) -> None:
        """Give the drawing its label and take one training step on it."""
        if self._framed is None:
            self._tell("Draw something first, then say what it is.", "warning")
            return
        if self.state.running:
            self._tell("Pause training first; teaching changes the same weights.", "warning")
            return
        if not self._is_idle:
            self._tell("One moment: a training step is still under way.", "warning")
            return
        try:
            before, after = give_lesson(self.trainer.run.network, self._framed, label)
        except DivergenceError as error:
            self._tell(str(error), "error")
            return
        if self.state.origin == READY:
            self.state.origin = TUNED
        self.state.snapshot = self.trainer.snapshot()
        self.predict()
        name = self.data.class_names[label]
        self._tell(f"Taught “{name}”: loss on your drawing {before:.3f} → {after:.3f}.")

    # Weights

    def save_weights(self, suffix: str, layout: str) -> bytes | None:
        """Return the newest weights as a file of that suffix and layout; None with a notice."""
        try:
            return weights_to_bytes(self.network, suffix, layout=layout)
        except WeightsError as error:
            self._tell(str(error), "warning")
            return None

    def load_weights(self, content: bytes, name: str) -> None:
        """Replace the network by the one in a weights file that somebody chose."""
        try:
            network = read_fitting(content, name, self.data.title, len(self.data.class_names))
        except WeightsError as error:
            self._tell(str(error), "error")
            return
        self.state.running = False
        self._replace_run(network, LOADED)
        self.state.param.update(
            architecture=architecture_of(network),
            hidden_layers=list(network.sizes[1:-1]),
            activation=network.activation,
            biases=network.has_biases,
        )
        self._tell(f"Loaded {name}: a {network.title} net. Train goes on from its weights.")

    # Housekeeping

    def data_may_be_back(self) -> None:
        """Hear that the network is back; what waits for data tries again at once."""
        self.trainer.run.queue.resume()
        self._training_loop.data_may_be_back()

    def shut(self) -> None:
        """Stop at once to train and to tell anything; `close` follows."""
        self._is_closed = True
        self._training_loop.shut()

    async def close(self) -> None:
        """End training and every fetch, as when the page is closed; return when all have ended."""
        self.shut()
        await self.trainer.run.close()
        await self._background_tasks.close()

    def warn(self, sentence: str) -> None:
        """Show a warning to the person at the page."""
        self._tell(sentence, "warning")

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do asynchronous work of a command; errors of it are told, never swallowed."""
        self._background_tasks.begin(work)

    def _background_task_failed(self, task: asyncio.Task[Any], error: BaseException) -> None:
        if self._training_loop.is_training(task):
            self._training_loop.forget_steps()
            self.state.running = False
        self._tell(f"Something went wrong inside Inkling: {error!r}", "error")

    def _tell(self, text: str, kind: str = "info") -> None:
        if self._is_closed:
            return
        self.state.notice = Notice(text, kind)


_KNOBS = [
    "learning_rate",
    "batch_size",
    "optimizer",
    "l1",
    "l2",
    "dropout",
    "cache_size",
    "concurrency",
]
