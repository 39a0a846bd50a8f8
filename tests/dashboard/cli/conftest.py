import gzip
import os
import shutil
import struct
from pathlib import Path

import pytest
from training_helpers import few_samples, write_csv

from data_cache import Samples


def write_idx(folder: Path, prefix: str, samples: Samples, pack: bool) -> Path:
    """Write the two idx files of one part and return the path of the images."""
    images = struct.pack(">4B3I", 0, 0, 8, 3, len(samples), 28, 28) + samples.images.tobytes()
    labels = struct.pack(">4BI", 0, 0, 8, 1, len(samples)) + samples.labels.tobytes()
    ending = ".gz" if pack else ""
    for name, content in (("images-idx3", images), ("labels-idx1", labels)):
        path = folder / f"{prefix}-{name}-ubyte{ending}"
        path.write_bytes(gzip.compress(content, mtime=0) if pack else content)
    return folder / f"{prefix}-images-idx3-ubyte{ending}"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    """Run every command in an empty folder, with only the bundled data set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INKLING_DATA", str(tmp_path / "no-data-sets"))


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory) -> Path:
    """Return a folder with 300 training and 100 test digits in every format."""
    folder = tmp_path_factory.mktemp("data")
    train, test = few_samples(300), few_samples(100, 1000)
    for name, pack in (("idx", False), ("idx-gz", True)):
        (folder / name).mkdir()
        write_idx(folder / name, "train", train, pack)
        write_idx(folder / name, "t10k", test, pack)
    for name, samples in (("train.csv", train), ("test.csv", test)):
        path = write_csv(folder / name, samples)
        with path.open("rb") as plain, gzip.open(folder / f"{name}.gz", "wb") as packed:
            shutil.copyfileobj(plain, packed)
    return folder


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """Return an environment in which a subprocess finds the packages."""
    root = str(Path(__file__).parents[3])
    return {**os.environ, "PYTHONPATH": root, "PYTHONUNBUFFERED": "1"}
