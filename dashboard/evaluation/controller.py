"""Evaluates the net at hand, part by part, so that each is seen as soon as it is known.

It looks at a copy of the weights, so training may go on meanwhile; cancelling keeps what is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dashboard.digits.datasets import OpenDataSet
from dashboard.digits.state import Notice
from dashboard.evaluation.rejection import measure_rejection
from dashboard.evaluation.report import examine
from dashboard.evaluation.robustness import POINTS, measure_robustness
from dashboard.evaluation.state import EvaluationState
from dashboard.training.trainer import Execute
from data_cache import DIGIT_NAMES, DataError, PrefetchError, Samples, to_float
from data_cache.synthesis import draw_non_digits
from nn import Network

NON_DIGITS = 180
ROBUSTNESS_DIGITS = 100
SEED = 0
# How much of the whole each part takes, roughly.
_EXAMINED, _REJECTED = 0.2, 0.3


class Subject(Protocol):
    """What is evaluated: the controller's net and data, and its pad for mistakes."""

    data: OpenDataSet

    @property
    def network(self) -> Network:
        """The newest network."""
        ...

    @property
    def show_canvas(self) -> Any:
        """Puts a picture on the pad."""
        ...

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do asynchronous work."""
        ...


class EvaluationController:
    """Serves the evaluation pane.

    Parameters
    ----------
    state
        Shared with the views.
    controller
        Whose net is evaluated, on whose data.
    execute
        Computes a slice: in line, or in a thread.
    """

    def __init__(self, state: EvaluationState, controller: Subject, execute: Execute) -> None:
        self.state = state
        self._controller = controller
        self._execute = execute
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin an evaluation, unless one is under way."""
        if not self.state.running:
            self.state.param.update(
                running=True, progress=0.0, examination=None, rejections=[], points=[]
            )
            self._controller.spawn(self._run())

    def cancel(self) -> None:
        """End the evaluation after the slice that it is in; what is known stays."""
        if self._task is not None:
            self._task.cancel()

    def put_on_pad(self, index: int) -> None:
        """Put one of the evaluated samples on the drawing pad."""
        samples = self.state.samples
        if samples is not None and 0 <= index < len(samples):
            self._controller.show_canvas(picture_of(samples, index))

    async def _run(self) -> None:
        state = self.state
        self._task = asyncio.ensure_future(self._evaluate())
        try:
            await self._task
        except asyncio.CancelledError:
            if not self._task.cancelled():
                raise
            state.notice = Notice("Cancelled; what was measured until then is shown.")
        except (DataError, PrefetchError) as error:
            state.notice = Notice(str(error), "error")
        finally:
            self._task = None
            state.running = False

    async def _evaluate(self) -> None:
        state, data = self.state, self._controller.data
        network = self._controller.network
        samples = await data.part(state.part)
        state.param.update(
            subject=f"{network.title} on {len(samples):,} {state.part} samples of {data.title}",
            class_names=data.class_names,
            samples=samples,
            notice=Notice("Reading the samples …"),
        )
        state.examination = await examine(
            network, samples, execute=self._execute, progress=self._tell_examined
        )
        if data.class_names == DIGIT_NAMES:
            await self._try_hard(network, samples)
        state.param.update(progress=1.0, notice=Notice("Done."))

    def _tell_examined(self, share: float) -> None:
        self.state.progress = _EXAMINED * share

    async def _try_hard(self, network: Network, samples: Samples) -> None:
        """Show the net what is no digit, and digits that are changed."""
        state = self.state
        state.notice = Notice("Showing it what is no digit …")
        generator = np.random.default_rng(SEED)
        images = await self._execute(draw_non_digits, NON_DIGITS, generator, samples.images)
        known = state.examination.confidences
        made = await measure_rejection(
            network, known, "made-up non-digits", images, execute=self._execute
        )
        state.param.update(rejections=[made], progress=_REJECTED)
        state.notice = Notice("Changing digits more and more …")
        some = samples[:ROBUSTNESS_DIGITS]
        async for point in measure_robustness(network, some, execute=self._execute):
            points = [*state.points, point]
            share = len(points) / POINTS
            state.param.update(points=points, progress=_REJECTED + (1 - _REJECTED) * share)


def picture_of(samples: Samples, index: int) -> NDArray[np.float32]:
    """Return one sample as a picture, (28, 28) in [0, 1]."""
    return to_float(samples.images[index : index + 1])[0].reshape(28, 28)
