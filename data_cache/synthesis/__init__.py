"""Synthetic training images: handwritten digits, and images that are not digits."""

from data_cache.synthesis.handwriting import CANVAS, draw_digits, write_digit
from data_cache.synthesis.handwriting_style import SCHOOLS, HandwritingStyle, Part
from data_cache.synthesis.non_digits import draw_non_digits
from data_cache.synthesis.style_table import HANDWRITING_STYLES, styles_without
from data_cache.synthesis.styled_digits import choose_styles, draw_styled_digits, write_style
from data_cache.synthesis.synthetic_samples import add_synthetic_samples

__all__ = [
    "CANVAS",
    "HANDWRITING_STYLES",
    "SCHOOLS",
    "HandwritingStyle",
    "Part",
    "add_synthetic_samples",
    "choose_styles",
    "draw_digits",
    "draw_non_digits",
    "draw_styled_digits",
    "styles_without",
    "write_digit",
    "write_style",
]
