"""Samples as they travel: `{"data": [{"target": 7, "image": [784 numbers]}]}`, as in S0.

What comes in is checked to the last number before anybody computes with it.
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
# Only 256 different numbers can occur, so each is written once.
_PIXEL_TEXT = [str(value) for value in to_float(np.arange(256, dtype=np.uint8))]


def samples_json(samples: Samples) -> bytes:
    """Write samples with their pixels as numbers from 0 to 1."""
    texts = _PIXEL_TEXT
    items = (
        f'{{"target": {label}, "image": [{", ".join([texts[pixel] for pixel in image])}]}}'
        for image, label in zip(samples.images.tolist(), samples.labels.tolist(), strict=True)
    )
    return f'{{"data": [{", ".join(items)}]}}'.encode("ascii")


def read_samples(content: Any, limit: int) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Read samples to learn from.

    Returns
    -------
    Images (n, 784) float32 in [0, 1], and labels (n,); n may be 0.

    Raises
    ------
    ApiError
        422, with the place of what is wrong.
    """
    items = _only_key(content, "data")
    if not isinstance(items, list):
        raise ApiError(422, f"“data” has to be a list of samples; found {kind_of(items)}.")
    if len(items) > limit:
        raise ApiError(422, f"At most {limit:,} samples are taken at once; found {len(items):,}.")
    images = np.empty((len(items), PIXELS), np.float32)
    labels = np.empty(len(items), np.intp)
    for index, item in enumerate(items):
        labels[index] = _read_target(item, index)
        images[index] = _read_image(item["image"], index)
    return images, labels


def _read_target(item: Any, index: int) -> int:
    if not isinstance(item, dict) or item.keys() != {"target", "image"}:
        raise ApiError(
            422, f"Sample {index} has to be an object with “target” and “image” and nothing else."
        )
    target = whole_number(item["target"])
    if target is None or not 0 <= target < CLASSES:
        raise ApiError(
            422, f"The target of sample {index} has to be a whole number from 0 to {CLASSES - 1}."
        )
    return target


def _read_image(pixels: Any, index: int) -> NDArray[np.float64]:
    if not isinstance(pixels, list) or len(pixels) != PIXELS:
        found = f"{len(pixels):,}" if isinstance(pixels, list) else kind_of(pixels)
        raise ApiError(
            422, f"The image of sample {index} has to be a list of {PIXELS} numbers; found {found}."
        )
    if not {type(pixel) for pixel in pixels} <= {int, float}:
        raise ApiError(422, f"The image of sample {index} has to be of numbers alone.")
    if not (min(pixels) >= 0 and max(pixels) <= 1):
        raise ApiError(422, f"The pixels of sample {index} have to be from 0 to 1.")
    return np.array(pixels, np.float64)


def read_block_size(content: Any, limit: int) -> int:
    """Read `{"block": n}`; ApiError 422 when n is not from 1 to the limit."""
    size = whole_number(_only_key(content, "block"))
    if size is None or not 1 <= size <= limit:
        raise ApiError(422, f"“block” takes a whole number of samples from 1 to {limit:,}.")
    return size


def whole_number(value: Any) -> int | None:
    """Return a JSON number that is whole, also when it is written 3.0; None for all else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not (math.isfinite(value) and value.is_integer()):
        return None
    return int(value)


def kind_of(value: Any) -> str:
    """Name the kind of a JSON value."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return names.get(type(value), "nothing" if value is None else "a number")


def _only_key(content: Any, key: str) -> Any:
    if not isinstance(content, dict) or content.keys() != {key}:
        raise ApiError(422, f"An object with “{key}” and nothing else was expected.")
    return content[key]


def to_json(content: Any) -> bytes:
    """Write an answer; numbers in it have to be finite."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False).encode() + b"\n"
