"""Data sets by name: the bundled digits, and folders of idx files."""

from __future__ import annotations

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


def test_the_bundled_files_have_the_checksums_that_their_readme_records():
    folder = files("data_cache") / "digits"
    readme = (folder / "README.md").read_text(encoding="utf-8")
    recorded = dict(re.findall(r"\| `([^`]+\.gz)` \| `([0-9a-f]{64})` \|", readme))
    assert len(recorded) == 2
    for name, checksum in recorded.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == checksum


def test_the_bundled_digits_name_their_authors_and_licence():
    readme = (files("data_cache") / "digits" / "README.md").read_text(encoding="utf-8")
    for words in ("Yann LeCun", "Corinna Cortes", "Christopher J. C. Burges", "CC BY-SA 3.0"):
        assert words in readme


def test_every_part_of_the_bundled_digits_has_each_digit_equally_often():
    digits = load_digits()
    for part, count in (("train", 400), ("validation", 50), ("test", 50)):
        assert np.bincount(digits.part(part).labels).tolist() == [count] * 10


def test_no_bundled_digit_is_in_two_parts_and_all_have_ink():
    digits = load_digits()
    images = np.concatenate([digits.part(p).images for p in ("train", "validation", "test")])
    assert len({image.tobytes() for image in images}) == 5000
    assert images.max(axis=1).min() > 150


def test_the_bundled_digits_look_like_their_labels():
    """A picture is nearest to the mean of its own class far more often than by chance."""
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


def test_digits_are_available_without_any_folder(tmp_path):
    assert data_set_available("digits", tmp_path)
    digits = load_data_set("digits", tmp_path)
    assert (digits.name, digits.title) == ("digits", "MNIST 5,000")
    assert digits.class_names == tuple("0123456789")


def test_the_last_twelfth_of_the_training_half_is_the_validation_part(tmp_path):
    write_halves(tmp_path / "mnist")
    data = load_data_set("mnist", tmp_path)
    assert data.train.images[:, 0].tolist() == list(range(33))
    assert data.validation.images[:, 0].tolist() == [33, 34, 35]
    assert len(data.test) == 5


@pytest.mark.parametrize("inside", ["mnist", "."])
def test_a_data_set_is_found_in_its_own_folder_or_in_the_folder_itself(
    tmp_path, inside, monkeypatch
):
    monkeypatch.setenv("INKLING_DATA", str(tmp_path))
    assert not data_set_available("mnist")
    write_halves(tmp_path / inside)
    assert data_set_available("mnist")
    assert len(load_data_set("mnist").train) == 33


def test_a_folder_of_mnist_is_not_loaded_as_fashion_mnist(tmp_path, monkeypatch):
    write_halves(tmp_path)
    labels = (tmp_path / "train-labels-idx1-ubyte").read_bytes()
    monkeypatch.setitem(LABELS_SHA256, "mnist", hashlib.sha256(labels).hexdigest())
    assert data_set_available("mnist", tmp_path)
    assert not data_set_available("fashion-mnist", tmp_path)


def test_a_missing_data_set_is_refused_with_the_folders_and_the_remedy(tmp_path):
    message = error_of(load_data_set, "fashion-mnist", tmp_path)
    assert f"in {tmp_path / 'fashion-mnist'} or {tmp_path}, found none" in message
    assert "`inkling data fetch fashion-mnist`" in message
    assert "INKLING_DATA" in message


@pytest.mark.parametrize("ask", [load_data_set, data_set_available])
def test_an_unknown_data_set_is_refused_with_the_known_ones(ask):
    message = error_of(ask, "cifar")
    assert message.endswith('expected one of digits, mnist, fashion-mnist, found "cifar".')


def test_damage_in_one_half_leaves_nothing_loaded(tmp_path):
    write_halves(tmp_path)
    path = tmp_path / "t10k-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    assert re.search(r"t10k-labels.*1 bytes missing", error_of(load_data_set, "mnist", tmp_path))


def test_the_folder_is_the_one_given_or_the_one_in_the_environment_or_the_cache(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("INKLING_DATA", str(tmp_path / "a"))
    assert data_folder(tmp_path / "b") == tmp_path / "b"
    assert data_folder() == tmp_path / "a"
    monkeypatch.delenv("INKLING_DATA")
    assert data_folder().name == "inkling"


def test_the_classes_of_fashion_mnist_have_names():
    names = DATA_SETS["fashion-mnist"].class_names
    assert len(names) == 10
    assert (names[0], names[9]) == ("T-shirt/top", "Ankle boot")


def test_each_data_set_that_is_not_bundled_has_several_mirrors():
    full = [card.name for card in DATA_SETS.values() if not card.bundled]
    assert list(REMOTE_FILES) == list(MIRRORS) == list(LABELS_SHA256) == full
    for name in full:
        assert len(MIRRORS[name]) >= 2
        assert len({file.sha256 for file in REMOTE_FILES[name]}) == 4


@pytest.mark.skipif("INKLING_DATA" not in os.environ, reason="INKLING_DATA names no folder")
@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_the_table_of_checksums_agrees_with_the_files_as_distributed(name):
    folder = data_folder() / name
    for file in REMOTE_FILES[name]:
        if not (folder / file.name).exists():
            pytest.skip(f"{file.name} is not in the folder")
        content = (folder / file.name).read_bytes()
        assert len(content) == file.size
        assert hashlib.md5(content).hexdigest() == file.md5
        assert hashlib.sha256(content).hexdigest() == file.sha256
    data = load_data_set(name)
    assert (len(data.train), len(data.validation), len(data.test)) == DATA_SETS[name].counts
