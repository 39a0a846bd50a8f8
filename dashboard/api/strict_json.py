"""Reads JSON from strangers: strictly, and without letting a small body become a large memory.

Python's reader takes NaN, lets a later key overwrite an earlier one, and builds millions of lists
from a few megabytes; all of that is refused here.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from dashboard.api.errors import ApiError

MAX_PIECES = 200_000
"""Brackets, braces and quotation marks: a picture takes eight, the widest net some 33,000."""


def read_json(body: bytes) -> Any:
    """Parse a body.

    Raises
    ------
    ApiError
        400 when it is no JSON; 422 when it is JSON that is nested too deeply or says a thing twice.
    """
    if not body.strip():
        raise ApiError(400, "A JSON body was expected, but the body is empty.")
    if sum(body.count(mark) for mark in (b"[", b"{", b'"')) > MAX_PIECES:
        raise ApiError(
            422, f"The JSON has more than {MAX_PIECES:,} lists, objects and texts in it."
        )
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ApiError(
            400, f"JSON in UTF-8 was expected, but byte {error.start:,} is not UTF-8."
        ) from error
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_no_key_twice)
    except RecursionError as error:
        raise ApiError(422, "The JSON is nested too deeply.") from error
    except json.JSONDecodeError as error:
        raise ApiError(
            400, f"Whole JSON was expected, but at character {error.pos:,} it is not: {error.msg}."
        ) from error
    except ValueError as error:  # a whole number of thousands of digits
        raise ApiError(422, f"A number in the JSON cannot be used: {error}.") from error


def _refuse_constant(text: str) -> NoReturn:
    raise ApiError(400, f"Whole JSON was expected, and {text} is not a number in JSON.")


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ApiError(422, f"The JSON says “{twice[:40]}” twice in one object.")
    return found
