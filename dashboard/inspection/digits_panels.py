"""The panels of the digits pane, in the order of their tabs.

Each is imported only when it is made, to keep the start short.
"""

from __future__ import annotations

from dashboard.inspection.panels import InspectionContext, InspectionPanel, PanelEntry


def _make_inside(context: InspectionContext) -> InspectionPanel:
    from dashboard.inspection.inside import InsidePanel  # noqa: PLC0415

    return InsidePanel(context)


def _make_map(context: InspectionContext) -> InspectionPanel:
    from dashboard.inspection.map import MapPanel  # noqa: PLC0415

    return MapPanel(context)


def _make_health(context: InspectionContext) -> InspectionPanel:
    from dashboard.inspection.health import HealthPanel  # noqa: PLC0415

    return HealthPanel(context)


PANELS = (
    PanelEntry("inside", "Inside", _make_inside),
    PanelEntry("map", "Map", _make_map),
    PanelEntry("health", "Health", _make_health),
)
