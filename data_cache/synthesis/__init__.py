"""Digits, and what is none, written by a pen that never touched paper: more hands to learn from."""

from data_cache.synthesis.handwriting import CANVAS, draw_digits, write_digit
from data_cache.synthesis.non_digits import draw_non_digits
from data_cache.synthesis.synthetic_samples import NO_DIGIT, enrich

__all__ = ["CANVAS", "NO_DIGIT", "draw_digits", "draw_non_digits", "enrich", "write_digit"]
