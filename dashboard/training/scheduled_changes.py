"""Changes of settings that a run makes by itself, at the iterations at which another run had them.

A link carries them, so that a run whose learning rate was lowered in the middle has the same curve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import param

from dashboard.training.marks import SettingChange


class ScheduledChanges(param.Parameterized):
    """The changes to come, as a parameter of a pane's state."""

    scheduled_changes = param.List(
        [],
        item_type=SettingChange,
        doc="Changes of settings that the run makes by itself, in the order of their iterations.",
    )


def apply_due_changes(settings: Any, iteration: int) -> None:
    """Make the scheduled changes that are due, if the settings have any.

    Parameters
    ----------
    settings
        Of a run; those without `scheduled_changes` are not changed.
    iteration
        Steps taken so far.
    """
    scheduled: Sequence[SettingChange] = getattr(settings, "scheduled_changes", ())
    due = {it.name: it.new for it in scheduled if it.iteration <= iteration}
    if due:
        later = [it for it in scheduled if it.iteration > iteration]
        settings.param.update(**due, scheduled_changes=later)


def due_names(settings: Any, iteration: int) -> set[str]:
    """Return the names of the settings that `apply_due_changes` would change."""
    scheduled: Sequence[SettingChange] = getattr(settings, "scheduled_changes", ())
    return {change.name for change in scheduled if change.iteration <= iteration}


def steps_until_change(settings: Any, iteration: int) -> int | None:
    """Return after how many steps the next scheduled change is due; None: there is none."""
    scheduled: Sequence[SettingChange] = getattr(settings, "scheduled_changes", ())
    return max(scheduled[0].iteration - iteration, 1) if scheduled else None


def drop_changes(settings: Any, name: str) -> None:
    """Make no more scheduled changes of a setting, because a person has changed it."""
    scheduled: Sequence[SettingChange] = getattr(settings, "scheduled_changes", ())
    if any(change.name == name for change in scheduled):
        settings.scheduled_changes = [it for it in scheduled if it.name != name]


def changes_to_list(changes: Sequence[SettingChange]) -> list[list[Any]]:
    """Return changes as lists of iteration, name, old and new value, for JSON."""
    return [[it.iteration, it.name, it.old, it.new] for it in changes]


def changes_from_list(values: Sequence[Sequence[Any]]) -> list[SettingChange]:
    """Return the changes of such lists; ValueError for others."""
    try:
        return [SettingChange(*value) for value in values]
    except TypeError as error:
        raise ValueError(f"expected scheduled changes, found {values!r}") from error


def values_at_start(current: Mapping[str, Any], changes: Sequence[SettingChange]) -> dict[str, Any]:
    """Return the values that settings had before their first change."""
    first = {change.name: change.old for change in reversed(changes)}
    return {name: first.get(name, value) for name, value in current.items()}
