"""The panels of the digits pane, in the order of their tabs.

Each is imported only when it is made, to keep the start short.
"""

from __future__ import annotations

from dashboard.inspection.panels import InspectionContext, InspectionPanel, PanelEntry
from dashboard.languages.text import gettext_noop


def _make_inside(context: InspectionContext) -> InspectionPanel:
    from dashboard.inspection.inside import InsidePanel  # noqa: PLC0415

    return InsidePanel(context)


def _make_why(context: InspectionContext) -> InspectionPanel:
    from dashboard.inspection.why import WhyPanel  # noqa: PLC0415

    return WhyPanel(context)


def _make_map(context: InspectionContext) -> InspectionPanel:
    from dashboard.inspection.map import MapPanel  # noqa: PLC0415

    return MapPanel(context)


def _make_health(context: InspectionContext) -> InspectionPanel:
    from dashboard.inspection.health import HealthPanel  # noqa: PLC0415

    return HealthPanel(context)


def _make_play(context: InspectionContext) -> InspectionPanel:
    from dashboard.inspection.play import PlayPanel  # noqa: PLC0415

    return PlayPanel(context)


PANELS = (
    PanelEntry("inside", gettext_noop("Inside"), _make_inside),
    PanelEntry("why", gettext_noop("Why"), _make_why),
    PanelEntry("map", gettext_noop("Map"), _make_map),
    PanelEntry("health", gettext_noop("Health"), _make_health),
    PanelEntry("play", gettext_noop("Play"), _make_play),
)
