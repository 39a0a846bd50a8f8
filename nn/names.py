"""People spell the same choice in many ways: "relu", "ReLU", "re-lu", "one_cycle".

This module turns any of these spellings into the one name that the tables of the package use.
"""

from collections.abc import Iterable


def choose_name(text: str, choices: Iterable[str], what: str) -> str:
    """Return the one of `choices` that `text` means, whatever its capitals, dashes and blanks.

    `what` names the kind of choice in the message, for example "activation". Raises `ValueError`
    listing the choices when none of them is meant.
    """
    names = tuple(choices)
    by_spelling = {_bare(name): name for name in names}
    if not isinstance(text, str) or _bare(text) not in by_spelling:
        raise ValueError(f"Unknown {what} {text!r}: choose one of {', '.join(names)}.")
    return by_spelling[_bare(text)]


def _bare(text: str) -> str:
    return "".join(character for character in text.lower() if character not in "-_ ")
