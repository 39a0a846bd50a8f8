"""JSON payloads of samples: `{"data": [{"target": 7, "image": [784 numbers]}]}`.

Every value of a request is validated before it is used.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.api.errors import ApiError
from data_cache import Samples, to_float

PIXELS = 784
CLASSES = 10
# Only 256 different values can occur, so each is formatted once.
_PIXEL_TEXT = [str(value) for value in to_float(np.arange(256, dtype=np.uint8))]


def samples_json(samples: Samples) -> bytes:
    """Return samples as JSON, their pixels as numbers in [0, 1]."""
    texts = _PIXEL_TEXT
    items = (
        f'{{"target": {label}, "image": [{", ".join([texts[pixel] for pixel in image])}]}}'
        for image, label in zip(samples.images.tolist(), samples.labels.tolist(), strict=True)
    )
    return f'{{"data": [{", ".join(items)}]}}'.encode("ascii")


def read_samples(content: Any, limit: int) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Return the images and labels of a request body.

    Parameters
    ----------
    content
        The parsed JSON.
    limit
        The maximum number of samples.

    Returns
    -------
    images : (n, 784) float32 in [0, 1]
        n may be 0.
    labels : (n,) intp

    Raises
    ------
    ApiError
        422 with the position of the invalid value.
    """
    items = _only_key(content, "data")
    if not isinstance(items, list):
        raise ApiError(422, f"Expected a list of samples as “data”, found {kind_of(items)}.")
    if len(items) > limit:
        raise ApiError(422, f"Expected at most {limit:,} samples, found {len(items):,}.")
    images = np.empty((len(items), PIXELS), np.float32)
    labels = np.empty(len(items), np.intp)
    for index, item in enumerate(items):
        labels[index] = _read_target(item, index)
        images[index] = _read_image(item["image"], index)
    return images, labels


def _read_target(item: Any, index: int) -> int:
    if not isinstance(item, dict) or item.keys() != {"target", "image"}:
        raise ApiError(
            422, f"Expected an object with the keys “target” and “image” as sample {index}."
        )
    target = integer_value(item["target"])
    if target is None or not 0 <= target < CLASSES:
        raise ApiError(
            422, f"Expected an integer from 0 to {CLASSES - 1} as the target of sample {index}."
        )
    return target


def _read_image(pixels: Any, index: int) -> NDArray[np.float64]:
    if not isinstance(pixels, list) or len(pixels) != PIXELS:
        found = f"{len(pixels):,}" if isinstance(pixels, list) else kind_of(pixels)
        raise ApiError(
            422,
            f"Expected a list of {PIXELS} numbers as the image of sample {index}, found {found}.",
        )
    if not {type(pixel) for pixel in pixels} <= {int, float}:
        raise ApiError(422, f"Expected only numbers in the image of sample {index}.")
    if not (min(pixels) >= 0 and max(pixels) <= 1):
        raise ApiError(422, f"Expected pixels from 0 to 1 in sample {index}.")
    return np.array(pixels, np.float64)


def read_block_size(content: Any, limit: int) -> int:
    """Return n of `{"block": n}`; raise ApiError 422 unless 1 <= n <= limit."""
    size = integer_value(_only_key(content, "block"))
    if size is None or not 1 <= size <= limit:
        raise ApiError(422, f"Expected an integer from 1 to {limit:,} as “block”.")
    return size


def integer_value(value: Any) -> int | None:
    """Return an integral JSON number, also if written as 3.0; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not (math.isfinite(value) and value.is_integer()):
        return None
    return int(value)


def kind_of(value: Any) -> str:
    """Return the name of a JSON value's type for error messages."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return names.get(type(value), "nothing" if value is None else "a number")


def _only_key(content: Any, key: str) -> Any:
    if not isinstance(content, dict) or content.keys() != {key}:
        raise ApiError(422, f"Expected an object with the one key “{key}”.")
    return content[key]


def to_json(content: Any) -> bytes:
    """Return a JSON response; its numbers must be finite."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False).encode() + b"\n"
