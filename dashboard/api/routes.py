"""The table of routes: paths, operations and handlers.

Tornado's routes and the OpenAPI document are both generated from it.
"""

from __future__ import annotations

from typing import Any

from dashboard.api import about_handlers, data_handlers, weights_handlers
from dashboard.api.handler import ApiHandler
from dashboard.api.json_payloads import CLASSES
from dashboard.api.openapi import BYTES, COUNT, document, named
from dashboard.api.operation import (
    ANY_FILE,
    JSON,
    Operation,
    Parameter,
    PathParameter,
    Route,
    Schema,
)
from dashboard.api.server import Server
from dashboard.api.weights_formats import NPZ, S0, S4
from data_cache import PARTS

_WEIGHTS: dict[str, Schema] = {S0: named("Weights"), S4: named("FlatWeights"), NPZ: BYTES}
SAMPLE_FILES = ("text/csv", NPZ, ANY_FILE)
"""Media types of files of samples."""
_VERSION = {JSON: named("Version")}
_SPLIT = Parameter("split", "The split of the data set; default “train”.", choices=PARTS)
_LABEL = Parameter("label", "Only samples of this digit.", CLASSES - 1)
_SEED = Parameter("seed", "The same seed gives the same random samples.")
_INDEX = Parameter("index", "The index of the sample in its split.")

_ABOUT = Operation(
    "Overview",
    "Names the app, its version, its data set, and the other routes.",
    "The app, its data set and links.",
    {JSON: named("About")},
)
_HEALTH = Operation(
    "Health check",
    "Succeeds if the server responds and its weights are readable.",
    "The server is healthy.",
    {JSON: named("Health")},
    parameters=(
        Parameter(
            "check",
            "With “ready” the response is 503 while there is no room for another visitor.",
            choices=("live", "ready"),
        ),
    ),
)
_METRICS = Operation(
    "Metrics",
    "Sessions, training, times, refusals and memory in the text format of Prometheus. Also at "
    "`/metrics`.",
    "The metrics.",
    {"text/plain": {"type": "string"}},
    statuses=(501,),
)
_DOCUMENT = Operation(
    "This document",
    "The description of the API, generated from the table of routes.",
    "The OpenAPI document.",
    {JSON: named("Document")},
)
_DATA = Operation(
    "One sample",
    "A random sample, or the one at `index`; `label` restricts it to one digit.",
    "A list with one sample.",
    {JSON: named("Samples")},
    parameters=(_INDEX, _LABEL, _SPLIT, _SEED),
    statuses=(404,),
)
_DATABLOCK = Operation(
    "Many samples",
    "`block` random samples, without replacement while there are enough.",
    "The samples.",
    {JSON: named("Samples")},
    request_types={JSON: named("BlockSize")},
    example={"block": 2},
    parameters=(_LABEL, _SPLIT, _SEED),
    statuses=(404,),
    has_small_body=True,
)
_MANIFEST = Operation(
    "The manifest of the blocks",
    "The same bytes as `data/manifest.json` of the static site; paths in it are relative.",
    "The manifest.",
    {JSON: named("Manifest")},
    is_file=True,
    has_tag=True,
)
_BLOCK = Operation(
    "One block of samples",
    "The same bytes as the static site has: gzip-compressed, in the layout of `data_cache`.",
    "The block.",
    {"application/gzip": BYTES},
    statuses=(404,),
    is_file=True,
    has_tag=True,
)
_GET_WEIGHTS = Operation(
    "The server's weights",
    "As nested lists unless Accept names another media type. Biases are in `biases`, next to "
    "`weights`.",
    "The weights.",
    _WEIGHTS,
    has_tag=True,
)
_POST_WEIGHTS = Operation(
    "Replace the weights",
    "The first bytes of the body tell its format: every media type of GET, safetensors, and the "
    "files of PyTorch and Keras that the page reads; its Content-Type may be any. "
    "Nested lists without `biases` are a network without biases. Weights whose validation accuracy "
    "is much lower than that of the best stored version are rejected with 409 and both accuracies.",
    "The version that is now the newest.",
    _VERSION,
    request_types={**_WEIGHTS, ANY_FILE: BYTES},
    changes_weights=True,
    takes_any_type=True,
)
_PATCH_WEIGHTS = Operation(
    "Train on samples",
    "One pass of plain gradient descent over the samples, in their order. Without If-Match it "
    "starts from the version that is the newest when the request is processed. A file of labelled "
    "samples, such as a table or a .npz archive, is recognised by its first bytes.",
    "The mean loss of the samples before the steps on them, 0 without samples; and what is "
    "implausible about them, such as labels that count from 1, if anything is.",
    {JSON: named("Loss")},
    request_types={JSON: named("Samples"), **dict.fromkeys(SAMPLE_FILES, BYTES)},
    example={"data": [{"target": 7, "image": [0.0] * 784}]},
    changes_weights=True,
)
_DELETE_WEIGHTS = Operation(
    "Restore the pretrained model",
    "The previous weights stay in the history.",
    "The version that is now the newest.",
    _VERSION,
    changes_weights=True,
)
_HISTORY = Operation(
    "The stored versions",
    "The newest first.",
    "The versions.",
    {JSON: named("History")},
)
_RESTORE = Operation(
    "Restore a version",
    "Makes the weights of an earlier version the newest again, under a new number.",
    "The version that is now the newest.",
    _VERSION,
    statuses=(404,),
    changes_weights=True,
)


class DocumentHandler(ApiHandler):
    """`GET /api/openapi.json`."""

    async def on_get(self) -> None:
        """Send the OpenAPI document of the table of routes."""
        routes = [route for route, _ in ROUTE_TABLE]
        self.send_json(document(routes))


ROUTE_TABLE: tuple[tuple[Route, type[ApiHandler]], ...] = (
    (Route("/api", {"GET": _ABOUT}), about_handlers.AboutHandler),
    (Route("/api/health", {"GET": _HEALTH}), about_handlers.HealthHandler),
    (Route("/api/metrics", {"GET": _METRICS}), about_handlers.MetricsHandler),
    (Route("/api/openapi.json", {"GET": _DOCUMENT}), DocumentHandler),
    (Route("/api/data", {"GET": _DATA}), data_handlers.DataHandler),
    (Route("/api/datablock", {"POST": _DATABLOCK}), data_handlers.DatablockHandler),
    (Route("/api/manifest", {"GET": _MANIFEST}), data_handlers.ManifestHandler),
    (
        Route(
            "/api/blocks/{i}",
            {"GET": _BLOCK},
            PathParameter("i", "The number of the block, or its name in the manifest.", COUNT),
        ),
        data_handlers.BlockHandler,
    ),
    (
        Route(
            "/api/weights",
            {
                "GET": _GET_WEIGHTS,
                "POST": _POST_WEIGHTS,
                "PATCH": _PATCH_WEIGHTS,
                "DELETE": _DELETE_WEIGHTS,
            },
        ),
        weights_handlers.WeightsHandler,
    ),
    (Route("/api/weights/history", {"GET": _HISTORY}), weights_handlers.HistoryHandler),
    (
        Route(
            "/api/weights/restore/{version}",
            {"POST": _RESTORE},
            PathParameter("version", "A number from the history.", {**COUNT, "minimum": 1}),
        ),
        weights_handlers.RestoreHandler,
    ),
)


def tornado_routes(server: Server) -> list[tuple[Any, ...]]:
    """Return Tornado's routes for one server process."""
    routes = [
        (_pattern(route.path), handler, handler_arguments(server, route))
        for route, handler in ROUTE_TABLE
    ]
    unknown = Route("/api/", {})
    metrics = Route("/metrics", {"GET": _METRICS})
    return [
        *routes,
        ("", about_handlers.PrefixHandler),
        ("/metrics", about_handlers.MetricsHandler, handler_arguments(server, metrics)),
        (r"/api/.*", about_handlers.UnknownRouteHandler, handler_arguments(server, unknown)),
    ]


def handler_arguments(server: Server, route: Route) -> dict[str, Any]:
    """Return the arguments of `ApiHandler.initialize`."""
    return {"server": server, "route": route}


def _pattern(path: str) -> str:
    start, brace, _ = path.partition("{")
    if brace:
        return f"{start}([^/]+)"
    return f"{path}/?" if path == "/api" else path
