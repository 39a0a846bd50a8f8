"""The choice of a generated data set by small pictures of the data sets."""

from __future__ import annotations

import numpy as np
import panel as pn
import param

from dashboard.languages.text import gettext
from dashboard.shell.colors import CLASS_COLORS
from dashboard.shell.theme import Theme
from data_cache import PLANE_LIMIT, PLANE_SHAPES, make_shape

CLASSES, POINTS, NOISE = 3, 90, 0.12
SIDE = 40

TILES = """
.bk-btn-group {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(68px, 1fr));
  gap: 4px;
}
.bk-btn-group .bk-btn {
  display: grid;
  justify-items: center;
  gap: 2px;
  padding: 4px 0 !important;
  border-radius: 6px !important;
  font-size: 10px !important;
  letter-spacing: -0.03em;
}
.bk-btn::before {
  content: "";
  width: 40px;
  height: 40px;
  background-repeat: no-repeat;
}
"""


def shape_chooser(parameter: param.Parameter, theme: Theme, hook: str) -> pn.widgets.Widget:
    """Return a button with a picture for every shape, bound both ways to a parameter.

    Parameters
    ----------
    parameter
        Takes the names of `PLANE_SHAPES`.
    theme
        Style sheets.
    hook
        The CSS class of the buttons.
    """
    pictures = "".join(
        f".bk-btn:nth-child({place})::before "
        f"{{ background-image: url('data:image/svg+xml,{shape_svg(name)}'); }}\n"
        for place, name in enumerate(PLANE_SHAPES, start=1)
    )
    return pn.widgets.RadioButtonGroup.from_param(
        parameter,
        options={gettext(shape.title): name for name, shape in PLANE_SHAPES.items()},
        css_classes=[hook],
        stylesheets=[theme.widgets, TILES + pictures],
        sizing_mode="stretch_width",
        margin=0,
    )


def shape_svg(name: str) -> str:
    """Return a picture of a shape as SVG, encoded for a data URL."""
    classes = PLANE_SHAPES[name].possible(CLASSES)
    points = make_shape(name, POINTS, classes, NOISE, np.random.default_rng(0))
    places = SIDE / 2 * (1 + points.points * [1, -1] / PLANE_LIMIT)
    paths = []
    for label in range(classes):
        # A line of length zero with round ends is a dot.
        dots = "".join(f"M{x:.0f} {y:.0f}h0" for x, y in places[points.labels == label])
        color = CLASS_COLORS[label].replace("#", "%23")
        paths.append(f'<path d="{dots}" stroke="{color}"/>')
    return (
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIDE}" height="{SIDE}" fill="none" '
            f'stroke-width="3.5" stroke-linecap="round">{"".join(paths)}</svg>'
        )
        .replace("<", "%3C")
        .replace(">", "%3E")
    )
