"""The server's own network: readers see complete versions, changes are made one at a time.

Slow work runs in two threads, a writer and a reader, so that neither training nor a long response
blocks the event loop.
"""

from __future__ import annotations

import asyncio
import gzip
import math
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dashboard.api.errors import ApiError
from dashboard.api.settings import ApiSettings
from dashboard.api.weights_formats import write_weights
from dashboard.api.weights_store import Change, Draft, Version, WeightsStore
from dashboard.blas import limit_blas_threads
from data_cache import Samples
from nn import ClassificationMetrics, Network, TrainingStep, create_optimizer, load_pretrained

Result = TypeVar("Result")
IfMatch = list[str] | None
"""Content identifiers one of which the newest version must have; None: any version."""
PRETRAINED = "the pretrained model"
FAST_GZIP = 1
VALIDATION_SAMPLES = 1000
"""Digits on which new weights are evaluated: always the first ones of the validation split."""


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
        self._writer = ThreadPoolExecutor(1, "inkling-api-write", initializer=limit_blas_threads)
        self._reader = ThreadPoolExecutor(1, "inkling-api-read", initializer=limit_blas_threads)
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
        """Replace the weights, unless their accuracy is much lower than that of the best version.

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
            self._check_match(change, if_match)
            self._check_accuracy(draft, change.best())
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
            self._check_accuracy(draft, change.best())
            return loss, change.add(draft)

    def _reset(self, if_match: IfMatch) -> Version:
        draft = self._evaluated(load_pretrained(), PRETRAINED)
        with self._store.change() as change:
            self._check_match(change, if_match)
            return change.add(draft)

    def _restore(self, number: int, if_match: IfMatch) -> Version:
        with self._store.change() as change:
            self._check_match(change, if_match)
            stored = {version.number: version for version in change.versions()}
            old = stored.get(number)
            if old is None:
                raise ApiError(
                    404,
                    f"Expected a stored version from {min(stored)} to {max(stored)}, "
                    f"found {number}.",
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
        validation = self._validation()[:VALIDATION_SAMPLES]
        evaluation = ClassificationMetrics(network.classes)
        evaluation.evaluate(network, validation.images, validation.labels)
        if not math.isfinite(evaluation.loss):
            raise ApiError(
                422, "With these weights the loss on the validation digits is NaN or infinite."
            )
        return Draft(network, origin, evaluation.accuracy, evaluation.loss)

    def _check_accuracy(self, draft: Draft, best: Version) -> None:
        """Raise ApiError 409 if a draft is much worse than the best stored version.

        Compared with the present one only, the weights could get worse step by step.
        """
        margin = self._settings.accuracy_margin
        if draft.accuracy < best.accuracy - margin:
            raise ApiError(
                409,
                f"Expected a validation accuracy at most {100 * margin:g} points below the "
                f"{100 * best.accuracy:.1f} % of the best stored version, number {best.number}; "
                f"found {100 * draft.accuracy:.1f} %.",
                details={
                    "accuracy": draft.accuracy,
                    "best_accuracy": best.accuracy,
                    "margin": margin,
                },
            )


def train_on_samples(
    network: Network,
    images: NDArray[np.float32],
    labels: NDArray[np.intp],
    *,
    learning_rate: float,
    batch_size: int,
) -> float:
    """Train a network in place for one pass over the samples.

    Parameters
    ----------
    network
        Changed in place; to be discarded after an error.
    images
        (n, 784) float32 in [0, 1].
    labels
        (n,) integers below the number of classes.
    learning_rate, batch_size
        Of the gradient descent.

    Returns
    -------
    float
        The mean loss of the samples, each before the step on its batch.

    Raises
    ------
    ApiError
        422 if weights or loss become NaN or infinite.
    """
    step = TrainingStep(network, create_optimizer("sgd", network.parameters()))
    total = 0.0
    for start in range(0, len(labels), batch_size):
        part = slice(start, start + batch_size)
        total += step(images[part], labels[part], learning_rate).loss * len(labels[part])
    finite = all(np.isfinite(parameter).all() for parameter in network.parameters())
    if not (finite and math.isfinite(total)):
        raise ApiError(
            422,
            "Training on these samples makes the weights NaN or infinite; nothing was changed.",
        )
    return total / len(labels)
