"""Controller of the evaluation pane: evaluates the current model, and publishes results in parts.

It evaluates a snapshot of the weights, so training may continue; cancelling keeps the results.
While they are seen, those on the samples follow the model.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

import numpy as np

from dashboard.digits.datasets import OpenedDataSet
from dashboard.digits.drawing import DrawingModel
from dashboard.digits.models import describe_model
from dashboard.digits.state import DigitsState
from dashboard.evaluation.rejection import measure_rejection
from dashboard.evaluation.report import EvaluationReport, evaluate_network
from dashboard.evaluation.robustness import POINTS, measure_robustness
from dashboard.evaluation.state import STALE, EvaluationState
from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext, gettext_noop
from dashboard.shell.notices import Notice
from dashboard.training.trainer import Execute
from data_cache import DIGIT_NAMES, DataError, PrefetchError, Samples, to_float
from data_cache.synthesis import draw_non_digits
from nn import Network

NON_DIGITS = 180
ROBUSTNESS_DIGITS = 100
SEED = 0
FOLLOWING_SECONDS = 1.0
"""From one evaluation of a model in training to the next, at least."""
FOLLOWING_SHARE = 0.1
"""Of the time, which evaluations of a model in training take at most."""
# Shares of the progress after the report, and after the rejection.
_REPORTED, _REJECTED = 0.2, 0.3


class ModelSource(Protocol):
    """What the evaluation needs of the digits pane: its model, its data and its drawing pad."""

    state: DigitsState
    drawing: DrawingModel

    @property
    def data(self) -> OpenedDataSet:
        """The opened data set."""
        ...

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a background task."""
        ...


class EvaluationController:
    """Commands of the evaluation pane.

    Parameters
    ----------
    state
        Shared with the views.
    source
        Gives the model and the data.
    execute
        Computes a chunk: in line, or in a thread.
    sleep
        Awaited with seconds between two evaluations of a model in training.
    clock
        A monotonic clock, in seconds.
    """

    def __init__(
        self,
        state: EvaluationState,
        source: ModelSource,
        execute: Execute,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.state = state
        self._sleep, self._clock = sleep, clock
        self._is_seen = False
        self._data: OpenedDataSet | None = None
        self._part = ""
        self._source = source
        self._execute = execute
        self._task: asyncio.Task[None] | None = None
        self._evaluated: Network | None = None
        source.state.param.watch(self._model_changed, ["snapshot", "shown_checkpoint"])

    def start(self) -> None:
        """Start an evaluation unless one is running."""
        if not self.state.running:
            self.state.param.update(
                running=True, progress=0.0, report=None, cell=None, rejections=[], robustness=[]
            )
            self._source.spawn(self._run())

    def set_seen(self, is_seen: bool) -> None:
        """Tell whether the results are seen; while they are not, they do not follow the model."""
        self._is_seen = is_seen
        self._follow()

    def cancel(self) -> None:
        """Cancel the evaluation after the present chunk; results so far stay."""
        if self._task is not None:
            self._task.cancel()

    def select_cell(self, label: int, predicted: int) -> None:
        """Show the samples in one cell of the confusion matrix; outside it: all mistakes."""
        classes = range(len(self.state.class_names))
        is_cell = label in classes and predicted in classes
        self.state.cell = (label, predicted) if is_cell else None

    def show_all_mistakes(self) -> None:
        """Show the mistakes of all cells."""
        self.state.cell = None

    def show_on_pad(self, index: int) -> None:
        """Show an evaluated sample on the drawing pad, where the current model answers it."""
        samples = self.state.samples
        if samples is not None and 0 <= index < len(samples):
            image = to_float(samples.images[index : index + 1]).reshape(28, 28)
            self._source.drawing.show(image)
            if self.state.is_stale:
                self._source.state.notice = Notice(STALE, "warning")

    def _model_changed(self, *_events: Any) -> None:
        digits, state = self._source.state, self.state
        if self._evaluated is None or (state.is_stale and digits.running):
            return
        state.is_stale = not have_equal_weights(self._evaluated, digits.shown_network)
        self._follow()

    def _follow(self) -> None:
        """Begin to evaluate the model again if it has changed since."""
        if self._has_to_follow() and not self.state.is_following:
            self.state.is_following = True
            self._source.spawn(self._evaluate_again())

    def _has_to_follow(self) -> bool:
        state = self.state
        has_changed = state.is_stale and state.report is not None and not state.running
        return self._is_seen and has_changed and self._source.data is self._data

    async def _evaluate_again(self) -> None:
        """Evaluate the newest weights on the same samples, as long as they change."""
        state, digits, samples = self.state, self._source.state, self.state.samples
        try:
            while self._has_to_follow() and state.samples is samples:
                began = self._clock()
                network, model = digits.shown_network, describe_model(digits).subject
                report = await evaluate_network(network, samples, execute=self._execute)
                if state.running or state.samples is not samples:
                    return
                self._evaluated = network
                state.param.update(
                    report=report,
                    subject=self._describe(model, samples),
                    is_stale=not have_equal_weights(network, digits.shown_network),
                )
                taken = self._clock() - began
                await self._sleep(max(FOLLOWING_SECONDS, taken / FOLLOWING_SHARE) - taken)
        finally:
            state.is_following = False

    def _describe(self, model: str, samples: Samples) -> str:
        """Return which model is evaluated on what."""
        assert self._data is not None, "set before the first evaluation"
        return gettext(
            "{model}, on {count} {part} samples of {data}",
            model=model,
            count=format_number(len(samples)),
            data=gettext(self._data.title),
            part=gettext(self._part),
        )

    async def _run(self) -> None:
        state = self.state
        self._task = asyncio.ensure_future(self._evaluate())
        try:
            await self._task
        except asyncio.CancelledError:
            if not self._task.cancelled():
                raise
            state.notice = Notice(gettext("Cancelled. The results so far are shown."))
        except (DataError, PrefetchError) as error:
            state.notice = Notice(str(error), "error")
        finally:
            self._task = None
            state.running = False
            self._follow()

    async def _evaluate(self) -> None:
        state, data, digits = self.state, self._source.data, self._source.state
        network, model = digits.shown_network, describe_model(digits).subject
        self._evaluated, self._data, self._part = network, data, state.part
        samples = await data.part(state.part)
        subject = self._describe(model, samples)
        state.param.update(
            subject=subject,
            rest_subject=subject,
            class_names=data.class_names,
            samples=samples,
            is_stale=not have_equal_weights(network, digits.shown_network),
            notice=Notice(gettext("Evaluating the samples …")),
        )

        def show_progress(share: float) -> None:
            state.progress = _REPORTED * share

        report = await evaluate_network(
            network, samples, execute=self._execute, progress=show_progress
        )
        state.report = report
        if data.class_names == DIGIT_NAMES:
            await self._measure_rejection(network, samples, report)
            await self._measure_robustness(network, samples)
        state.param.update(progress=1.0, notice=Notice(gettext("Evaluation finished.")))

    async def _measure_rejection(
        self, network: Network, samples: Samples, report: EvaluationReport
    ) -> None:
        self.state.notice = Notice(gettext("Measuring the rejection of non-digits …"))
        generator = np.random.default_rng(SEED)
        images = await self._execute(draw_non_digits, NON_DIGITS, generator, samples.images)
        rejection = await measure_rejection(
            network,
            report.confidences,
            gettext_noop("synthetic non-digits"),
            images,
            execute=self._execute,
        )
        self.state.param.update(rejections=[rejection], progress=_REJECTED)

    async def _measure_robustness(self, network: Network, samples: Samples) -> None:
        state = self.state
        state.notice = Notice(gettext("Measuring the robustness to transformed digits …"))
        digits = samples[:ROBUSTNESS_DIGITS]
        async for point in measure_robustness(network, digits, execute=self._execute):
            points = [*state.robustness, point]
            progress = _REJECTED + (1 - _REJECTED) * len(points) / POINTS
            state.param.update(robustness=points, progress=progress)


def have_equal_weights(one: Network, other: Network) -> bool:
    """Return whether two networks predict the same because their values are equal."""
    if one is other:
        return True
    if (one.title, one.activation) != (other.title, other.activation):
        return False
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(np.array_equal(ours, theirs) for ours, theirs in pairs)
