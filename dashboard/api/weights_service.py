"""The server's own net: who reads it sees a whole version, and changes come one after the other.

Everything that takes time runs in two threads of its own, one that writes and one that reads, so
that neither a lesson nor a long answer holds up the pages.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dashboard.api.errors import ApiError
from dashboard.api.settings import ApiSettings
from dashboard.api.training import learn
from dashboard.api.weights_formats import write_weights
from dashboard.api.weights_store import Change, Draft, Version, WeightsStore
from dashboard.training.trainer import EVALUATION_CHUNK, VALIDATION_LIMIT
from data_cache import Samples, to_float
from nn import ClassificationMetrics, Network, load_pretrained

Result = TypeVar("Result")
IfMatch = list[str] | None
"""Contents one of which the present version must have; None: any."""
READY = "the ready-trained net"
FAST_GZIP = 1


class WeightsService:
    """The versions of the server's net, and all that can be done with them.

    Parameters
    ----------
    validation
        Gives the digits that new weights are judged by; called in a thread.
    """

    def __init__(
        self, settings: ApiSettings, store: WeightsStore, validation: Callable[[], Samples]
    ) -> None:
        self._settings = settings
        self._store = store
        self._validation = validation
        self._writer = ThreadPoolExecutor(1, "inkling-api-write", initializer=_limit_blas)
        self._reader = ThreadPoolExecutor(1, "inkling-api-read", initializer=_limit_blas)
        self._waiting = 0
        self._forms: dict[tuple[str, str, bool], Future[bytes]] = {}

    # Reading

    async def current(self) -> Version:
        """Return the newest version; the first one ever is the ready-trained net."""
        newest = self._store.newest()
        return await self._write(self._begin) if newest is None else newest

    async def written(self, version: Version, form: str, *, zipped: bool) -> bytes:
        """Return the weights of the present version in one form, gzip-compressed or not.

        What was written once is kept until there is a newer version.
        """
        key = (version.content, form, zipped)
        future = self._forms.get(key)
        if future is None:
            for old in [old for old in self._forms if old[0] != version.content]:
                del self._forms[old]
            future = self._forms[key] = self._reader.submit(self._write_form, version, form, zipped)
        try:
            return await asyncio.shield(asyncio.wrap_future(future))
        except Exception:
            self._forms.pop(key, None)
            raise

    async def history(self) -> list[Version]:
        """Return the versions that are kept, the newest first."""
        await self.current()
        return self._store.versions()

    def _write_form(self, version: Version, form: str, zipped: bool) -> bytes:
        content = write_weights(self._network(version.number), form)
        return gzip.compress(content, FAST_GZIP, mtime=0) if zipped else content

    def _network(self, number: int) -> Network:
        try:
            return self._store.network(number)
        except KeyError:
            raise ApiError(409, "The weights were replaced meanwhile; ask once more.") from None

    # Changes

    async def replace(self, read: Callable[[], Network], if_match: IfMatch) -> Version:
        """Take uploaded weights, unless they are much worse than the present ones.

        `read` gives the network, in the thread that writes.
        """
        return await self._write(lambda: self._replace(read(), if_match))

    async def train(
        self,
        read: Callable[[], tuple[NDArray[np.float32], NDArray[np.intp]]],
        if_match: IfMatch,
    ) -> tuple[float, Version]:
        """Learn from the samples that `read` gives; return their loss before, and the version."""
        return await self._write(lambda: self._train(*read(), if_match))

    async def reset(self, if_match: IfMatch) -> Version:
        """Go back to the ready-trained net."""
        return await self._write(lambda: self._reset(if_match))

    async def restore(self, number: int, if_match: IfMatch) -> Version:
        """Make an earlier version the newest again; ApiError 404 when it is not kept."""
        return await self._write(lambda: self._restore(number, if_match))

    async def in_reader(self, function: Callable[[], Result]) -> Result:
        """Do something that takes a while, for reading, off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._reader, function)

    def close(self) -> None:
        """End the threads after what they are doing, and close the store."""
        self._writer.shutdown(cancel_futures=True)
        self._reader.shutdown(cancel_futures=True)
        self._store.close()

    async def _write(self, job: Callable[[], Result]) -> Result:
        if self._waiting >= self._settings.writes_waiting:
            raise ApiError(
                429,
                f"{self._waiting} changes are waiting for their turn already; try again soon.",
                headers={"Retry-After": "1"},
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._writer, job)
        finally:
            self._waiting -= 1

    def _begin(self) -> Version:
        with self._store.change() as change:
            return self._newest(change)

    def _newest(self, change: Change) -> Version:
        newest = change.newest()
        return newest or change.add(self._judged(load_pretrained(), READY))

    def _replace(self, network: Network, if_match: IfMatch) -> Version:
        draft = self._judged(network, "uploaded")
        with self._store.change() as change:
            self._refuse_if_worse(draft, self._matched(change, if_match))
            return change.add(draft)

    def _train(
        self, images: NDArray[np.float32], labels: NDArray[np.intp], if_match: IfMatch
    ) -> tuple[float, Version]:
        with self._store.change() as change:
            version = self._matched(change, if_match)
            if not len(labels):
                return 0.0, version
            network = change.network(version.number)
            loss = learn(
                network,
                images,
                labels,
                learning_rate=self._settings.learning_rate,
                batch_size=self._settings.batch_size,
            )
            samples = "1 sample" if len(labels) == 1 else f"{len(labels):,} samples"
            draft = self._judged(network, f"version {version.number} and {samples}")
            self._refuse_if_worse(draft, version)
            return loss, change.add(draft)

    def _reset(self, if_match: IfMatch) -> Version:
        draft = self._judged(load_pretrained(), READY)
        with self._store.change() as change:
            self._matched(change, if_match)
            return change.add(draft)

    def _restore(self, number: int, if_match: IfMatch) -> Version:
        with self._store.change() as change:
            self._matched(change, if_match)
            kept = {version.number: version for version in change.versions()}
            old = kept.get(number)
            if old is None:
                raise ApiError(
                    404,
                    f"There is no version {number}; kept are {min(kept)} to {max(kept)}.",
                )
            draft = Draft(change.network(number), f"version {number}", old.accuracy, old.loss)
            return change.add(draft)

    def _matched(self, change: Change, if_match: IfMatch) -> Version:
        """Return the present version if it is one that the caller expects."""
        newest = self._newest(change)
        if if_match is not None and not {"*", newest.content} & set(if_match):
            raise ApiError(
                412,
                f"The weights are another version now, number {newest.number}; fetch them and "
                "try again.",
            )
        return newest

    def _judged(self, network: Network, origin: str) -> Draft:
        validation = self._validation()[:VALIDATION_LIMIT]
        evaluation = ClassificationMetrics(network.classes)
        for start in range(0, len(validation), EVALUATION_CHUNK):
            part = validation[start : start + EVALUATION_CHUNK]
            evaluation.evaluate(network, to_float(part.images), part.labels)
        if not np.isfinite(evaluation.loss):
            raise ApiError(
                422, "With these weights the net's answers to digits are no numbers any more."
            )
        return Draft(network, origin, evaluation.accuracy, evaluation.loss)

    def _refuse_if_worse(self, draft: Draft, present: Version) -> None:
        margin = self._settings.accuracy_margin
        if draft.accuracy < present.accuracy - margin:
            raise ApiError(
                409,
                f"These weights read {100 * draft.accuracy:.1f} % of the validation digits, the "
                f"present ones {100 * present.accuracy:.1f} %; at most {100 * margin:g} points "
                "fewer are accepted.",
                details={
                    "accuracy": draft.accuracy,
                    "present_accuracy": present.accuracy,
                    "margin": margin,
                },
            )


def _limit_blas() -> None:
    """Products this small lose more to BLAS threads that wait for each other than they gain."""
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - takes a while, in the thread

    threadpool_limits(1, user_api="blas")
