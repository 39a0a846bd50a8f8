"""A plugin of `panel serve` for tests: the longest time that the event loop was blocked, as JSON.

With INKLING_LAG_STACKS the stack of a long block is printed, which names what has to be moved.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback

from tornado.ioloop import PeriodicCallback
from tornado.web import RequestHandler

BEAT_SECONDS = 0.01
STACK_SECONDS = float(os.environ.get("INKLING_LAG_STACKS", "inf"))


class Heart:
    """Beats in the event loop, and remembers the longest time between two beats."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.last = time.monotonic()
        self.beats: PeriodicCallback | None = None

    def start(self) -> None:
        self.last = time.monotonic()
        self.beats = PeriodicCallback(self._beat, 1000 * BEAT_SECONDS)
        self.beats.start()
        if STACK_SECONDS < 1e6:
            threading.Thread(target=self._watch, daemon=True).start()

    def take_longest(self) -> float:
        self._beat()
        longest, self.longest = self.longest, 0.0
        return longest

    def _beat(self) -> None:
        now = time.monotonic()
        self.longest, self.last = max(self.longest, now - self.last - BEAT_SECONDS), now

    def _watch(self) -> None:
        main, printed = threading.main_thread().ident, 0.0
        while True:
            time.sleep(BEAT_SECONDS)
            if time.monotonic() - self.last > STACK_SECONDS and printed != self.last:
                printed = self.last
                frames = sys._current_frames()
                threads = {thread.ident: thread.name for thread in threading.enumerate()}
                pages = [it for it, name in threads.items() if name == "inkling-page"]
                for thread in [main, *pages]:
                    stack = traceback.format_stack(frames[thread])[-14:]
                    sys.stderr.write(f"BLOCKED {threads.get(thread)}\n{''.join(stack)}\n")
                sys.stderr.flush()


HEART = Heart()


class LagHandler(RequestHandler):
    """Responds with the longest block in seconds since the last request."""

    def get(self) -> None:
        if HEART.beats is None:
            HEART.start()
        self.write({"longest": HEART.take_longest()})


ROUTES = [("/lag", LagHandler)]
