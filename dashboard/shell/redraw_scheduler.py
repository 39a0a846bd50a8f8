"""Decides when the parts of a pane are redrawn; every part has a name and a function that draws it.

Training publishes faster than a page can be redrawn, so changed parts are noted by name and drawn
together at a limited rate; what a person waits for is drawn at once.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import param

from dashboard.languages.text import gettext
from dashboard.shell.page_writer import PageWriter
from dashboard.upstream.page_slices import checkpoint

logger = logging.getLogger("inkling.page")

MAX_DEFERRALS = 5
"""Redraws that are put off in a row, at most, because of input."""

LAG_FACTOR = 10.0
MAX_LAG_SECONDS = 2.0

REDUCED_MOTION_SECONDS = 0.5
"""Least seconds between two redraws for a person who prefers reduced motion."""

Sleep = Callable[[float], Awaitable[None]]


def _never() -> bool:
    return False


@dataclass(frozen=True)
class RedrawRate:
    """How often a pane is redrawn while its network trains."""

    interval_seconds: float = 0.1
    """From the beginning of one redraw to the next, at least."""
    max_share: float = 1.0
    """The share of the time that redraws take at most, in (0, 1]; for a page whose redraws keep
    training waiting."""
    sleep: Sleep = asyncio.sleep
    reduces_motion: Callable[[], bool] = _never
    """Whether the person prefers reduced motion, so that `REDUCED_MOTION_SECONDS` pass at least."""

    @property
    def least_seconds(self) -> float:
        """The least interval between two redraws now, with the preference for reduced motion."""
        least = REDUCED_MOTION_SECONDS if self.reduces_motion() else 0.0
        return max(self.interval_seconds, least)

    def limited(self, interval_seconds: float, max_share: float) -> RedrawRate:
        """Return a rate for something slow, not faster than this one, with a share of its own."""
        interval = max(self.interval_seconds, interval_seconds)
        return replace(self, interval_seconds=interval, max_share=max_share)


async def sleep_longer_when_busy(
    seconds: float, *, sleep: Sleep = asyncio.sleep, clock: Callable[[], float] = time.monotonic
) -> None:
    """Wait between two redraws, longer when the event loop lags because of many visitors.

    With one page that trains nothing changes; with many, charts are redrawn less often, and clicks
    and drawings are still answered soon.
    """
    began = clock()
    await sleep(seconds)
    lag = clock() - began - seconds
    await sleep(min(LAG_FACTOR * max(lag, 0.0), MAX_LAG_SECONDS))


class RedrawScheduler:
    """Redraws the parts of one pane.

    Parameters
    ----------
    page
        How the page is changed.
    parts
        The functions that draw, by the names of their parts, in the order of drawing.
    rate
        How often `run` redraws.
    slow_parts
        Parts of which `run` redraws only one at a time, in rotation, while `is_training()`.
    intervals
        Least seconds between two redraws of a part by `run` while `is_training()`; for others the
        rate decides.
    is_training
        Whether the network trains.
    warn
        Called with a sentence the first time that drawing a part fails.
    clock
        A monotonic clock, in seconds.

    Notes
    -----
    A part that cannot be drawn stops neither the others nor later redraws; its first error is
    logged with its traceback.
    """

    def __init__(
        self,
        page: PageWriter,
        parts: Mapping[str, Callable[[], None]],
        *,
        rate: RedrawRate | None = None,
        slow_parts: Iterable[str] = (),
        intervals: Mapping[str, float] | None = None,
        is_training: Callable[[], bool] = lambda: False,
        warn: Callable[[str], None] = lambda _sentence: None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._page = page
        self._parts = dict(parts)
        self._rate = rate or RedrawRate()
        self._slow_parts = list(slow_parts)
        self._intervals = dict(intervals or {})
        self._drawn_at: dict[str, float] = {}
        self._is_training = is_training
        self._warn = warn
        self._clock = clock
        self._failed: set[str] = set()
        self._is_visible = True
        self._is_deferred = False
        self._stale: set[str] = set()
        self._requested: set[str] = set()
        self._wake = asyncio.Event()

    @property
    def stale(self) -> frozenset[str]:
        """The names of the parts that changed and wait for `run` or for the pane to be shown."""
        return frozenset(self._stale)

    def draw_all(self) -> None:
        """Draw every part directly, for a pane that is not in a page yet."""
        for draw in self._parts.values():
            checkpoint()
            draw()

    def mark_stale(self, *names: str) -> None:
        """Note that parts have changed; `run` redraws them."""
        self._check(names)
        self._stale.update(names)
        if names:
            self._wake.set()

    def draw_now(self, *names: str) -> None:
        """Redraw parts without waiting for `run`; those of a hidden pane wait until it is shown."""
        if self._request(names):
            self._page.write(self._draw_requested, key=self)

    def draw_later(self, *names: str) -> None:
        """Redraw parts as `draw_now` does, but after what a person waits for has been shown."""
        if self._request(names):
            self._page.write_later(self._draw_requested, key=(self, "later"))

    def _request(self, names: Collection[str]) -> bool:
        """Note parts that are to be drawn without `run`; return whether there are any."""
        self._check(names)
        if not self._is_visible:
            self._stale.update(names)
            return False
        self._stale.difference_update(names)
        self._requested.update(names)
        return bool(names)

    def follow(
        self,
        state: param.Parameterized,
        parts: Mapping[str, Collection[str]],
        *,
        at_once: Callable[[], bool] = lambda: False,
    ) -> None:
        """Redraw parts when parameters change.

        Parameters
        ----------
        state
            Has the parameters.
        parts
            The names of the parts that show a parameter, by the name of the parameter.
        at_once
            Whether to use `draw_now` rather than `mark_stale`; asked at every change.
        """

        def changed(*events: Any) -> None:
            names = {name for event in events for name in parts[event.name]}
            (self.draw_now if at_once() else self.mark_stale)(*names)

        state.param.watch(changed, list(parts))

    def defer(self) -> None:
        """Put the next redraw of `run` off, because the user is drawing."""
        self._is_deferred = True

    def set_visible(self, is_visible: bool) -> None:
        """Tell whether the pane can be seen; nothing is drawn while it cannot."""
        self._is_visible = is_visible
        if is_visible:
            self.draw_now(*self._stale)

    async def run(self) -> None:
        """Redraw stale parts until cancelled, at the rate, and no faster than the page takes it."""
        rate = self._rate
        while True:
            await self._wake.wait()
            await self._page.delivered()
            await self._let_input_go_first()
            self._wake.clear()
            if not self._is_visible:
                continue
            began = self._clock()
            self.draw_now(*self._take_stale())
            if self._stale:
                self._wake.set()
            taken = self._clock() - began
            await rate.sleep(max(rate.least_seconds, taken / rate.max_share) - taken)

    async def _let_input_go_first(self) -> None:
        for _ in range(MAX_DEFERRALS):
            if not self._is_deferred:
                return
            self._is_deferred = False
            await self._rate.sleep(self._rate.interval_seconds)

    def _take_stale(self) -> set[str]:
        """Take the parts to redraw now: all of them, or only one slow part while training."""
        taken = set(self._stale)
        if self._is_training():
            taken = {name for name in taken if not self._is_early(name)}
            slow = [name for name in self._slow_parts if name in taken]
            taken.difference_update(slow[1:])
            if slow:  # it comes last in the next rounds
                self._slow_parts.remove(slow[0])
                self._slow_parts.append(slow[0])
        self._stale -= taken
        return taken

    def _is_early(self, name: str) -> bool:
        waited = self._clock() - self._drawn_at.get(name, -math.inf)
        return waited < self._intervals.get(name, 0.0)

    def _draw_requested(self) -> None:
        names, self._requested = self._requested, set()
        for name, draw in self._parts.items():
            if name in names:
                self._draw(name, draw)

    def _draw(self, name: str, draw: Callable[[], None]) -> None:
        try:
            draw()
        except Exception as error:
            if name not in self._failed:
                self._failed.add(name)
                logger.exception("the part %s of a page could not be drawn", name)
                fault = gettext(
                    "The part “{name}” of the page could not be drawn: {error}.",
                    name=name,
                    error=repr(error)[:200],
                )
                self._warn(fault)
        else:
            self._failed.discard(name)
        if name in self._intervals:
            self._drawn_at[name] = self._clock()

    def _check(self, names: Iterable[str]) -> None:
        unknown = set(names) - set(self._parts)
        if unknown:
            raise KeyError(
                f"expected names of parts ({', '.join(self._parts)}); found {', '.join(unknown)}"
            )
