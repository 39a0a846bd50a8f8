"""What one method of one address takes and gives, written down once.

The handlers read their rules here, and the OpenAPI document is made of the same records, so that
the two cannot part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.api.errors import ApiError

JSON = "application/json"
MAX_INTEGER = 2**53 - 1
Schema = Mapping[str, Any]
WRITE_ONLY_HEADERS = ("ETag", "Inkling-Version")


@dataclass(frozen=True)
class Parameter:
    """A parameter in the query: a whole number up to `maximum`, or one of `choices`."""

    name: str
    description: str
    maximum: int = MAX_INTEGER
    choices: tuple[str, ...] = ()

    def read(self, text: str) -> int | str:
        """Read the parameter; ApiError 400 when it cannot be used."""
        if self.choices:
            if text not in self.choices:
                raise ApiError(
                    400,
                    f"“{self.name}” is one of {', '.join(self.choices)}; found “{text[:24]}”.",
                )
            return text
        if not (text.isascii() and text.isdigit() and int(text[:20]) <= self.maximum):
            raise ApiError(
                400,
                f"“{self.name}” takes a whole number from 0 to {self.maximum:,}; "
                f"found “{text[:24]}”.",
            )
        return int(text[:20])

    def schema(self) -> Schema:
        """Return what it takes as JSON Schema."""
        if self.choices:
            return {"type": "string", "enum": list(self.choices)}
        return {"type": "integer", "minimum": 0, "maximum": self.maximum}


@dataclass(frozen=True)
class Operation:
    """One method of one address.

    Attributes
    ----------
    summary, description
        For people.
    answer
        What a status of 200 means.
    gives
        The schema of the answer for each media type that it may have.
    takes
        The schema of the body for each media type that it may have; empty: there is no body.
    example
        Of a JSON body.
    parameters
        Of the query.
    statuses
        Refusals beside those that every operation of the kind may answer with.
    changes
        Whether it changes the weights: it then needs the token, and takes If-Match.
    is_file
        Whether the answer is a file, which is cheap and not counted.
    has_tag
        Whether the answer has an entity tag.
    small
        Whether the body may have a few kilobytes alone.
    """

    summary: str
    description: str
    answer: str
    gives: Mapping[str, Schema]
    takes: Mapping[str, Schema] = field(default_factory=dict)
    example: Any = None
    parameters: tuple[Parameter, ...] = ()
    statuses: tuple[int, ...] = ()
    changes: bool = False
    is_file: bool = False
    has_tag: bool = False
    small: bool = False

    def refusals(self) -> list[int]:
        """Return every status that a refusal may have."""
        found = {400, 403, 406, 503, *self.statuses}
        if not self.is_file:
            found.add(429)
        if self.takes:
            found |= {408, 413, 415, 422}
        if self.changes:
            found |= {401, 409, 412, 422}
        return sorted(found)


@dataclass(frozen=True)
class PathParameter:
    """The part of an address in braces."""

    name: str
    description: str
    schema: Schema


@dataclass(frozen=True)
class Route:
    """An address with its methods; `path` may hold one parameter in braces."""

    path: str
    operations: Mapping[str, Operation]
    path_parameter: PathParameter | None = None

    @property
    def methods(self) -> list[str]:
        """All methods that are answered, HEAD and OPTIONS among them."""
        head = ["HEAD"] if "GET" in self.operations else []
        return sorted([*self.operations, *head, "OPTIONS"])

    def operation(self, method: str) -> Operation | None:
        """Return the rules of a method; HEAD has those of GET."""
        return self.operations.get("GET" if method == "HEAD" else method)
