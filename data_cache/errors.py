"""The one error that every reader of data raises, so that callers need to catch only one.

Its text says which file, at which position, what was expected and what was found.
"""


class DataError(ValueError):
    """Data that cannot be used: missing, corrupt, truncated, mislabelled or refused by a server."""


class PassingError(DataError):
    """A failure that may pass: a server out of reach or silent, an answer damaged on its way."""


class PrefetchError(RuntimeError):
    """A block could not be fetched; the reason is the cause. Asking again tries again."""
