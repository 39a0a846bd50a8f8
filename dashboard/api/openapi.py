"""The OpenAPI document of the API: JSON Schemas of all payloads, and a description of each route.

It is generated from the table of routes by which requests are validated.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from typing import Any

from dashboard.api.json_payloads import CLASSES
from dashboard.api.operation import JSON, Operation, Parameter, Route, Schema
from data_cache.samples import PIXELS
from nn import ACTIVATIONS

NUMBER: Schema = {"type": "number"}
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
COUNT: Schema = {"type": "integer", "minimum": 0}
TEXT: Schema = {"type": "string"}
BYTES: Schema = {"type": "string", "format": "binary"}


def record(
    properties: dict[str, Schema], *, optional: tuple[str, ...] = (), open_: bool = False
) -> Schema:
    """Return the schema of an object; `open_` allows additional properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": open_,
    }


def items(schema: Schema, **bounds: Any) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": schema, **bounds}


def named(name: str) -> Schema:
    """Return a reference to a schema in `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


_NAMES: Schema = {
    "type": "string",
    "enum": list(ACTIVATIONS),
}

SCHEMAS: dict[str, Schema] = {
    "Sample": record(
        {
            "target": {"type": "integer", "minimum": 0, "maximum": CLASSES - 1},
            "image": items(SHARE, minItems=PIXELS, maxItems=PIXELS),
        }
    ),
    "Samples": record({"data": items(named("Sample"))}),
    "BlockSize": record({"block": {"type": "integer", "minimum": 1}}),
    "Weights": record(
        {
            "weights": items(items(items(NUMBER, minItems=1), minItems=1), minItems=1),
            "biases": items(items(NUMBER, minItems=1), minItems=1),
            "activation": _NAMES,
        },
        optional=("biases", "activation"),
    ),
    "FlatWeights": {
        "type": "object",
        "properties": {
            "activation": _NAMES,
            "biases": {"type": "boolean"},
            "W0": items(NUMBER, minItems=1),
            "b0": items(NUMBER, minItems=1),
        },
        "required": ["W0", "b0"],
        "patternProperties": {r"^[Wb][0-9]+$": items(NUMBER, minItems=1)},
        "additionalProperties": False,
    },
    "Loss": record(
        {"loss": {"type": "number", "minimum": 0}, "warnings": items(TEXT)}, optional=("warnings",)
    ),
    "Version": record(
        {
            "version": {"type": "integer", "minimum": 1},
            "created": {"type": "string", "format": "date-time"},
            "origin": TEXT,
            "sizes": {"type": "string", "pattern": r"^[0-9]+(-[0-9]+)+$"},
            "accuracy": SHARE,
            "loss": {"type": "number", "minimum": 0},
            "content": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        }
    ),
    "History": record({"versions": items(named("Version"), minItems=1)}),
    "About": record(
        {
            "name": {"const": "Inkling"},
            "version": TEXT,
            "data_set": record(
                {
                    "name": TEXT,
                    "title": TEXT,
                    "class_names": items(TEXT),
                    "counts": record({"train": COUNT, "validation": COUNT, "test": COUNT}),
                }
            ),
            "block_size": {"type": "integer", "minimum": 1},
            "links": {"type": "object", "additionalProperties": TEXT},
        }
    ),
    "Health": record(
        {
            "status": {"const": "ok"},
            "version": {"type": "integer", "minimum": 1},
            "ready": {"type": "boolean"},
        }
    ),
    "BlockFile": record(
        {
            "path": TEXT,
            "count": COUNT,
            "bytes": COUNT,
            "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "unpacked_sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        }
    ),
    "Manifest": record(
        {
            "format": {"const": 1},
            "data_sets": items(
                record(
                    {
                        "name": TEXT,
                        "title": TEXT,
                        "class_names": items(TEXT),
                        "parts": {
                            "type": "object",
                            "additionalProperties": record(
                                {"count": COUNT, "blocks": items(named("BlockFile"))}
                            ),
                        },
                    }
                )
            ),
        }
    ),
    "Document": {"type": "object", "required": ["openapi", "info", "paths"]},
    "Error": record(
        {
            "error": {"type": "string", "minLength": 1},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "request": TEXT,
        },
        open_=True,
    ),
    "WorseWeights": record(
        {
            "error": {"type": "string", "minLength": 1},
            "status": {"const": 409},
            "request": TEXT,
            "accuracy": SHARE,
            "best_accuracy": SHARE,
            "margin": SHARE,
        }
    ),
}

ERRORS = {
    400: "The request is malformed.",
    401: "The token is missing or wrong.",
    403: "Not allowed from this host name, origin or machine.",
    404: "Not found.",
    405: "The route does not support this method.",
    406: "The response has none of the media types in Accept.",
    408: "The body did not arrive in time.",
    409: "The accuracy of the new weights is much lower than that of the present ones.",
    412: "The weights have another version than If-Match requires.",
    413: "The body is too large, before or after decompression.",
    415: "The body has an unsupported media type or content encoding.",
    422: "The body is well-formed, but its content is invalid.",
    429: "Too many requests.",
    501: "The server lacks a package for it.",
    503: "The server's weights cannot be read or written.",
}
_RETRY = {"Retry-After": {"description": "Seconds to wait.", "schema": COUNT}}
_TAG = {"ETag": {"description": "Identifies the content.", "schema": TEXT}}
_NUMBER = {"Inkling-Version": {"description": "The number of the version.", "schema": COUNT}}
_EXTRA_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"description": "The authentication scheme.", "schema": TEXT}},
    405: {"Allow": {"description": "The supported methods.", "schema": TEXT}},
    429: _RETRY,
}


def document(routes: Sequence[Route]) -> dict[str, Any]:
    """Return the OpenAPI document of `/api/openapi.json`.

    The address of the server is relative to it, and so is true behind every proxy.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Inkling",
            "version": importlib.metadata.version("inkling"),
            "description": "Samples, blocks and weights of a neural-net laboratory. Every error "
            "is JSON with a message.",
        },
        "servers": [{"url": ".."}],
        "paths": {route.path: _path(route) for route in routes},
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "INKLING_TOKEN of the server. Without one the weights "
                    "cannot be changed, unless the server was started with --open-api.",
                }
            },
        },
    }


def _path(route: Route) -> dict[str, Any]:
    methods = {m.lower(): _operation(route, m, o) for m, o in route.operations.items()}
    if "get" in methods:
        methods["head"] = _head(methods["get"])
    return methods


def _head(get: dict[str, Any]) -> dict[str, Any]:
    """Describe HEAD: the responses of GET without content."""
    responses = {
        status: {key: value for key, value in response.items() if key != "content"}
        for status, response in get["responses"].items()
    }
    return get | {
        "operationId": f"head{get['operationId'].removeprefix('get')}",
        "responses": responses,
    }


def _operation(route: Route, method: str, operation: Operation) -> dict[str, Any]:
    name = "".join(word.title() for word in route.path.replace("{", "").replace("}", "").split("/"))
    described: dict[str, Any] = {
        "operationId": f"{method.lower()}{name.replace('.', '')}",
        "summary": operation.summary,
        "description": operation.description,
        "parameters": _parameters(route, operation),
        "responses": _responses(operation),
    }
    if operation.request_types:
        described["requestBody"] = {"required": True, "content": _bodies(operation)}
    if operation.changes_weights:
        described["security"] = [{}, {"token": []}]
    return described


def _parameters(route: Route, operation: Operation) -> list[dict[str, Any]]:
    found = [_query_parameter(parameter) for parameter in operation.parameters]
    if route.path_parameter is not None:
        path = route.path_parameter
        found.append(
            {
                "name": path.name,
                "in": "path",
                "required": True,
                "description": path.description,
                "schema": path.schema,
            }
        )
    return found


def _query_parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": "query",
        "required": False,
        "description": parameter.description,
        "schema": parameter.schema(),
    }


def _bodies(operation: Operation) -> dict[str, Any]:
    bodies: dict[str, Any] = {kind: {"schema": s} for kind, s in operation.request_types.items()}
    if operation.example is not None:
        bodies[JSON]["example"] = operation.example
    return bodies


def _responses(operation: Operation) -> dict[str, Any]:
    headers = _TAG if operation.has_tag else {}
    if operation.changes_weights:
        headers = _TAG | _NUMBER
    content = {kind: {"schema": schema} for kind, schema in operation.response_types.items()}
    responses: dict[str, Any] = {
        "200": {"description": operation.response, "headers": headers, "content": content}
    }
    if operation.has_tag:
        responses["304"] = {"description": "Not modified.", "headers": _TAG}
    for status in operation.error_statuses():
        schema = named("WorseWeights" if status == 409 else "Error")
        responses[str(status)] = {
            "description": ERRORS[status],
            "headers": _EXTRA_HEADERS.get(status, {}),
            "content": {JSON: {"schema": schema}},
        }
    return responses
