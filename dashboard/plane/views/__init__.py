"""What people see of the spiral controller, and how they reach into the plane with their hands."""

from dashboard.plane.views.pane import SpiralPane

__all__ = ["SpiralPane"]
