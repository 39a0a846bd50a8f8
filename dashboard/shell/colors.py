"""The colours of the page by what they stand for, for charts and for the style sheet of the page.

Each stands for one thing everywhere; charts are painted on canvases, which do not read variables
of CSS, so both come from here.
"""

from __future__ import annotations

TRAINING = "#4c6ef5"
"""Values on training samples."""
VALIDATION = "#ba6a1a"
"""Values on validation samples."""
TEST = "#0c8599"
"""Values on test samples."""
PREVIOUS = "#868e96"
"""Values of an earlier run, and marks of changed settings."""
DIVERGED = "#e03131"
"""Values of steps that diverged."""
POSITIVE = "#2f9e44"
"""Positive weights, activations, gradients and attributions."""
NEGATIVE = "#d63384"
"""Negative weights, activations, gradients and attributions."""
MISTAKE = "#e03131"
"""Samples that are predicted wrongly."""
PLAIN = "#868e96"
"""What stands for none of these, such as bars of counts and correct predictions."""
SECOND = "#7048e8"
"""What is compared with something in the plain colour."""

CLASS_COLORS = (
    "#3f90da",
    "#ffa90e",
    "#92dadd",
    "#bd1f01",
    "#717581",
    "#b9ac70",
    "#a96b59",
    "#e76300",
    "#832db6",
    "#94a4a2",
)
"""Colours of ten classes, "#rrggbb", distinguishable with colour vision deficiency.

They are the ten of M. A. Petroff, "Accessible Color Sequences for Data Visualization"
(arXiv:2107.02270, 2021), reordered so that the first few are as far apart as possible.
"""

ROLES = {
    "training": TRAINING,
    "validation": VALIDATION,
    "test": TEST,
    "previous": PREVIOUS,
    "diverged": DIVERGED,
    "positive": POSITIVE,
    "negative": NEGATIVE,
    "mistake": MISTAKE,
    "plain": PLAIN,
    "second": SECOND,
    **{f"class-{number}": color for number, color in enumerate(CLASS_COLORS)},
}
"""The names of the variables of CSS, as in `var(--training)`."""


def color_variables() -> str:
    """Return a rule that declares a variable of CSS for every colour in `ROLES`."""
    return f":root {{ {' '.join(f'--{name}: {color};' for name, color in ROLES.items())} }}\n"


def channels(color: str) -> tuple[int, int, int]:
    """Return red, green and blue, 0 to 255, of a colour "#rrggbb"."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
