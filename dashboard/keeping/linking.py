"""Joins links and laboratories: what a link opens, and what the link of a laboratory is.

The page shows a link at any time, so links are written anew whenever something in them changes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..laboratory import Laboratory
from .links import DIGITS, faults_of_hiding, pane_of, read_link, tell_faults, write_link

if TYPE_CHECKING:
    from ..plane.state import PlaneState

SetLink = Callable[[str, str], None]
"""Takes the name of a pane and the query of its link."""

PANE = "digits"
SPIRAL = "spiral"


async def open_for_digits(laboratory: Laboratory, query: str) -> None:
    """Take over what a link says to the digits, and name all that it asks for in vain."""
    faults = faults_of_hiding(query)
    if pane_of(query) != SPIRAL:
        opened = read_link(query, laboratory.state, DIGITS)
        faults += opened.faults
        await laboratory.take_over(opened.values)
    tell_faults(faults, laboratory.warn)


def link_of_digits(laboratory: Laboratory) -> str:
    """Write the link that gives the curve of the digits, or the one about to be drawn."""
    state = laboratory.state
    values = {name: getattr(state, name) for name in DIGITS}
    if state.snapshot.iteration:
        values |= laboratory.built
    return write_link(values, type(state))


def follow_digits(laboratory: Laboratory, set_link: SetLink) -> None:
    """Keep the page's link to the digits up to date."""

    def write(*_events: Any) -> None:
        set_link(PANE, link_of_digits(laboratory))

    laboratory.state.param.watch(write, [*DIGITS, "running", "origin", "history"])


def open_for_spiral(query: str) -> tuple[dict[str, Any], list[str]]:
    """Return the settings that a link says to the spiral, and what it asks for in vain."""
    from ..plane.settings import PlaneSettings  # noqa: PLC0415 - only who opens the pane needs it

    if pane_of(query) != SPIRAL:
        return {}, []
    opened = read_link(query, PlaneSettings(), _plane_names())
    return opened.values, opened.faults


def follow_spiral(state: PlaneState, set_link: SetLink) -> None:
    """Keep the page's link to the spiral up to date; painted points are in no link."""
    from ..plane.settings import PlaneSettings  # noqa: PLC0415

    names = _plane_names()

    def write(*_events: Any) -> None:
        set_link(SPIRAL, write_link({name: getattr(state, name) for name in names}, PlaneSettings))

    state.param.watch(write, names)
    write()


def _plane_names() -> list[str]:
    from ..plane.settings import PlaneSettings  # noqa: PLC0415

    return [name for name in PlaneSettings.param if name != "name"]
