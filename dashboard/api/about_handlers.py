"""Handlers that describe the API itself: overview, health, and unknown routes."""

from __future__ import annotations

import importlib.metadata

from tornado.web import RequestHandler

from dashboard.api.errors import ApiError
from dashboard.api.handler import ApiHandler
from data_cache import DATA_SETS


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
        """Report that the server responds, its weights are readable, and whether it has room.

        A server without room still answers its visitors, so it is live but not ready.
        """
        version = await self.server.weights.current()
        is_ready = self.server.visitors().has_room
        if self.query.get("check") == "ready" and not is_ready:
            raise ApiError(503, "All places for visitors of this server are taken.")
        self.send_json({"status": "ok", "version": version.number, "ready": is_ready})


class MetricsHandler(ApiHandler):
    """`GET /api/metrics` and `GET /metrics`."""

    async def on_get(self) -> None:
        """Send the numbers that Prometheus collects."""
        self.send(*self.server.metrics.text())


class PrefixHandler(RequestHandler):
    """The path of `--prefix` without a slash, which Panel's server does not know."""

    def get(self) -> None:
        """Redirect to the page, wherever a proxy has put it."""
        name = self.request.path.rpartition("/")[2]
        query = f"?{self.request.query}" if self.request.query else ""
        self.redirect(f"{name}/{query}")

    head = get


class UnknownRouteHandler(ApiHandler):
    """Every other path under `/api`; the base class responds with 404."""

    async def on_options(self, *_arguments: str) -> None:
        """Respond with 404 to OPTIONS too."""
        raise ApiError(404, "There is no such route; GET /api lists the routes.")
