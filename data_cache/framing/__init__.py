"""From a drawing or a photograph to the picture that a net trained on MNIST expects."""

from data_cache.framing.frame import frame_digit, frame_digits, shrink_canvas

__all__ = ["frame_digit", "frame_digits", "shrink_canvas"]
