"""Own digits as files: a ZIP archive with the two files of MNIST's format, or with pictures.

Both are read again by the reader that reads all files of samples.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Mapping, Sequence

import numpy as np

from dashboard.languages.text import gettext
from dashboard.shell.pictures import encode_png, ink_pixels
from dashboard.teaching.own_digits import LARGEST_FILE, OwnDigit, digits_of, samples_of
from data_cache import DataError, to_float
from data_cache.readers.paths import parse_samples
from data_cache.samples import SIDE

_DATE = (1980, 1, 1, 0, 0, 0)


def to_idx_archive(digits: Sequence[OwnDigit]) -> bytes:
    """Return own digits as a ZIP archive of two gzip-compressed idx files, named as MNIST's are."""
    samples = samples_of(digits)
    images = samples.images.reshape(-1, SIDE, SIDE)
    return _zip(
        {
            "train-images-idx3-ubyte.gz": _idx(images),
            "train-labels-idx1-ubyte.gz": _idx(samples.labels),
        }
    )


def to_picture_archive(digits: Sequence[OwnDigit]) -> bytes:
    """Return own digits as a ZIP archive of PNG pictures, in a folder for each label."""
    files = {}
    for number, digit in enumerate(digits, 1):
        pixels = ink_pixels(to_float(digit.image[np.newaxis]).reshape(SIDE, SIDE))
        files[f"{digit.label}/{digit.label}-{number:03}.png"] = encode_png(pixels)
    return _zip(files)


def read_digits(content: bytes, name: str) -> list[OwnDigit]:
    """Return the labelled digits of any file of samples.

    Parameters
    ----------
    content
        Of the file; see `data_cache.readers.paths.parse_samples`.
    name
        Of the file, for messages.

    Raises
    ------
    DataError
        It has no labelled digits, is damaged, or unpacks to more than `LARGEST_FILE` bytes.
    """
    file = parse_samples(content, name, limit=LARGEST_FILE)
    if not file.is_labelled:
        raise DataError(
            gettext(
                "{name}: expected digits with labels, found {description}.",
                name=name,
                description=file.description,
            )
        )
    return digits_of(file.samples)


def _idx(values: np.ndarray) -> bytes:
    header = bytes((0, 0, 8, values.ndim)) + np.array(values.shape, ">u4").tobytes()
    return gzip.compress(header + values.tobytes(), mtime=0)


def _zip(files: Mapping[str, bytes]) -> bytes:
    """Return files as a ZIP archive, equal to the byte for equal files."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as packed:
        for name, content in files.items():
            packed.writestr(zipfile.ZipInfo(name, _DATE), content)
    return archive.getvalue()
