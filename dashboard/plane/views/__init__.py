"""What people see of the spiral laboratory, and how they reach into the plane with their hands."""

from .pane import TICK_SECONDS, WORKER_TICK_SECONDS, SpiralPane

__all__ = ["TICK_SECONDS", "WORKER_TICK_SECONDS", "SpiralPane"]
