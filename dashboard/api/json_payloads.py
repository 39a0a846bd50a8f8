"""JSON of requests and responses: a strict parser of bounded memory, and the payloads of samples.

Python's parser accepts NaN and repeated keys, and builds millions of lists from a few megabytes;
all of that is rejected here, and every value of a request is validated before it is used. Samples
are `{"data": [{"target": 7, "image": [784 numbers]}]}`.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from dashboard.api.errors import ApiError
from dashboard.api.operation import JSON
from dashboard.sample_warnings import network_warnings
from data_cache import DIGIT_NAMES, DataError, Samples, to_float
from data_cache.readers.file_kinds import identify
from data_cache.readers.paths import parse_samples
from data_cache.samples import PIXELS
from nn import load_pretrained

CLASSES = len(DIGIT_NAMES)
MAX_TOKENS = 200_000
"""Brackets, braces and quotation marks: a sample has eight, the widest network some 33,000."""
# Only 256 different values can occur, so each is formatted once.
_PIXEL_TEXT = [str(value) for value in to_float(np.arange(256, dtype=np.uint8))]


def read_json(body: bytes) -> Any:
    """Return the parsed JSON of a request body.

    Raises
    ------
    ApiError
        400 if it is not JSON; 422 if it is nested too deeply, has repeated keys or too many tokens.
    """
    if not body.strip():
        raise ApiError(400, "Expected a JSON body, found an empty one.")
    if sum(body.count(mark) for mark in (b"[", b"{", b'"')) > MAX_TOKENS:
        raise ApiError(
            422, f"Expected JSON with at most {MAX_TOKENS:,} brackets, braces and quotation marks."
        )
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ApiError(
            400, f"Expected JSON in UTF-8, found another encoding at byte {error.start:,}."
        ) from error
    try:
        return json.loads(
            text, parse_constant=_reject_constant, object_pairs_hook=_reject_repeated_keys
        )
    except RecursionError as error:
        raise ApiError(
            422, "Expected JSON of moderate depth, found too many nested levels."
        ) from error
    except json.JSONDecodeError as error:
        raise ApiError(
            400, f"Expected valid JSON, found an error at character {error.pos:,}: {error.msg}."
        ) from error
    except ValueError as error:  # an integer of thousands of digits
        raise ApiError(422, f"Expected numbers of usual size in the JSON: {error}.") from error


def _reject_constant(text: str) -> NoReturn:
    raise ApiError(400, f"Expected valid JSON, found {text}, which is not a JSON number.")


def _reject_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(key for key, _ in pairs)  # linear, for bodies with thousands of keys
        repeated = next(key for key, count in counts.items() if count > 1)
        raise ApiError(422, f"Expected unique keys in each object, found “{repeated[:40]}” twice.")
    return found


def to_json(content: Any) -> bytes:
    """Return a JSON response; its numbers must be finite."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def samples_json(samples: Samples) -> bytes:
    """Return samples as JSON, their pixels as numbers in [0, 1]."""
    texts = _PIXEL_TEXT
    items = (
        f'{{"target": {label}, "image": [{", ".join([texts[pixel] for pixel in image])}]}}'
        for image, label in zip(samples.images.tolist(), samples.labels.tolist(), strict=True)
    )
    return f'{{"data": [{", ".join(items)}]}}'.encode("ascii")


def read_sample_body(
    body: bytes, media_type: str, limit: int, max_bytes: int
) -> tuple[NDArray[np.float32], NDArray[np.intp], tuple[str, ...]]:
    """Return the images and labels of a request body, JSON or a file of samples, with warnings.

    Parameters
    ----------
    body
        The decompressed body; its first bytes tell its format.
    media_type
        What the client says; it matters only for bodies of no known format.
    limit, max_bytes
        The maximum number of samples, and of bytes to which a file may unpack.

    Raises
    ------
    ApiError
        As `read_json` and `read_samples`; 422 if a file is no file of labelled samples.
    """
    kind = identify(body)
    if kind.name == "json" or (kind.name in ("text", "unknown", "empty") and media_type == JSON):
        images, labels = read_samples(read_json(body), limit)
        levels = np.rint(images * 255).astype(np.uint8)
        samples = Samples(levels, labels.astype(np.uint8))
        return images, labels, tuple(network_warnings(samples, load_pretrained()))
    try:
        file = parse_samples(body, "the body", limit=max_bytes)
        samples = file.labelled()
    except DataError as error:
        raise ApiError(422, str(error)) from error
    _check_count(len(samples), limit)
    warnings = file.warnings or tuple(network_warnings(samples, load_pretrained()))
    return to_float(samples.images), samples.labels.astype(np.intp), warnings


def _check_count(count: int, limit: int) -> None:
    if count > limit:
        raise ApiError(422, f"Expected at most {limit:,} samples, found {count:,}.")


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
        raise ApiError(422, f"Expected a list of samples as “data”, found {_type_name(items)}.")
    _check_count(len(items), limit)
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
    target = _integer(item["target"])
    if target is None or not 0 <= target < CLASSES:
        raise ApiError(
            422, f"Expected an integer from 0 to {CLASSES - 1} as the target of sample {index}."
        )
    return target


def _read_image(pixels: Any, index: int) -> NDArray[np.float64]:
    if not isinstance(pixels, list) or len(pixels) != PIXELS:
        found = f"{len(pixels):,}" if isinstance(pixels, list) else _type_name(pixels)
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
    size = _integer(_only_key(content, "block"))
    if size is None or not 1 <= size <= limit:
        raise ApiError(422, f"Expected an integer from 1 to {limit:,} as “block”.")
    return size


def _integer(value: Any) -> int | None:
    """Return an integral JSON number, also if written as 3.0; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not (math.isfinite(value) and value.is_integer()):
        return None
    return int(value)


def _type_name(value: Any) -> str:
    """Return the name of a JSON value's type."""
    names = {dict: "an object", list: "a list", str: "a string", bool: "a Boolean"}
    return names.get(type(value), "null" if value is None else "a number")


def _only_key(content: Any, key: str) -> Any:
    if not isinstance(content, dict) or content.keys() != {key}:
        raise ApiError(422, f"Expected an object with the one key “{key}”.")
    return content[key]
