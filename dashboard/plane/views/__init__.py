"""What people see of the spiral laboratory, and how they reach into the plane with their hands."""

from .pane import SpiralPane

__all__ = ["SpiralPane"]
