"""The server's own network: readers see complete versions, changes are made one at a time.

Slow work runs in two threads, a writer and a reader, so that neither training nor a long response
blocks the event loop.
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
from dashboard.api.training import train_on_samples
from dashboard.api.weights_formats import write_weights
from dashboard.api.weights_store import Change, Draft, Version, WeightsStore
from dashboard.training.trainer import EVALUATION_CHUNK, VALIDATION_LIMIT
from data_cache import Samples, to_float
from nn import ClassificationMetrics, Network, load_pretrained

Result = TypeVar("Result")
IfMatch = list[str] | None
"""Content identifiers one of which the newest version must have; None: any version."""
PRETRAINED = "the pretrained model"
FAST_GZIP = 1


class WeightsService:
    """The versions of the server's network, and the operations on them.

    Parameters
    ----------
    settings
        The limits of the API.
    store
        Where the versions are stored.
    validation
        Returns the digits on which new weights are evaluated; called in a thread.
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
        self._responses: dict[tuple[str, str, bool], Future[bytes]] = {}

    # Reading

    async def current(self) -> Version:
        """Return the newest version; the very first is the pretrained model."""
        newest = self._store.newest()
        return await self._write(self._begin) if newest is None else newest

    async def serialized(self, version: Version, media_type: str, *, compress: bool) -> bytes:
        """Return the weights of the newest version in a media type, gzip-compressed or not.

        The bytes are cached until there is a newer version.
        """
        key = (version.content, media_type, compress)
        future = self._responses.get(key)
        if future is None:
            for old in [old for old in self._responses if old[0] != version.content]:
                del self._responses[old]
            future = self._responses[key] = self._reader.submit(
                self._serialize, version, media_type, compress
            )
        try:
            return await asyncio.shield(asyncio.wrap_future(future))
        except Exception:
            self._responses.pop(key, None)
            raise

    async def history(self) -> list[Version]:
        """Return the stored versions, the newest first."""
        await self.current()
        return self._store.versions()

    def _serialize(self, version: Version, media_type: str, compress: bool) -> bytes:
        content = write_weights(self._network(version.number), media_type)
        return gzip.compress(content, FAST_GZIP, mtime=0) if compress else content

    def _network(self, number: int) -> Network:
        try:
            return self._store.network(number)
        except KeyError:
            raise ApiError(
                409, "The weights were replaced in the meantime; repeat the request."
            ) from None

    # Changes

    async def replace(self, read: Callable[[], Network], if_match: IfMatch) -> Version:
        """Replace the weights, unless their accuracy is much lower than the present one.

        `read` returns the network; it is called in the writer thread.
        """
        return await self._write(lambda: self._replace(read(), if_match))

    async def train(
        self,
        read: Callable[[], tuple[NDArray[np.float32], NDArray[np.intp]]],
        if_match: IfMatch,
    ) -> tuple[float, Version]:
        """Train on the samples that `read` returns; return their loss before, and the version."""
        return await self._write(lambda: self._train(*read(), if_match))

    async def reset(self, if_match: IfMatch) -> Version:
        """Restore the pretrained model."""
        return await self._write(lambda: self._reset(if_match))

    async def restore(self, number: int, if_match: IfMatch) -> Version:
        """Make an earlier version the newest again; raise ApiError 404 if it is not stored."""
        return await self._write(lambda: self._restore(number, if_match))

    async def in_reader(self, function: Callable[[], Result]) -> Result:
        """Run slow read-only work in the reader thread."""
        return await asyncio.get_running_loop().run_in_executor(self._reader, function)

    def close(self) -> None:
        """Shut down the threads after their current work, and close the store."""
        self._writer.shutdown(cancel_futures=True)
        self._reader.shutdown(cancel_futures=True)
        self._store.close()

    async def _write(self, job: Callable[[], Result]) -> Result:
        if self._waiting >= self._settings.writes_waiting:
            raise ApiError(
                429,
                f"{self._waiting} changes are waiting already; try again in a second.",
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
        return newest or change.add(self._evaluated(load_pretrained(), PRETRAINED))

    def _replace(self, network: Network, if_match: IfMatch) -> Version:
        draft = self._evaluated(network, "uploaded")
        with self._store.change() as change:
            self._refuse_if_worse(draft, self._check_match(change, if_match))
            return change.add(draft)

    def _train(
        self, images: NDArray[np.float32], labels: NDArray[np.intp], if_match: IfMatch
    ) -> tuple[float, Version]:
        with self._store.change() as change:
            version = self._check_match(change, if_match)
            if not len(labels):
                return 0.0, version
            network = change.network(version.number)
            loss = train_on_samples(
                network,
                images,
                labels,
                learning_rate=self._settings.learning_rate,
                batch_size=self._settings.batch_size,
            )
            samples = "1 sample" if len(labels) == 1 else f"{len(labels):,} samples"
            draft = self._evaluated(network, f"version {version.number} and {samples}")
            self._refuse_if_worse(draft, version)
            return loss, change.add(draft)

    def _reset(self, if_match: IfMatch) -> Version:
        draft = self._evaluated(load_pretrained(), PRETRAINED)
        with self._store.change() as change:
            self._check_match(change, if_match)
            return change.add(draft)

    def _restore(self, number: int, if_match: IfMatch) -> Version:
        with self._store.change() as change:
            self._check_match(change, if_match)
            kept = {version.number: version for version in change.versions()}
            old = kept.get(number)
            if old is None:
                raise ApiError(
                    404,
                    f"Expected a stored version from {min(kept)} to {max(kept)}, found {number}.",
                )
            draft = Draft(change.network(number), f"version {number}", old.accuracy, old.loss)
            return change.add(draft)

    def _check_match(self, change: Change, if_match: IfMatch) -> Version:
        """Return the newest version; raise ApiError 412 unless If-Match allows it."""
        newest = self._newest(change)
        if if_match is not None and not {"*", newest.content} & set(if_match):
            raise ApiError(
                412,
                f"The newest version of the weights is now number {newest.number}; fetch it and "
                "repeat the request.",
            )
        return newest

    def _evaluated(self, network: Network, origin: str) -> Draft:
        validation = self._validation()[:VALIDATION_LIMIT]
        evaluation = ClassificationMetrics(network.classes)
        for start in range(0, len(validation), EVALUATION_CHUNK):
            part = validation[start : start + EVALUATION_CHUNK]
            evaluation.evaluate(network, to_float(part.images), part.labels)
        if not np.isfinite(evaluation.loss):
            raise ApiError(
                422, "With these weights the loss on the validation digits is NaN or infinite."
            )
        return Draft(network, origin, evaluation.accuracy, evaluation.loss)

    def _refuse_if_worse(self, draft: Draft, present: Version) -> None:
        margin = self._settings.accuracy_margin
        if draft.accuracy < present.accuracy - margin:
            raise ApiError(
                409,
                f"Expected a validation accuracy at most {100 * margin:g} points below the present "
                f"{100 * present.accuracy:.1f} %, found {100 * draft.accuracy:.1f} %.",
                details={
                    "accuracy": draft.accuracy,
                    "present_accuracy": present.accuracy,
                    "margin": margin,
                },
            )


def _limit_blas() -> None:
    """Use one BLAS thread: small products lose more to synchronization than they gain."""
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - slow to import

    threadpool_limits(1, user_api="blas")
