"""Handlers that describe the API itself: overview, health and OpenAPI document."""

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
        """Describe the app, its data set and its routes."""
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
        """Report that the server responds and its weights are readable."""
        version = await self.server.weights.current()
        self.send_json({"status": "ok", "version": version.number})


class DocumentHandler(ApiHandler):
    """`GET /api/openapi.json`."""

    async def on_get(self) -> None:
        """Send the OpenAPI document."""
        from dashboard.api.openapi import document  # noqa: PLC0415 - the route table imports this module
        from dashboard.api.routes import ROUTE_TABLE  # noqa: PLC0415

        routes: Sequence[Route] = [route for route, _ in ROUTE_TABLE]
        self.send_json(document(routes, self.request.path.removesuffix("/api/openapi.json")))


class UnknownRouteHandler(ApiHandler):
    """Every other path under `/api`: refused by the base class."""

    async def on_options(self, *_arguments: str) -> None:
        """Refuse OPTIONS too."""
        raise ApiError(404, "There is no such route; GET /api lists the routes.")
