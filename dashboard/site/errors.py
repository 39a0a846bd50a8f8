"""The one error that a failing site build raises.

A caller can show its sentence as it stands; whatever caused it is kept as its cause.
"""


class SiteError(RuntimeError):
    """The static site cannot be built; the message says why and how to mend it."""
