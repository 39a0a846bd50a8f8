"""Tells which texts of a page do not fit their place, in longer or wider spaced texts, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from browser_page import LabPage

SCRIPT = Path(__file__).with_suffix(".js")


def layout_faults(lab: LabPage, *, may_shorten: bool = False) -> list[Any]:
    """Return the texts that are cut, lie beyond the window or over each other, and how far.

    `may_shorten` allows an ellipsis in place of the end of a text.
    """
    return list(_call(lab, f"layout_faults({str(may_shorten).lower()})"))


def pseudo_localize(lab: LabPage, share: float) -> None:
    """Make a pseudo-language of all texts: with accents, and longer by a share."""
    _call(lab, f"pseudo_localize({share})")


def space(lab: LabPage) -> None:
    """Space all texts as WCAG 2.2, 1.4.12, has it."""
    _call(lab, "space()")


def controls(lab: LabPage) -> list[str]:
    """Return the controls that are shown, by their roles and names."""
    return list(_call(lab, "controls()"))


def _call(lab: LabPage, expression: str) -> Any:
    if not lab.page.evaluate("'textFit' in window"):
        lab.page.evaluate("(script) => (0, eval)(script)", SCRIPT.read_text("utf-8"))
    return lab.page.evaluate(f"textFit.{expression}")
