"""The links to runs: what a link says of one, what it lacks, and when the page gets a new one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dashboard.digits.state import Origin
from dashboard.languages.text import gettext
from dashboard.sharing.link_text import POINTS_KEY, write_query
from dashboard.sharing.links import (
    BASE,
    CHANGES_KEY,
    DIGITS,
    DIGITS_SETTINGS,
    MAX_CHANGES,
    SPIRAL,
    write_changes,
    write_values,
)
from dashboard.training.marks import SettingChange
from dashboard.training.scheduled_changes import values_at_start

if TYPE_CHECKING:
    from dashboard.digits.controller import DigitsController
    from dashboard.plane.controller import PlaneController
    from dashboard.plane.dataset import PlaneData
    from dashboard.plane.settings import PlaneSettings
    from dashboard.training.history import History
    from dashboard.training.run import Run

SetLink = Callable[[str, str, str], None]
"""Takes the name of a pane, the query of its link, and sentences on what is not in it."""


@dataclass(frozen=True)
class Link:
    """A link that was written.

    Attributes
    ----------
    query
        Of the address.
    missing
        Sentences on what the run has and the link has not; "" when there is nothing.
    """

    query: str
    missing: str = ""


def digits_link(controller: DigitsController) -> Link:
    """Return the link that reproduces the present curve, or the next one."""
    state, run = controller.state, controller.trainer.run
    values = {name: getattr(state, name) for name in DIGITS_SETTINGS}
    if state.snapshot.iteration:
        values |= state.built_settings
        values["fine_tune"] = state.origin == Origin.FINE_TUNED
    if state.origin not in (Origin.PRETRAINED, Origin.FINE_TUNED):
        del values["pretrained_model"]  # it has no part in this model
    is_loaded = state.origin == Origin.LOADED
    missing = [gettext("the weights from a file, with which it began")] if is_loaded else []
    return _link_of(DIGITS, run, values, state.scheduled_changes, missing=missing)


def kept_digits_link(
    settings: Mapping[str, Any], pretrained_model: str, history: History, iteration: int
) -> Link:
    """Return the link that reproduces a kept run of the digits.

    Parameters
    ----------
    settings
        As `describe_settings` returns them.
    pretrained_model
        The model that was fine-tuned, if the origin says so.
    history, iteration
        Of the run.
    """
    origin = settings.get("origin")
    values = {name: settings.get(name, value) for name, value in BASE[DIGITS].items()}
    values["fine_tune"] = origin == Origin.FINE_TUNED
    if values["fine_tune"]:
        values["pretrained_model"] = pretrained_model
    is_loaded = origin == Origin.LOADED
    missing = [gettext("the weights from a file, with which it began")] if is_loaded else []
    return _link_to(DIGITS, history, history.changes, iteration, values, missing=missing)


def spiral_link(plane: PlaneController) -> Link:
    """Return the link that reproduces the present curve and points, or the next curve."""
    state = plane.state
    values = {name: getattr(state, name) for name in BASE[SPIRAL]}
    missing, others = _own_points(state.points, state)
    scheduled = state.scheduled_changes
    return _link_of(SPIRAL, plane.trainer.run, values, scheduled, missing=missing, others=others)


def kept_spiral_link(
    settings: PlaneSettings, points: PlaneData, history: History, iteration: int
) -> Link:
    """Return the link that reproduces a kept run on points.

    Parameters
    ----------
    settings
        All settings that the run was trained with.
    points
        That it was trained on.
    history, iteration
        Of the run.
    """
    values = {name: getattr(settings, name) for name in BASE[SPIRAL]}
    missing, others = _own_points(points, settings)
    return _link_to(
        SPIRAL, history, history.changes, iteration, values, missing=missing, others=others
    )


def _own_points(points: PlaneData, settings: PlaneSettings) -> tuple[list[str], dict[str, str]]:
    """Return what a link lacks of points, and the text of those that were painted, by its key."""
    from dashboard.plane.dataset import OWN, make_data  # noqa: PLC0415 - imported with its pane only
    from dashboard.sharing.point_text import write_points  # noqa: PLC0415

    if points.origin != OWN:
        return [], {}
    text = write_points(points, make_data(settings))
    if text is None:
        return [
            gettext("the {count:,} points, which are too many for an address", count=len(points))
        ], {}
    return [], {POINTS_KEY: text}


def _link_of(
    pane: str,
    run: Run,
    values: dict[str, Any],
    scheduled: Sequence[SettingChange],
    *,
    missing: Sequence[str] = (),
    others: Mapping[str, str] | None = None,
) -> Link:
    """Return the link to a run: its settings as they were at the start, and their changes."""
    so_far, history = run.changes_so_far(), run.history
    return _link_to(
        pane,
        history,
        so_far,
        run.iteration,
        values,
        scheduled=scheduled,
        missing=missing,
        others=others,
    )


def _link_to(
    pane: str,
    history: History,
    so_far: Sequence[SettingChange],
    iteration: int,
    values: dict[str, Any],
    *,
    scheduled: Sequence[SettingChange] = (),
    missing: Sequence[str] = (),
    others: Mapping[str, str] | None = None,
) -> Link:
    """Return the link to a history, whose settings changed `so_far`; see `_link_of`."""
    changes = [*so_far, *scheduled]
    missing = [*missing, *map(gettext, history.interventions)]
    texts = dict(others or {})
    if len(changes) > MAX_CHANGES:
        missing.append(
            gettext(
                "{count} changes of settings during the run, which are too many", count=len(changes)
            )
        )
    elif changes and history.divergences:
        missing.append(gettext("changes of settings in a run that diverged"))
    elif changes:
        values = values_at_start(values, so_far)
        texts[CHANGES_KEY] = write_changes(changes)
    texts = write_values(values, BASE[pane]) | texts
    if iteration or missing:
        missing = [gettext("the trained weights"), *missing]
    return Link(write_query(pane, texts), _missing_sentences(missing))


def _missing_sentences(missing: Sequence[str]) -> str:
    """Return what the person who copies a link should know; "" when nothing is missing."""
    if not missing:
        return ""
    sentence = gettext("Not in this link: {missing}.", missing="; ".join(missing))
    if len(missing) == 1:
        return gettext(
            "{sentence} Whoever opens it and presses Train gets the same curve.", sentence=sentence
        )
    return gettext(
        "{sentence} Whoever opens it and presses Train gets another curve.", sentence=sentence
    )


def track_digits_link(controller: DigitsController, set_link: SetLink) -> None:
    """Update the page's link to the digits at every change."""
    names = [*DIGITS_SETTINGS, "built_settings", "running", "origin", "history"]
    _track(DIGITS, controller, names, lambda: digits_link(controller), set_link)


def track_spiral_link(plane: PlaneController, set_link: SetLink) -> None:
    """Update the page's link to the spiral at every change."""
    names = [*BASE[SPIRAL], "points", "running", "history"]
    _track(SPIRAL, plane, names, lambda: spiral_link(plane), set_link)
    link = spiral_link(plane)
    set_link(SPIRAL, link.query, link.missing)


def _track(
    pane: str,
    controller: Any,
    names: Sequence[str],
    write: Callable[[], Link],
    set_link: SetLink,
) -> None:
    """Write a link again when one of the parameters changes, or a mark was added to the run."""
    state = controller.state
    last: list[Any] = []

    def update(*_events: Any) -> None:
        last[:] = marks()
        link = write()
        set_link(pane, link.query, link.missing)

    def marks() -> list[Any]:
        history = controller.trainer.run.history
        counts = [len(history.changes), len(history.divergences), len(history.interventions)]
        return [*counts, controller.trainer.run_number, state.snapshot.iteration > 0]

    def compare(*_events: Any) -> None:
        if marks() != last:
            update()

    state.param.watch(update, [*names, "scheduled_changes"])
    state.param.watch(compare, "snapshot")
