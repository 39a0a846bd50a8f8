"""Reads what somebody did to a picture: a page's message becomes a command with checked words.

The page writes whole wishes, [number, kind, words ...], into the tags of a figure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

Command = Callable[..., None]
"""Takes the words of a wish."""

KINDS: Mapping[str, tuple[type, ...]] = {
    "look": (float, float),
    "leave": (),
    "line": (float, float, float, float),
    "no-line": (),
    "paint": (str, int, list),
    "move": (str, int, float, float),
    "delete": (str, int),
}
"""Wishes about the plane, and the kinds of their words."""

UNIT_KINDS: Mapping[str, tuple[type, ...]] = {"look": (int,), "toggle": (int,)}
"""Wishes about the maps of units."""


def read_wish(tags: list[Any], kinds: Mapping[str, tuple[type, ...]]) -> tuple[str, list[Any]]:
    """Return the kind of a wish and its words.

    Parameters
    ----------
    tags
        [number, kind, words ...]; whole numbers may stand where any number may.
    kinds
        The words of every kind of wish.

    Raises
    ------
    ValueError
        When the page sent something else.
    """
    expected = f"the page sends [number, kind, words ...] with a kind of {', '.join(kinds)}"
    if len(tags) < 2 or tags[1] not in kinds:
        raise ValueError(f"{expected}; found {tags!r}")
    kind, words = tags[1], tags[2:]
    types = kinds[kind]
    if len(words) != len(types) or not all(map(_fits, words, types)):
        raise ValueError(f"{expected}; found {tags!r}")
    return kind, list(words)


def _fits(word: Any, wanted: type) -> bool:
    if wanted is list:
        return isinstance(word, list) and len(word) % 2 == 0 and all(_fits(w, float) for w in word)
    if wanted is float:
        is_number = isinstance(word, int | float) and not isinstance(word, bool)
        return is_number and math.isfinite(word)
    return isinstance(word, wanted) and not isinstance(word, bool)
