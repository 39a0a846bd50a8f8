"""Digits, and what is none, written by a pen that never touched paper: more hands to learn from."""

from data_cache.pen.hand import CANVAS, draw_digits, write_digit
from data_cache.pen.non_digits import draw_non_digits

__all__ = ["CANVAS", "draw_digits", "draw_non_digits", "write_digit"]
