"""Files of samples in the formats that are read: idx pairs and CSV."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from cache_helpers import idx_bytes

from data_cache import Samples

IMAGES_NAME, LABELS_NAME = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
HEADER = "label," + ",".join(f"p{number}" for number in range(784))


def images_bytes(samples: Samples) -> bytes:
    """The images as an idx file."""
    return idx_bytes(samples.images.reshape(-1, 28, 28))


def write_pair(
    folder: Path,
    samples: Samples,
    compress: Callable[[bytes], bytes] = bytes,
    suffix: str = "",
    prefix: str = "train",
) -> tuple[Path, Path]:
    """Write samples as a pair of idx files; return their paths."""
    images = folder / f"{prefix}-images-idx3-ubyte{suffix}"
    images.write_bytes(compress(images_bytes(samples)))
    labels = folder / f"{prefix}-labels-idx1-ubyte{suffix}"
    labels.write_bytes(compress(idx_bytes(samples.labels)))
    return images, labels


def csv_bytes(samples: Samples, header: str = HEADER) -> bytes:
    """The samples as a CSV file."""
    table = np.concatenate([samples.labels[:, None], samples.images], axis=1)
    rows = [",".join(map(str, row)) for row in table.tolist()]
    return "\n".join([*([header] if header else []), *rows, ""]).encode()
