"""Arrays that come from outside are checked here once, in the same words everywhere.

A wrong shape or label becomes one clear sentence instead of an error deep inside NumPy.
"""

import numpy as np


def check_inputs(x: np.ndarray, inputs: int, *, bytes_allowed: bool = False) -> np.ndarray:
    """Return `x` as an array if it is (n, inputs) of floats or booleans, else raise `ValueError`.

    Integers are refused, for bytes of 0 to 255 would pass for inputs that are 255 times too large;
    with `bytes_allowed` the caller scales them, and uint8 is taken too.
    """
    x = np.asarray(x)
    if x.ndim != 2 or x.shape[1] != inputs:
        raise ValueError(
            f"Expected inputs of shape (samples, {inputs}) and found {x.shape}; "
            "a single sample is x.reshape(1, -1)."
        )
    if x.dtype.kind not in "fb" and not (bytes_allowed and x.dtype == np.uint8):
        raise ValueError(
            f"Expected inputs of a float type, such as pixels in [0, 1], and found {x.dtype}; "
            "divide bytes by 255 first."
        )
    return x


NO_CLASS = 255
"""The label of what belongs to none of the classes, for training: none is to be preferred then."""


def check_labels(
    labels: np.ndarray, count: int, classes: int, *, none_allowed: bool = False
) -> np.ndarray:
    """Return `labels` as an array if it is (count,) integers in [0, classes), else `ValueError`.

    With `none_allowed`, `NO_CLASS` is a label too.
    """
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise ValueError(
            f"Expected labels of an integer type and found {labels.dtype}; "
            "convert them with labels.astype(int)."
        )
    if labels.shape != (count,):
        raise ValueError(
            f"Expected one label for each of the {count} samples, shape ({count},), "
            f"and found {labels.shape}."
        )
    if count == 0:
        raise ValueError("Expected at least one sample and found an empty batch.")
    # One reduction finds negative labels too: read without a sign they are the largest numbers.
    if np.maximum.reduce(labels.view(labels.dtype.str.replace("i", "u"))) >= classes:
        wrong = (labels < 0) | (labels >= classes)
        if none_allowed:
            wrong &= labels != NO_CLASS
            if not wrong.any():
                return labels
        position = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"Expected labels from 0 to {classes - 1} and found {labels[position]} "
            f"at position {position}; the network has {classes} classes."
        )
    return labels
