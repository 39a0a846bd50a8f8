"""The addresses that tell about the API itself: what there is, whether it is well, its document."""

from __future__ import annotations

import importlib.metadata
from typing import TYPE_CHECKING

from dashboard.api.errors import ApiError
from dashboard.api.handler import ApiHandler
from data_cache import DATA_SETS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.api.operation import Route


class AboutHandler(ApiHandler):
    """`GET /api`."""

    async def on_get(self) -> None:
        """Say what this is."""
        card = DATA_SETS[self.server.settings.data_set]
        base = self.request.path.rstrip("/")
        names = ("data", "datablock", "manifest", "weights", "weights/history", "health")
        self.send_json(
            {
                "name": "Inkling",
                "version": importlib.metadata.version("inkling"),
                "data_set": {
                    "name": card.name,
                    "title": card.title,
                    "class_names": list(card.class_names),
                    "counts": dict(zip(("train", "validation", "test"), card.counts, strict=True)),
                },
                "block_size": self.server.settings.block_size,
                "links": {name: f"{base}/{name}" for name in (*names, "openapi.json")},
            }
        )


class HealthHandler(ApiHandler):
    """`GET /api/health`."""

    async def on_get(self) -> None:
        """Say that the server answers and its weights can be read."""
        version = await self.server.weights.current()
        self.send_json({"status": "ok", "version": version.number})


class DocumentHandler(ApiHandler):
    """`GET /api/openapi.json`."""

    async def on_get(self) -> None:
        """Send the document that says all this."""
        from dashboard.api.openapi import document  # noqa: PLC0415 - it is made of the table that holds this
        from dashboard.api.routes import ROUTE_TABLE  # noqa: PLC0415

        routes: Sequence[Route] = [route for route, _ in ROUTE_TABLE]
        self.send_json(document(routes, self.request.path.removesuffix("/api/openapi.json")))


class NothingHandler(ApiHandler):
    """Every other address under `/api`: the base class refuses it."""

    async def on_options(self, *_arguments: str) -> None:
        """Refuse this too."""
        raise ApiError(404, "There is nothing at this address.")
