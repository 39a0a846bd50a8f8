"""Resolves the spellings of a named choice, such as "ReLU" and "re-lu", to its one name.

Activations, optimizers, schedules and the other choices that users type are looked up with it.
"""

from collections.abc import Iterable

from nn.texts import gettext


def resolve_choice(text: str, choices: Iterable[str], kind: str) -> str:
    """Return the one of `choices` that `text` spells.

    Parameters
    ----------
    text : str
        A name; upper and lower case, dashes, underscores and blanks make no difference.
    choices : iterable of str
        The names to choose from.
    kind : str
        What is chosen, for the error message: "activation".

    Raises
    ------
    ValueError
        When `text` is none of the choices; the message lists them.
    """
    names = tuple(choices)
    by_spelling = {_normalize(name): name for name in names}
    if not isinstance(text, str) or _normalize(text) not in by_spelling:
        raise ValueError(
            gettext(
                "Expected one of {names} as {kind} and found {text!r}.",
                names=", ".join(names),
                kind=gettext(kind),
                text=text,
            )
        )
    return by_spelling[_normalize(text)]


def _normalize(text: str) -> str:
    return "".join(character for character in text.lower() if character not in "-_ ")
