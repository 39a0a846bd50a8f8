"""The cost of ablated units on validation samples, computed beside the training.

Only the newest request counts: clicks that follow each other quickly are answered once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dashboard.digits.controller import DigitsController
from dashboard.inspection.layers.state import AblationResult, InsideState
from dashboard.training.trainer import Execute, HeldOut
from nn import Network
from nn.interpretation.ablation import AblationStudy

SAMPLES = 500
"""Validation samples that are evaluated, the first ones."""


class AblationCost:
    """Evaluates the shown network without the ablated units of a state.

    Parameters
    ----------
    controller
        Of the digits pane: its shown network, validation samples and background tasks.
    state
        Its `ablated` units are evaluated; its `result` is set.
    execute
        Computes a chunk of the samples.
    is_wanted
        Whether the result can be seen; an evaluation ends early if it cannot.
    """

    def __init__(
        self,
        controller: DigitsController,
        state: InsideState,
        execute: Execute,
        is_wanted: Callable[[], bool],
    ) -> None:
        self._controller = controller
        self._state = state
        self._execute = execute
        self._is_wanted = is_wanted
        self._request = 0
        self._is_running = False
        self._study: AblationStudy | None = None
        self._samples: HeldOut | None = None
        self._before: float | None = None
        self.missing = ""
        """Why there is no result; empty while it is computed or there is one."""

    @property
    def is_current(self) -> bool:
        """Whether the result is that of the shown network and the ablated units."""
        result, network = self._state.result, self._controller.state.shown_network
        return (
            result is not None and result.network is network and result.units == self._state.ablated
        )

    def request(self) -> None:
        """Evaluate the present units; an evaluation under way begins again with them."""
        self._request += 1
        if not self._is_running:
            self._is_running = True
            self._controller.spawn(self._run())

    async def _run(self) -> None:
        try:
            done = -1
            while done != self._request and self._is_wanted() and self._state.ablated:
                done = self._request
                await self._evaluate(done)
        finally:
            self._is_running = False

    async def _evaluate(self, request: int) -> None:
        """Set the result, unless another request comes first."""
        state, digits = self._state, self._controller.state
        units, iteration, network = state.ablated, digits.snapshot.iteration, digits.shown_network
        samples = await self._validation()
        if request != self._request:
            return
        if samples is None or not len(samples):
            self.missing = "there are no validation samples to measure the cost on"
            state.param.trigger("result")
            return
        self.missing = ""
        study = self._study_of(network, samples)
        if self._before is None:
            before = await self._accuracy(study, frozenset(), request)
            if before is None:
                return
            self._before = before
        after = await self._accuracy(study, units, request)
        if after is not None:
            state.result = AblationResult(
                network, units, iteration, self._before, after, len(study)
            )

    async def _accuracy(
        self, study: AblationStudy, units: frozenset[tuple[int, int]], request: int
    ) -> float | None:
        """Return the accuracy without some units; None if the request is not the newest."""
        correct = 0
        for chunk in study.chunks:
            correct += await self._execute(study.count_correct, units, chunk)
            await asyncio.sleep(0)
            if request != self._request or not self._is_wanted():
                return None
        return correct / len(study)

    async def _validation(self) -> HeldOut | None:
        trainer = self._controller.trainer
        if trainer.validation_coming is not None:
            await asyncio.shield(trainer.validation_coming)
        samples = trainer.validation
        return None if samples is None else samples[:SAMPLES]

    def _study_of(self, network: Network, samples: HeldOut) -> AblationStudy:
        whole = self._controller.trainer.validation
        if self._study is None or self._study.network is not network or self._samples is not whole:
            self._study = AblationStudy(network, samples.images, samples.labels)
            self._samples, self._before = whole, None
        return self._study
