"""The cost of ablated units on validation samples, computed beside the training.

Only the newest request counts: clicks that follow each other quickly are answered once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable

from dashboard.digits.controller import DigitsController
from dashboard.inspection.latest_computation import LatestComputation
from dashboard.inspection.layers.state import AblationResult, InsideState
from dashboard.inspection.validation_subset import ChosenSamples, ValidationSubset
from dashboard.shell.redraw_scheduler import RedrawRate
from dashboard.training.trainer import Execute
from nn import Network
from nn.interpretation.ablation import AblationStudy, Unit


class AblationCost:
    """Evaluates the shown network without the ablated units of a state.

    Parameters
    ----------
    controller
        Of the digits pane, with the shown network and the data set.
    state
        Its `ablated` units are evaluated; its `result` and `obstacle` are set.
    execute
        Computes a chunk of the samples.
    rate
        Of the panel.
    is_wanted
        Whether the result can be seen; an evaluation ends early if it cannot.
    """

    def __init__(
        self,
        controller: DigitsController,
        state: InsideState,
        execute: Execute,
        rate: RedrawRate,
        is_wanted: Callable[[], bool],
    ) -> None:
        self._digits = controller.state
        self._state = state
        self._execute = execute
        self._is_wanted = is_wanted
        self._subset = ValidationSubset(controller)
        self._computation = LatestComputation(
            self._steps, subject=self._subject, deliver=self._deliver, rate=rate
        )
        self._studied: tuple[ChosenSamples, AblationStudy] | None = None
        self._before: float | None = None

    def update(self) -> None:
        """Evaluate the ablated units, unless the result is that of the shown network."""
        result, state = self._state.result, self._state
        is_current = (
            result is not None
            and result.network is self._digits.shown_network
            and result.units == state.ablated
        )
        if state.ablated and self._is_wanted() and not is_current:
            self._computation.request()

    async def run(self) -> None:
        """Evaluate what is requested, until cancelled."""
        await self._computation.run()

    def _subject(self) -> Hashable:
        digits = self._digits
        return digits.snapshot.run, digits.shown_network.title, self._state.ablated

    def _deliver(self, found: AblationResult | str | None) -> None:
        if isinstance(found, AblationResult):
            self._state.param.update(result=found, obstacle="")
        elif found is not None:
            self._state.param.update(result=None, obstacle=found)

    async def _steps(self) -> AsyncIterator[AblationResult | str | None]:
        """Yield None after every chunk, and the result or why there is none at the end."""
        units, network = self._state.ablated, self._digits.shown_network
        iteration = self._digits.shown_iteration
        chosen = await self._subset.fetch()
        if isinstance(chosen, str):
            yield chosen
            return
        study = self._study_of(network, chosen)
        correct = 0
        for ablated in (frozenset[Unit](), units):
            if not ablated and self._before is not None:
                continue  # known from an evaluation before
            correct = 0
            for chunk in study.chunks:
                if not self._is_wanted():
                    return
                correct += await self._execute(study.count_correct, ablated, chunk)
                yield None
                await asyncio.sleep(0)
            if not ablated:
                self._before = correct / len(study)
        if self._before is not None and units:
            after = correct / len(study)
            yield AblationResult(network, units, iteration, self._before, after, len(study))

    def _study_of(self, network: Network, chosen: ChosenSamples) -> AblationStudy:
        """Return the study of a network, with what it has computed before."""
        studied = self._studied
        if studied is None or studied[0] is not chosen or studied[1].network is not network:
            samples = chosen.samples
            study = AblationStudy(network, samples.images, samples.labels)
            self._studied, self._before = (chosen, study), None
            return study
        return studied[1]
