"""The parts of the page that all panes share: theme, tabs, fields, charts, notices, downloads."""

from __future__ import annotations

from importlib.resources import files


def read_asset(name: str) -> str:
    """Return the text of a file in `dashboard/shell/assets`; FileNotFoundError if there is none."""
    return (files("dashboard.shell") / "assets" / name).read_text(encoding="utf-8")
