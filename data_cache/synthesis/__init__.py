"""Synthetic training images: handwritten digits, and images that are not digits."""

from data_cache.synthesis.handwriting import CANVAS, draw_digits, write_digit
from data_cache.synthesis.non_digits import draw_non_digits
from data_cache.synthesis.synthetic_samples import add_synthetic_samples

__all__ = ["CANVAS", "add_synthetic_samples", "draw_digits", "draw_non_digits", "write_digit"]
