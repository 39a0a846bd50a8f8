"""The script that applies the patches of BokehJS in the page, in both runtimes."""

from __future__ import annotations

from importlib.resources import files

from dashboard.upstream import is_applied

NAMES = (
    *("undrawn_controls", "missed_resizes", "css_lookups", "unchanged_styles", "unused_models"),
)
"""Patches whose scripts put a function into `bokehPatches`."""


def bokeh_patches_script() -> str:
    """Return the script with the patches that are turned on."""
    names = [*filter(is_applied, NAMES), "bokeh_patches"]
    texts = [
        (files("dashboard.upstream") / f"{name}.js").read_text(encoding="utf-8") for name in names
    ]
    return "\n;".join(["const bokehPatches = [];", *texts])
