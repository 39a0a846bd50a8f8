"""A plugin of `panel serve` for tests: how many of the app's objects a server holds, as JSON."""

from __future__ import annotations

import gc
from collections import Counter

from tornado.web import RequestHandler

COUNTED = ("DigitsController", "DigitsPane", "ServerSession", "BlockRun", "DrawingPad")


class CensusHandler(RequestHandler):
    """Collects garbage, counts, and answers."""

    def get(self) -> None:
        for _ in range(3):
            gc.collect()
        found = Counter(type(thing).__name__ for thing in gc.get_objects())
        self.write({name: found[name] for name in COUNTED})


ROUTES = [("/census", CensusHandler)]
