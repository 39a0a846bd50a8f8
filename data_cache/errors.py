"""The errors of reading, fetching and prefetching data.

Messages name what was expected, what was found, where, and how to mend it.
"""


class DataError(ValueError):
    """Data that cannot be used: missing, corrupt, truncated, mislabelled or refused by a server.

    Characters of the data that cannot be printed are shown as “·”.
    """

    def __init__(self, message: str) -> None:
        spaced = (" " if one.isspace() else one for one in message)
        super().__init__("".join(one if one.isprintable() else "·" for one in spaced))


class TransientError(DataError):
    """A failure that a retry may mend.

    An unreachable or silent server, a status of 408, 425, 429 or 5xx, or bytes with a wrong
    checksum, which may be damaged in transit or in a cache.
    """


class SilenceError(TransientError):
    """A server that did not answer, or stopped in the middle, for as long as it may be silent."""


class PrefetchError(RuntimeError):
    """A block that could not be fetched; `__cause__` is the reason. The next request retries it."""
