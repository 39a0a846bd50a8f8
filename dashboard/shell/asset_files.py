"""Finds the page's own style sheets and scripts, which travel inside the package.

Both forms read them through Python, so they need no web server of their own.
"""

from __future__ import annotations

from importlib.resources import files


def read_asset(name: str) -> str:
    """Return the text of a file of `dashboard/page`; a missing one raises FileNotFoundError."""
    return (files("dashboard.shell") / "assets" / name).read_text(encoding="utf-8")
