"""Texts in the language of whom they are for.

The texts in the source are English and are translated where they are shown, by the functions here,
whose names and arguments are those of the standard library's `gettext`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from dashboard.languages.catalogue import load_catalogue
from dashboard.languages.language import ENGLISH, Language

DOCUMENT_VARIABLE = "language"
"""The variable of a document's template that holds its language."""

_language: ContextVar[Language | None] = ContextVar("inkling-language", default=None)

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


def gettext(message: str, /, **values: object) -> str:
    """Return a text in the current language, with values in place of its `{names}`."""
    return translate(current_language(), message, **values)


def pgettext(context: str, message: str, /, **values: object) -> str:
    """Return a text whose translation depends on the context, in the current language.

    Parameters
    ----------
    context
        What the text stands for here, in English; it is not shown. A word such as “none” has the
        gender of it in other languages.
    message, values
        As for `gettext`.
    """
    language = current_language()
    text = message
    if language is not ENGLISH:
        text = load_catalogue(language.code).pgettext(context, message)
    return _fill(language, text, values)


def ngettext(singular: str, plural: str, count: int, /, **values: object) -> str:
    """Return the form of a text for a count, in the current language.

    Parameters
    ----------
    singular, plural
        The text for one and for other counts.
    count
        Decides which form is right; it is no value of the text by itself.
    values
        What stands in place of the `{names}` of the text.
    """
    language = current_language()
    if language is ENGLISH:
        text = singular if count == 1 else plural
    else:
        text = load_catalogue(language.code).ngettext(singular, plural, count)
    return _fill(language, text, values)


def gettext_noop(message: str) -> str:
    """Return the text itself; it marks one that is translated later, when it is shown."""
    return message


def translate(language: Language, message: str, /, **values: object) -> str:
    """Return a text in a language, with values in place of its `{names}`."""
    text = message
    if message and language is not ENGLISH:  # the entry of "" is the head of a catalogue
        text = load_catalogue(language.code).gettext(message)
    return _fill(language, text, values)


def _fill(language: Language, text: str, values: dict[str, Any]) -> str:
    """Return a text with its values; numbers with a spec as the language writes them."""
    if not values:
        return text
    if language is ENGLISH:
        return text.format(**values)
    from dashboard.languages.numbers import NumberFormatter  # noqa: PLC0415 - it imports this one

    return NumberFormatter(language).vformat(text, (), values)


def current_language() -> Language:
    """Return the language of the visitor whom the running code works for; English without one.

    Notes
    -----
    The language belongs to a session, and a process serves many. Bokeh and Panel name the document
    of the session while it is made and in all callbacks of its page, in both runtimes; the document
    has the language (`set_language`). A task or a thread is nobody's callback: it has the language
    that was current when it was started (`BackgroundTasks.begin`, `in_current_language`).
    """
    return _language.get() or _document_language() or ENGLISH


def set_language(document: Any, language: Language) -> None:
    """Set the language of a session's document, before anything else of it is made."""
    document.template_variables[DOCUMENT_VARIABLE] = language


@contextmanager
def use_language(language: Language) -> Iterator[None]:
    """Make a language the current one of a block, and of the tasks that the block starts."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def in_current_language(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
    """Return a function for another thread, in which the present language is the current one."""
    language = current_language()

    @wraps(function)
    def call(*arguments: _Parameters.args, **options: _Parameters.kwargs) -> _Result:
        with use_language(language):
            return function(*arguments, **options)

    return call


def _document_language() -> Language | None:
    if "panel.io.state" not in sys.modules:
        return None  # the command line shows no page
    from panel.io.state import state  # noqa: PLC0415 - it takes most of a second

    document = state.curdoc
    variables = {} if document is None else document.template_variables
    found = variables.get(DOCUMENT_VARIABLE)
    return found if isinstance(found, Language) else None
