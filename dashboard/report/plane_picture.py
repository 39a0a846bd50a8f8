"""What a network answers over the plane, as a picture for a report."""

from __future__ import annotations

import numpy as np

from dashboard.languages.text import gettext
from dashboard.plane.surface import grid_points
from dashboard.report.weight_sheet import InsidePicture
from dashboard.shell.colors import CLASS_COLORS, channels
from data_cache import PLANE_LIMIT, derive_inputs
from nn import Network

SIDE = 120
"""Pixels along a side."""


def plane_picture(network: Network, inputs: list[str]) -> InsidePicture:
    """Return the classes that a network predicts over the plane.

    Parameters
    ----------
    network
        On points.
    inputs
        Names of its inputs.
    """
    probabilities = network.predict_proba(derive_inputs(grid_points(SIDE), inputs))
    colors = np.array([channels(color) for color in CLASS_COLORS[: network.classes]], np.float64)
    pixels = np.full((SIDE, SIDE, 4), 255, np.uint8)
    # Half white, as the surface on the page; the lowest row of the grid is at the bottom.
    blended = 0.5 * 255 + 0.5 * np.nan_to_num(probabilities) @ colors
    pixels[..., :3] = np.round(blended).reshape(SIDE, SIDE, 3)[::-1]
    limit = f"{PLANE_LIMIT:g}"
    return InsidePicture(
        gettext("Answers over the plane"),
        pixels,
        gettext(
            "Colours of the classes, blended by their probabilities; both coordinates go "
            "from −{limit} to {limit}.",
            limit=limit,
        ),
        0.4,
    )
