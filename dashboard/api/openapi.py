"""Generates the OpenAPI document from the table of routes."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from typing import Any

from dashboard.api.operation import JSON, Operation, Parameter, Route
from dashboard.api.schemas import COUNT, SCHEMAS, TEXT, named

REFUSALS = {
    400: "The request is malformed.",
    401: "The token is missing or wrong.",
    403: "Not allowed from this host name, origin or machine.",
    404: "Not found.",
    405: "The route does not support this method.",
    406: "The response has none of the media types in Accept.",
    408: "The body did not arrive in time.",
    409: "The accuracy of the new weights is much lower than that of the present ones.",
    412: "The weights are another version than If-Match says.",
    413: "The body is too large, before or after decompression.",
    415: "The body has an unsupported media type or content encoding.",
    422: "The body is well-formed, but its content is invalid.",
    429: "Too many requests at once.",
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


def document(routes: Sequence[Route], prefix: str) -> dict[str, Any]:
    """Return the OpenAPI document; `prefix` precedes `/api` in the server's URLs."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Inkling",
            "version": importlib.metadata.version("inkling"),
            "description": "Samples, blocks and weights of a neural-net laboratory. Every refusal "
            "is JSON with a message.",
        },
        "servers": [{"url": prefix or "/"}],
        "paths": {route.path: _path(route) for route in routes},
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "INKLING_TOKEN of the server. If none is set, changes are "
                    "accepted only from the server's own machine.",
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
    if operation.takes:
        described["requestBody"] = {"required": True, "content": _bodies(operation)}
    if operation.changes:
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
    bodies: dict[str, Any] = {kind: {"schema": s} for kind, s in operation.takes.items()}
    if operation.example is not None:
        bodies[JSON]["example"] = operation.example
    return bodies


def _responses(operation: Operation) -> dict[str, Any]:
    headers = _TAG if operation.has_tag else {}
    if operation.changes:
        headers = _TAG | _NUMBER
    content = {kind: {"schema": schema} for kind, schema in operation.gives.items()}
    responses: dict[str, Any] = {
        "200": {"description": operation.answer, "headers": headers, "content": content}
    }
    if operation.has_tag:
        responses["304"] = {"description": "Not modified.", "headers": _TAG}
    for status in operation.refusals():
        schema = named("WorseWeights" if status == 409 else "Error")
        responses[str(status)] = {
            "description": REFUSALS[status],
            "headers": _EXTRA_HEADERS.get(status, {}),
            "content": {JSON: {"schema": schema}},
        }
    return responses
