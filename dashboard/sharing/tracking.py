"""Joins links and controllers: what a link opens, and what the link of a controller is.

The page shows a link at any time, so links are written anew whenever something in them changes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dashboard.digits.controller import DigitsController
from dashboard.sharing.links import (
    DIGITS,
    faults_of_hiding,
    pane_of,
    read_link,
    tell_faults,
    write_link,
)

if TYPE_CHECKING:
    from dashboard.plane.state import PlaneState

SetLink = Callable[[str, str], None]
"""Takes the name of a pane and the query of its link."""

PANE = "digits"
SPIRAL = "spiral"


async def open_for_digits(controller: DigitsController, query: str) -> None:
    """Take over what a link says to the digits, and name all that it asks for in vain."""
    faults = faults_of_hiding(query)
    if pane_of(query) != SPIRAL:
        opened = read_link(query, controller.state, DIGITS)
        faults += opened.faults
        await controller.apply_link(opened.values)
    tell_faults(faults, controller.warn)


def link_of_digits(controller: DigitsController) -> str:
    """Write the link that gives the curve of the digits, or the one about to be drawn."""
    state = controller.state
    values = {name: getattr(state, name) for name in DIGITS}
    if state.snapshot.iteration:
        values |= controller.built_settings
    return write_link(values, type(state))


def follow_digits(controller: DigitsController, set_link: SetLink) -> None:
    """Keep the page's link to the digits up to date."""

    def write(*_events: Any) -> None:
        set_link(PANE, link_of_digits(controller))

    controller.state.param.watch(write, [*DIGITS, "running", "origin", "history"])


def open_for_spiral(query: str) -> tuple[dict[str, Any], list[str]]:
    """Return the settings that a link says to the spiral, and what it asks for in vain."""
    from dashboard.plane.settings import PlaneSettings  # noqa: PLC0415 - only who opens the pane needs it

    if pane_of(query) != SPIRAL:
        return {}, []
    opened = read_link(query, PlaneSettings(), _plane_names())
    return opened.values, opened.faults


def follow_spiral(state: PlaneState, set_link: SetLink) -> None:
    """Keep the page's link to the spiral up to date; painted points are in no link."""
    from dashboard.plane.settings import PlaneSettings  # noqa: PLC0415

    names = _plane_names()

    def write(*_events: Any) -> None:
        set_link(SPIRAL, write_link({name: getattr(state, name) for name in names}, PlaneSettings))

    state.param.watch(write, names)
    write()


def _plane_names() -> list[str]:
    from dashboard.plane.settings import PlaneSettings  # noqa: PLC0415

    return [name for name in PlaneSettings.param if name != "name"]
