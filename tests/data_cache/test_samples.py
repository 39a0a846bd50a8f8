"""The records of samples check themselves; data sets are found by name."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from cache_helpers import idx_bytes, numbered_samples

from data_cache import (
    DATA_SETS,
    DataError,
    Samples,
    data_set_available,
    load_data_set,
    load_digits,
    to_float,
)
from data_cache.load import LABELS_SHA256, data_folder
from data_cache.remote_files import MIRRORS, REMOTE_FILES


@pytest.mark.parametrize(
    ("images", "labels", "sentence"),
    [
        (np.zeros((2, 783), np.uint8), np.zeros(2, np.uint8), "images of shape (n, 784) and dtype"),
        (np.zeros((2, 784), np.float32), np.zeros(2, np.uint8), "and dtype float32."),
        (np.zeros((2, 784), np.uint8), np.zeros((2, 1), np.uint8), "labels of shape (n,)"),
        (np.zeros((2, 784), np.uint8), np.zeros(2, np.int64), "and dtype int64."),
        (np.zeros((2, 784), np.uint8), np.zeros(3, np.uint8), "got 2 images and 3 labels."),
    ],
)
def test_samples_of_a_wrong_shape_or_dtype_are_refused(images, labels, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        Samples(images, labels)


def test_part_of_the_samples_keeps_images_and_labels_together():
    samples = numbered_samples(20)
    part = samples[np.array([3, 17])]
    assert (part.images[:, 0].tolist(), part.labels.tolist()) == ([3, 17], [3, 7])
    assert len(samples[5:9]) == 4


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


def test_an_unknown_part_is_refused():
    with pytest.raises(ValueError, match='train, validation, test; there is no "exam"'):
        load_digits().part("exam")


# Data sets by name


def write_halves(folder: Path, train=36, test=5) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for prefix, samples in (
        ("train", numbered_samples(train)),
        ("t10k", numbered_samples(test, first=1000)),
    ):
        images = idx_bytes(samples.images.reshape(-1, 28, 28))
        (folder / f"{prefix}-images-idx3-ubyte").write_bytes(images)
        (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(idx_bytes(samples.labels))


def test_digits_are_there_without_any_folder(tmp_path):
    assert data_set_available("digits", tmp_path)
    digits = load_data_set("digits", tmp_path)
    assert (digits.name, digits.title) == ("digits", "MNIST 5,000")
    assert digits.class_names == tuple("0123456789")


def test_the_last_twelfth_of_the_training_half_is_for_validation(tmp_path):
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


def test_a_folder_of_mnist_is_not_taken_for_fashion_mnist(tmp_path, monkeypatch):
    write_halves(tmp_path)
    labels = (tmp_path / "train-labels-idx1-ubyte").read_bytes()
    monkeypatch.setitem(LABELS_SHA256, "mnist", hashlib.sha256(labels).hexdigest())
    assert data_set_available("mnist", tmp_path)
    assert not data_set_available("fashion-mnist", tmp_path)


def test_a_data_set_that_is_not_there_says_how_to_get_it(tmp_path):
    with pytest.raises(DataError) as caught:
        load_data_set("fashion-mnist", tmp_path)
    assert str(caught.value) == (
        f"Fashion-MNIST was expected as idx files in {tmp_path / 'fashion-mnist'} or {tmp_path}, "
        "but is not there; fetch it with `inkling data fetch fashion-mnist`, or set INKLING_DATA "
        "to a folder that has it."
    )


def test_an_unknown_data_set_lists_those_that_there_are():
    for ask in (load_data_set, data_set_available):
        with pytest.raises(DataError, match='no data set "cifar"; choose one of digits, mnist, '):
            ask("cifar")


def test_damage_in_one_half_leaves_nothing_loaded(tmp_path):
    write_halves(tmp_path)
    path = tmp_path / "t10k-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"t10k-labels.*1 bytes missing"):
        load_data_set("mnist", tmp_path)


def test_the_folder_is_the_one_given_or_the_one_in_the_environment_or_the_cache(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("INKLING_DATA", str(tmp_path / "a"))
    assert data_folder(tmp_path / "b") == tmp_path / "b"
    assert data_folder() == tmp_path / "a"
    monkeypatch.delenv("INKLING_DATA")
    assert data_folder().name == "inkling"


def test_the_clothes_of_fashion_mnist_have_their_names():
    names = DATA_SETS["fashion-mnist"].class_names
    assert len(names) == 10
    assert (names[0], names[9]) == ("T-shirt/top", "Ankle boot")


def test_every_data_set_that_is_not_bundled_can_be_fetched_from_several_mirrors():
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


# Pixels


def test_every_pixel_value_keeps_its_place_between_0_and_1():
    pixels = np.arange(256, dtype=np.uint8)[None]
    floats = to_float(pixels)
    assert floats.dtype == np.float32
    assert (floats[0, 0], floats[0, 255]) == (0, 1)
    assert np.allclose(floats, np.arange(256) / 255, atol=1e-7)


def test_binarising_at_127_leaves_only_black_and_white():
    found = to_float(np.array([[0, 127, 128, 255]], np.uint8), 127)
    assert found.tolist() == [[0, 0, 1, 1]]
    assert found.dtype == np.float32


def test_floats_are_put_where_they_are_wanted():
    place = np.full((1, 3), 9, np.float32)
    assert to_float(np.array([[0, 51, 255]], np.uint8), out=place) is place
    assert np.allclose(place, [[0, 0.2, 1]])


@pytest.mark.parametrize("threshold", [-1, 256])
def test_a_threshold_that_is_no_pixel_value_is_refused(threshold):
    with pytest.raises(ValueError, match=f"from 0 to 255, but got {threshold}"):
        to_float(np.zeros((1, 1), np.uint8), threshold)


# Imports


def test_importing_the_package_loads_neither_pooch_nor_urllib_nor_screens():
    code = (
        "import sys, data_cache; "
        "print([m for m in ('pooch', 'requests', 'urllib.request', 'http.client', 'panel', "
        "'bokeh', 'param', 'nn', 'dashboard') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
