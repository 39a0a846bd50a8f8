"""Records that describe the routes of the API and their operations.

The handlers validate requests by them and the OpenAPI document is generated from them, so that the
two cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.api.errors import ApiError

JSON = "application/json"
ANY_FILE = "application/octet-stream"
MAX_INTEGER = 2**53 - 1
Schema = Mapping[str, Any]
WRITE_ONLY_HEADERS = ("ETag", "Inkling-Version")


@dataclass(frozen=True)
class Parameter:
    """A query parameter: an integer from 0 to `maximum`, or one of `choices`."""

    name: str
    description: str
    maximum: int = MAX_INTEGER
    choices: tuple[str, ...] = ()

    def read(self, text: str) -> int | str:
        """Return the parsed value; raise ApiError 400 if it is invalid."""
        if self.choices:
            if text not in self.choices:
                raise ApiError(
                    400,
                    f"Expected one of {', '.join(self.choices)} as “{self.name}”, "
                    f"found “{text[:24]}”.",
                )
            return text
        if not (text.isascii() and text.isdigit() and int(text[:20]) <= self.maximum):
            raise ApiError(
                400,
                f"Expected an integer from 0 to {self.maximum:,} as “{self.name}”, "
                f"found “{text[:24]}”.",
            )
        return int(text[:20])

    def schema(self) -> Schema:
        """Return the JSON Schema of the value."""
        if self.choices:
            return {"type": "string", "enum": list(self.choices)}
        return {"type": "integer", "minimum": 0, "maximum": self.maximum}


@dataclass(frozen=True)
class Operation:
    """One method of one route.

    Attributes
    ----------
    summary, description
        Texts of the OpenAPI document.
    response
        Description of the response with status 200.
    response_types
        The schema of the response for each media type.
    request_types
        The schema of the request body for each media type; empty: no body.
    example
        An example of a JSON body.
    parameters
        Query parameters.
    statuses
        Error statuses beyond those that every operation of the kind has.
    changes_weights
        Whether it changes the weights: it then needs the token, and accepts If-Match.
    is_file
        Whether the response is a file, which is cheap and exempt from the rate limit.
    has_tag
        Whether the response has an entity tag.
    has_small_body
        Whether the body is limited to a few kilobytes.
    takes_any_type
        Whether the first bytes of the body tell what it is, whatever its media type is.
    """

    summary: str
    description: str
    response: str
    response_types: Mapping[str, Schema]
    request_types: Mapping[str, Schema] = field(default_factory=dict)
    example: Any = None
    parameters: tuple[Parameter, ...] = ()
    statuses: tuple[int, ...] = ()
    changes_weights: bool = False
    is_file: bool = False
    has_tag: bool = False
    has_small_body: bool = False
    takes_any_type: bool = False

    def error_statuses(self) -> list[int]:
        """Return all error statuses of the operation."""
        found = {400, 403, 406, 503, *self.statuses}
        if not self.is_file:
            found.add(429)
        if self.request_types:
            found |= {408, 413, 415, 422}
        if self.changes_weights:
            found |= {401, 409, 412, 422}
        return sorted(found)


@dataclass(frozen=True)
class PathParameter:
    """The path parameter of a route."""

    name: str
    description: str
    schema: Schema


@dataclass(frozen=True)
class Route:
    """A path with its operations; `path` may contain one parameter in braces."""

    path: str
    operations: Mapping[str, Operation]
    path_parameter: PathParameter | None = None

    @property
    def methods(self) -> list[str]:
        """All supported methods, including HEAD and OPTIONS."""
        head = ["HEAD"] if "GET" in self.operations else []
        return sorted([*self.operations, *head, "OPTIONS"])

    def operation(self, method: str) -> Operation | None:
        """Return the operation of a method, or None; HEAD has that of GET."""
        return self.operations.get("GET" if method == "HEAD" else method)
