"""Digits, and what is none, written by a pen that never touched paper: more hands to learn from."""

from data_cache.pen.enriched import NO_DIGIT, enrich
from data_cache.pen.hand import CANVAS, draw_digits, write_digit
from data_cache.pen.non_digits import draw_non_digits

__all__ = ["CANVAS", "NO_DIGIT", "draw_digits", "draw_non_digits", "enrich", "write_digit"]
