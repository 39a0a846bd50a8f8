"""Access from a served page to the weights of the server process that serves it.

The same access rules apply as to HTTP requests: changes need the token, typed into the page, unless
the API is open.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from dashboard.api.access import check_change
from dashboard.api.errors import ApiError
from dashboard.api.limits import RateLimit
from dashboard.api.server import Server
from dashboard.api.weights_formats import read_weights
from dashboard.api.weights_store import StoreError, Version, version_record
from dashboard.digits.server_weights import NPZ, ServerWeightsError, WeightsVersion, read_version
from dashboard.languages.text import gettext

Result = TypeVar("Result")


class LocalServerWeights:
    """The weights of this server process, as a `ServerWeights`.

    Parameters
    ----------
    server
        The API's services of this process.
    address
        Of the visitor; its page counts against the same rates as its requests.
    """

    name = "this server"

    def __init__(self, server: Server, address: str = "") -> None:
        self._server = server
        self._address = address

    async def fetch(self) -> tuple[bytes, int]:
        """Return the weights as `.npz`, and the number of their version."""
        self._count(self._server.reads)
        version = await _translate_errors(self._server.weights.current())
        content = self._server.weights.serialized(version, NPZ, compress=False)
        return await _translate_errors(content), version.number

    async def send(self, weights: bytes, token: str) -> WeightsVersion:
        """Replace the weights with those of an `.npz` file."""
        self._check(token)
        limit = self._server.settings.body_bytes
        if len(weights) > limit:
            raise ServerWeightsError(
                gettext(
                    "Expected weights of at most {limit:,} bytes, found {count:,}.",
                    limit=limit,
                    count=len(weights),
                )
            )
        return await self._changed(
            self._server.weights.replace(lambda: read_weights(weights, NPZ, limit), None)
        )

    async def reset(self, token: str) -> WeightsVersion:
        """Restore the pretrained model."""
        self._check(token)
        return await self._changed(self._server.weights.reset(None))

    async def versions(self) -> list[WeightsVersion]:
        """Return the stored versions, the newest first."""
        return [
            _to_version(version)
            for version in await _translate_errors(self._server.weights.history())
        ]

    async def restore(self, number: int, token: str) -> WeightsVersion:
        """Make an earlier version the newest again."""
        self._check(token)
        return await self._changed(self._server.weights.restore(number, None))

    def _count(self, limit: RateLimit) -> None:
        wait = limit.take(self._address)
        if wait:
            raise ServerWeightsError(
                gettext(
                    "Too many requests from this address; try again in {wait:.0f} s.",
                    wait=max(wait, 1),
                )
            )

    def _check(self, token: str) -> None:
        self._count(self._server.writes)
        try:
            given = f"Bearer {token}" if token else None
            check_change(self._server.settings, given)
        except ApiError as error:
            sentence = error.sentence
            if error.status == 401:
                sentence = gettext(
                    "Changes need the server's token; type it into the field “Token”."
                )
            raise ServerWeightsError(sentence) from error

    async def _changed(self, change: Awaitable[Version]) -> WeightsVersion:
        return _to_version(await _translate_errors(change))


def _to_version(version: Version) -> WeightsVersion:
    return read_version(version_record(version))


async def _translate_errors(work: Awaitable[Result]) -> Result:
    """Await API work; raise its errors as `ServerWeightsError` with the same message."""
    try:
        return await work
    except ApiError as error:
        raise ServerWeightsError(error.sentence) from error
    except StoreError as error:
        raise ServerWeightsError(str(error)) from error
