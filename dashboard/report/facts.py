"""Names and values that every report lists: the settings, and what computed the run."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from dashboard.languages.text import gettext, pgettext
from dashboard.training.settings import LearningSettings, format_value


def inkling_version() -> str:
    """Return the version of Inkling; "" in a site, which contains the packages alone."""
    try:
        return importlib.metadata.version("inkling")
    except importlib.metadata.PackageNotFoundError:
        return ""


def software_facts(backend: str) -> list[tuple[str, str]]:
    """Return the versions of what computes here.

    Parameters
    ----------
    backend
        Name of what computed the matrix products of the run.
    """
    return [
        (gettext("Backend"), backend),
        ("Inkling", inkling_version() or gettext("of the site")),
        ("NumPy", np.__version__),
        ("Python", platform.python_version()),
    ]


def setting_facts(
    values: Mapping[str, Any],
    settings: LearningSettings | type[LearningSettings],
    left_out: Collection[str] = (),
) -> list[tuple[str, str]]:
    """Return the labels and the values of settings as texts.

    Parameters
    ----------
    values
        By name; those that are no parameters of `settings` are left out.
    settings
        Has the labels.
    left_out
        Names of settings that are not listed.
    """
    return [
        (gettext(str(settings.param[name].label)), setting_text(value))
        for name, value in values.items()
        if name in settings.param and name not in left_out
    ]


def setting_text(value: Any) -> str:
    """Return the value of a setting in words."""
    if isinstance(value, bool):
        return gettext("on") if value else gettext("off")
    return format_value(value) or pgettext("value of a setting", "none")
