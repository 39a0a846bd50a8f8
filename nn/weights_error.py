"""All that can be wrong with a weights file is told by one kind of error.

It is a `ValueError`, so that a caller who does not care for the kind catches it as one.
"""


class WeightsError(ValueError):
    """A weights file that cannot be read or written; the message names it and says why."""
