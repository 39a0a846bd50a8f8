"""Conversion of drawings and photographs to images in MNIST's frame."""

from data_cache.preprocessing.framing import frame_digit, frame_digits, shrink_canvas
from data_cache.preprocessing.morphology import change_stroke_width
from data_cache.preprocessing.photographs import PictureDigits, find_ink, find_picture_digits

__all__ = [
    "PictureDigits",
    "change_stroke_width",
    "find_ink",
    "find_picture_digits",
    "frame_digit",
    "frame_digits",
    "shrink_canvas",
]
