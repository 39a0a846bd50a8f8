"""Reads samples from NumPy's files: Keras's `mnist.npz` and its kind, and single arrays.

Nothing in them is executed: arrays of Python objects are refused.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from data_cache.errors import DataError
from data_cache.readers.archives import MAX_UNPACKED
from data_cache.readers.sample_file import (
    CLASS_COUNT,
    ReadOptions,
    SampleFile,
    check_label_range,
    make_sample_file,
)
from data_cache.readers.table_layout import find_layout
from data_cache.readers.text import digit_of_text, excerpt
from data_cache.samples import PIXELS, SIDE
from data_cache.texts import gettext

_IMAGE_NAMES = ("x", "images", "image", "data", "pixels", "features", "inputs")
_LABEL_NAMES = ("y", "labels", "label", "targets", "target", "classes", "outputs")
_SHAPES = ((SIDE, SIDE), (PIXELS,), (SIDE, SIDE, 1), (1, SIDE, SIDE))
_HALVES = {"train": ("train", "training"), "test": ("test", "testing", "validation", "val")}


def parse_npz(
    content: bytes,
    name: str,
    part: str,
    options: ReadOptions | None = None,
    limit: int = MAX_UNPACKED,
) -> SampleFile:
    """Read the samples of one half, "train" or "test", of a `.npz` archive.

    It has `x_train`, `y_train`, `x_test`, `y_test`, as Keras's `mnist.npz`, or images and labels
    under names such as `images` and `labels`. `options` as in `ReadOptions`.

    Raises
    ------
    DataError
        If the archive is damaged, has no such arrays, or they unpack to more than `limit` bytes.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            names = {key.rsplit("/", 1)[-1].lower(): key for key in archive.files}
            images_key = _find(names, _IMAGE_NAMES, part)
            labels_key = _find(names, _LABEL_NAMES, part)
            how = gettext("arrays {images}", images=images_key)
            if images_key is None:
                images_key, labels_key = _find_by_shape(archive)
                how = gettext(
                    "arrays {images}, {labels}",
                    images=images_key,
                    labels=labels_key,
                )
            if images_key is None:
                is_network = "w0" in names or any(".weight" in it for it in names)
                hint = gettext("; weights are named with --weight-path") if is_network else ""
                raise DataError(
                    gettext(
                        "{name}: expected arrays such as x_train and y_train, or images "
                        "and labels, found {names}{hint}.",
                        name=name,
                        names=", ".join(sorted(names))[:150] or gettext("no arrays"),
                        hint=hint,
                    )
                )
            members = [archive.zip.NameToInfo.get(f"{key}.npy") for key in (images_key, labels_key)]
            if sum(member.file_size for member in members if member is not None) > limit:
                raise DataError(
                    gettext(
                        "{name}: expected at most {limit:,} bytes after decompression, found more.",
                        name=name,
                        limit=limit,
                    )
                )
            images = archive[images_key]
            labels = None if labels_key is None else archive[labels_key]
    except DataError:
        raise
    except Exception as error:  # zipfile, zlib and NumPy raise a dozen kinds
        raise _unreadable(name, gettext("an intact .npz archive of numbers"), error) from error
    return _sample_file(name, images, labels, how, options or ReadOptions())


def parse_npy(content: bytes, name: str, options: ReadOptions | None = None) -> SampleFile:
    """Read samples from a single array: pictures without labels, or a table as in a CSV file."""
    try:
        array = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    except Exception as error:  # damaged headers raise several kinds
        raise _unreadable(name, gettext("an intact .npy file of numbers"), error) from error
    options = options or ReadOptions()
    if array.ndim == 2 and array.shape[1] == PIXELS + 1 and array.dtype.kind in "iuf":
        layout = find_layout(None, array, options.label_column, name)
        labels = None if layout.label is None else array[:, layout.label]
        return _sample_file(
            name, array[:, list(layout.pixels)], labels, gettext("one array"), options
        )
    return _sample_file(name, array, None, gettext("one array"), options)


def _unreadable(name: str, expected: str, error: Exception) -> DataError:
    """Return the error of an array that NumPy refuses."""
    if isinstance(error, ValueError) and "bject arrays" in str(error):
        found = gettext(
            "Python objects, which are never opened; save the array as numbers: "
            "array.astype(numpy.uint8)"
        )
    else:
        found = gettext("a damaged one; get the file again")
    return DataError(
        gettext(
            "{name}: expected {expected}, found {found}.", name=name, expected=expected, found=found
        )
    )


def _find_by_shape(archive: Any) -> tuple[str | None, str | None]:
    """Return the arrays of images and of their labels where shapes leave no doubt, as of arr_0."""
    arrays = {key: archive[key] for key in archive.files} if len(archive.files) == 2 else {}
    images = [
        key
        for key, array in arrays.items()
        if array.shape[1:] in _SHAPES and len(array) and array.min() >= 0
    ]
    if len(images) != 1:
        return None, None
    (labels,) = arrays.keys() - images
    count, dtype = len(arrays[images[0]]), arrays[labels].dtype
    is_label = arrays[labels].shape in ((count,), (count, 1), (count, CLASS_COUNT))
    return (images[0], labels) if is_label and dtype.kind in "iub" else (None, None)


def _find(names: Mapping[str, str], words: tuple[str, ...], part: str) -> str | None:
    """Return the array whose name is one of `words`, alone or with the name of the half."""
    for word in words:
        for half in _HALVES[part]:
            for text in (f"{word}_{half}", f"{half}_{word}", f"{word}{half}"):
                if text in names:
                    return names[text]
    others = [half for words in _HALVES.values() for half in words]
    if any(other in text for text in names for other in others):
        return None
    return next((names[word] for word in words if word in names), None)


def _numbers_of_texts(labels: np.ndarray, name: str) -> np.ndarray:
    """Return the digits that texts name; raise a DataError if one names none."""
    texts = labels.astype(str)
    digits = {text: digit_of_text(str(text)) for text in np.unique(texts)}
    wrong = [text for text, digit in digits.items() if digit is None]
    if wrong:
        raise DataError(
            gettext(
                "{name}: expected labels from 0 to {last}, found {found}.",
                name=name,
                last=CLASS_COUNT - 1,
                found=excerpt(str(wrong[0])),
            )
        )
    return np.array([digits[text] for text in texts.reshape(-1)], np.int64).reshape(labels.shape)


def _sample_file(name: str, images: Any, labels: Any, how: str, options: ReadOptions) -> SampleFile:
    shape = images.shape
    if images.dtype.kind not in "iufb" or shape[:1] == (0,):
        raise DataError(
            gettext(
                "{name}: expected images as numbers, found {dtype} {shape}.",
                name=name,
                dtype=images.dtype,
                shape=shape,
            )
        )
    if shape[1:] not in _SHAPES:
        raise DataError(
            gettext(
                "{name}: expected images of the shape (n, {side}, {side}) or (n, "
                "{pixels}), found {shape}.",
                name=name,
                side=SIDE,
                pixels=PIXELS,
                shape=shape,
            )
        )
    pixels = images.reshape(-1, PIXELS)
    if pixels.dtype != np.uint8:
        pixels = pixels.astype(np.float64)
        if not np.isfinite(pixels).all():
            raise DataError(
                gettext("{name}: expected finite pixels, found NaN or infinity.", name=name)
            )
    found = None
    if labels is not None:
        if labels.ndim == 2 and labels.shape[1] == CLASS_COUNT and labels.dtype.kind in "iufb":
            is_one_hot = np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) == 1).all()
            if not is_one_hot:
                raise DataError(
                    gettext(
                        "{name}: expected one label for each image, or rows with a single "
                        "1, found rows of {count} other numbers, perhaps "
                        "probabilities.",
                        name=name,
                        count=CLASS_COUNT,
                    )
                )
            labels = labels.argmax(axis=1)  # as for Keras
        if labels.dtype.kind in "US":
            labels = _numbers_of_texts(labels, name)
        if labels.shape not in ((len(pixels),), (len(pixels), 1)) or labels.dtype.kind not in "iuf":
            raise DataError(
                gettext(
                    "{name}: expected one label for each of {count:,} images, found "
                    "{dtype} {shape}.",
                    name=name,
                    count=len(pixels),
                    dtype=labels.dtype,
                    shape=labels.shape,
                )
            )
        wrong = np.flatnonzero(labels != np.rint(labels))
        if len(wrong):
            raise DataError(
                gettext(
                    "{name}, label {index}: expected a whole number, found {found:g}.",
                    name=name,
                    index=wrong[0],
                    found=float(labels.reshape(-1)[wrong[0]]),
                )
            )
        found = check_label_range(
            labels.reshape(-1).astype(np.int64),
            lambda index: gettext("{name}, label {index}", name=name, index=index),
        )
    return make_sample_file(name, pixels, found, how, options)
