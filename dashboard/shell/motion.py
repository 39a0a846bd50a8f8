"""Whether the person prefers reduced motion, which the page tells Python.

Browsers know it from the settings of the system (`prefers-reduced-motion`); the page's script sends
it when it is so, and whenever it changes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dashboard.shell.messages import invisible, make_receiver
from dashboard.shell.redraw_scheduler import RedrawRate


class MotionPreference:
    """An invisible part of the page, whose `tags` are ["reduced"] for reduced motion.

    Attributes
    ----------
    is_reduced
        Whether the person prefers reduced motion; False until the page has said so.
    """

    def __init__(self) -> None:
        self.is_reduced = False
        self.view = invisible(make_receiver("inkling-motion", self._changed))

    def limit(self, rate: RedrawRate) -> RedrawRate:
        """Return a rate that becomes slow while the person prefers reduced motion."""
        return replace(rate, reduces_motion=lambda: self.is_reduced)

    def _changed(self, tags: list[Any]) -> None:
        self.is_reduced = tags == ["reduced"]
