"""Conversion of drawings and photographs to images in MNIST's frame."""

from data_cache.preprocessing.framing import frame_digit, frame_digits, shrink_canvas
from data_cache.preprocessing.morphology import change_stroke_width
from data_cache.preprocessing.photographs import find_ink

__all__ = ["change_stroke_width", "find_ink", "frame_digit", "frame_digits", "shrink_canvas"]
