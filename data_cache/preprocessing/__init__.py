"""From a drawing or a photograph to the picture that a net trained on MNIST expects."""

from data_cache.preprocessing.framing import frame_digit, frame_digits, shrink_canvas
from data_cache.preprocessing.photographs import find_ink

__all__ = ["find_ink", "frame_digit", "frame_digits", "shrink_canvas"]
