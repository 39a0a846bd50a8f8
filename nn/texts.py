"""The texts of errors, in English unless a program has them translated.

The package has no languages of its own, and is used by programs that have some.
"""

from __future__ import annotations

from collections.abc import Callable


def _format(message: str, /, **values: object) -> str:
    return message.format(**values) if values else message


class Texts:
    """Makes a text where it is needed, when it is needed, so that parts can be put together.

    Attributes
    ----------
    translator
        Takes a text in English with `{names}`, and the values that stand in their place as
        keywords; returns the whole text. A program may set its own, once for the process.
    """

    translator: Callable[..., str] = staticmethod(_format)

    def __call__(self, message: str, /, **values: object) -> str:
        """Return a text with values in place of its `{names}`, which may have format specs."""
        return self.translator(message, **values)


gettext = Texts()


def gettext_noop(message: str) -> str:
    """Return the text itself; it marks one that is translated later, when it is shown."""
    return message
