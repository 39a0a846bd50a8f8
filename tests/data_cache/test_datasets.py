"""Data sets by name: the bundled digits, and folders of idx files."""

import hashlib
import os
import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from cache_helpers import error_of, numbered_samples
from sample_files import write_pair

from data_cache import DATA_SETS, data_folder, data_set_available, load_data_set, load_digits
from data_cache.datasets import LABELS_SHA256
from data_cache.download import MIRRORS, REMOTE_FILES

# The bundled digits


def test_the_readme_of_the_bundled_digits_records_checksums_authors_and_licence():
    folder = files("data_cache") / "digits"
    readme = (folder / "README.md").read_text(encoding="utf-8")
    recorded = dict(re.findall(r"\| `([^`]+\.gz)` \| `([0-9a-f]{64})` \|", readme))
    assert len(recorded) == 2
    for name, checksum in recorded.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == checksum
    for words in ("Yann LeCun", "Corinna Cortes", "Christopher J. C. Burges", "CC BY-SA 3.0"):
        assert words in readme


def test_the_parts_of_the_bundled_digits_are_balanced_and_disjoint(tmp_path):
    assert data_set_available("digits", tmp_path)
    digits = load_data_set("digits", tmp_path)
    assert digits.class_names == tuple("0123456789")
    parts = [digits.train, digits.validation, digits.test]
    for part, count in zip(parts, (400, 50, 50), strict=True):
        assert np.bincount(part.labels).tolist() == [count] * 10
    images = np.concatenate([part.images for part in parts])
    assert len({image.tobytes() for image in images}) == 5000
    assert images.max(axis=1).min() > 150


def test_the_bundled_digits_look_like_their_labels():
    """An image is nearest to the mean of its own class far more often than by chance."""
    digits = load_digits()
    means = np.stack(
        [digits.train.images[digits.train.labels == n].mean(axis=0) for n in range(10)]
    )
    distances = ((digits.test.images[:, None].astype(float) - means) ** 2).sum(axis=2)
    assert (distances.argmin(axis=1) == digits.test.labels).mean() > 0.75


# Data sets by name


def write_halves(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_pair(folder, numbered_samples(36))
    write_pair(folder, numbered_samples(5, first=1000), prefix="t10k")


@pytest.mark.parametrize("inside", ["mnist", "."])
def test_a_data_set_is_found_in_its_own_folder_or_in_the_folder_itself(
    tmp_path, inside, monkeypatch
):
    monkeypatch.setenv("INKLING_DATA", str(tmp_path))
    assert not data_set_available("mnist")
    write_halves(tmp_path / inside)
    assert data_set_available("mnist")
    data = load_data_set("mnist")
    # The last twelfth of the training half is the validation part.
    assert data.train.images[:, 0].tolist() == list(range(33))
    assert data.validation.images[:, 0].tolist() == [33, 34, 35]
    assert len(data.test) == 5


def test_a_folder_of_mnist_is_not_loaded_as_fashion_mnist(tmp_path, monkeypatch):
    write_halves(tmp_path)
    labels = (tmp_path / "train-labels-idx1-ubyte").read_bytes()
    monkeypatch.setitem(LABELS_SHA256, "mnist", hashlib.sha256(labels).hexdigest())
    assert data_set_available("mnist", tmp_path)
    assert not data_set_available("fashion-mnist", tmp_path)


def test_a_missing_data_set_is_refused_with_the_folders_and_the_remedy(tmp_path):
    message = error_of(load_data_set, "fashion-mnist", tmp_path)
    for text in (tmp_path, tmp_path / "fashion-mnist", "inkling data fetch fashion-mnist"):
        assert str(text) in message
    assert "INKLING_DATA" in message


@pytest.mark.parametrize("use", [load_data_set, data_set_available])
def test_an_unknown_data_set_is_refused_with_the_known_ones(use):
    assert f'{", ".join(DATA_SETS)}, found "cifar"' in error_of(use, "cifar")


@pytest.mark.parametrize("half", ["train", "t10k"])
def test_a_data_set_with_a_damaged_file_is_refused(tmp_path, half):
    write_halves(tmp_path)
    path = tmp_path / f"{half}-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    message = error_of(load_data_set, "mnist", tmp_path)
    assert message.startswith(f"{path}: ")
    assert "1 bytes missing" in message
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    assert data_set_available("mnist", tmp_path)


def test_the_folder_is_the_given_one_or_that_of_the_environment_or_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("INKLING_DATA", str(tmp_path / "a"))
    assert data_folder(tmp_path / "b") == tmp_path / "b"
    assert data_folder() == tmp_path / "a"
    monkeypatch.delenv("INKLING_DATA")
    assert data_folder().name == "inkling"


def test_each_data_set_has_ten_class_names_and_several_mirrors_if_it_is_not_bundled():
    assert all(len(set(card.class_names)) == 10 for card in DATA_SETS.values())
    full = [card.name for card in DATA_SETS.values() if not card.bundled]
    assert list(REMOTE_FILES) == list(MIRRORS) == list(LABELS_SHA256) == full
    for name in full:
        assert len(MIRRORS[name]) >= 2
        assert len({file.sha256 for file in REMOTE_FILES[name]}) == 4


@pytest.mark.skipif("INKLING_DATA" not in os.environ, reason="INKLING_DATA names no folder")
@pytest.mark.parametrize("name", REMOTE_FILES)
def test_the_table_of_checksums_agrees_with_the_files_as_distributed(name):
    folder = data_folder() / name
    for file in REMOTE_FILES[name]:
        if not (folder / file.name).exists():
            pytest.skip(f"{file.name} is not in the folder")
        content = (folder / file.name).read_bytes()
        assert len(content) == file.size
        assert hashlib.sha256(content).hexdigest() == file.sha256
    data = load_data_set(name)
    assert (len(data.train), len(data.validation), len(data.test)) == DATA_SETS[name].counts
