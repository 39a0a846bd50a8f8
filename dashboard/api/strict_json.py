"""Parses untrusted JSON strictly and with bounded memory.

Python's parser accepts NaN and repeated keys, and builds millions of lists from a few megabytes;
all of that is refused here.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, NoReturn

from dashboard.api.errors import ApiError

MAX_TOKENS = 200_000
"""Brackets, braces and quotation marks: a sample has eight, the widest network some 33,000."""


def read_json(body: bytes) -> Any:
    """Return the parsed JSON of a request body.

    Raises
    ------
    ApiError
        400 if it is not JSON; 422 if it is nested too deeply, has repeated keys or too many tokens.
    """
    if not body.strip():
        raise ApiError(400, "Expected a JSON body, found an empty one.")
    if sum(body.count(mark) for mark in (b"[", b"{", b'"')) > MAX_TOKENS:
        raise ApiError(
            422, f"Expected JSON with at most {MAX_TOKENS:,} brackets, braces and quotation marks."
        )
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ApiError(
            400, f"Expected JSON in UTF-8, found another encoding at byte {error.start:,}."
        ) from error
    try:
        return json.loads(
            text, parse_constant=_refuse_constant, object_pairs_hook=_refuse_repeated_keys
        )
    except RecursionError as error:
        raise ApiError(
            422, "Expected JSON of moderate depth, found too many nested levels."
        ) from error
    except json.JSONDecodeError as error:
        raise ApiError(
            400, f"Expected valid JSON, found an error at character {error.pos:,}: {error.msg}."
        ) from error
    except ValueError as error:  # an integer of thousands of digits
        raise ApiError(422, f"Expected numbers of usual size in the JSON: {error}.") from error


def _refuse_constant(text: str) -> NoReturn:
    raise ApiError(400, f"Expected valid JSON, found {text}, which is not a JSON number.")


def _refuse_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(key for key, _ in pairs)  # linear, for bodies with thousands of keys
        repeated = next(key for key, count in counts.items() if count > 1)
        raise ApiError(422, f"Expected unique keys in each object, found “{repeated[:40]}” twice.")
    return found
