"""Setting values to zero before they are so small that processors compute slowly with them.

What decays, such as the moments of a weight whose pixel is always blank, reaches the denormal
numbers in the end, and operations on these take up to a hundred times as long; neither NumPy nor
WebAssembly can tell the processor to treat them as zeros.
"""

import numpy as np

FLUSH_PERIOD = 25
"""Updates from one flush to the next. A value that is kept stays normal for as long with any decay
of 0.5 or more, and the number of updates is part of a saved run, so that it resumes exactly."""

_MARGIN = 2.0**26


def smallest_kept(dtype: np.dtype) -> float:
    """Return the size below which values are flushed: of float32, 2 to the power of -100.

    Added to a weight, or to the root of a mean of squares with Adam's usual epsilon, what is
    smaller is lost to rounding.
    """
    return float(np.finfo(dtype).tiny) * _MARGIN


def smallest_probability(dtype: np.dtype) -> float:
    """Return the size below which a probability counts as 0: of float32, 2 to the power of -69."""
    return float(np.finfo(dtype).eps) ** 3


def flush(values: np.ndarray, smallest: float, sizes: np.ndarray, is_small: np.ndarray) -> None:
    """Set values smaller than `smallest` to 0 in place; NaN stays.

    `sizes`, of the dtype of `values`, and `is_small`, bool, are scratch of the same shape.
    """
    np.abs(values, out=sizes)
    np.less(sizes, smallest, out=is_small)
    np.copyto(values, 0, where=is_small)
