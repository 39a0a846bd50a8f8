"""Samples from any path: a folder, an idx file or a CSV file."""

import bz2
import gzip
import io
import lzma
import os
import threading
import zipfile
from functools import partial

import numpy as np
import pytest
from cache_helpers import error_of, numbered_samples, same
from sample_files import IMAGES_NAME, LABELS_NAME, csv_bytes, images_bytes, write_pair

from data_cache import ReadOptions, Samples, load_digits, open_samples, read_samples
from data_cache.readers.paths import parse_samples


def test_a_path_may_be_a_folder_an_idx_file_or_csv(tmp_path, compress):
    samples = numbered_samples(4)
    write_pair(tmp_path, samples, compress, suffix=".gz")
    (tmp_path / "x.csv").write_bytes(compress(csv_bytes(samples)))
    assert same(open_samples(tmp_path), samples)
    assert same(open_samples(tmp_path / (IMAGES_NAME + ".gz")), samples)
    assert same(open_samples(tmp_path / "x.csv"), samples)


def test_a_folder_has_a_training_and_a_test_half(tmp_path):
    write_pair(tmp_path, numbered_samples(4))
    write_pair(tmp_path, numbered_samples(2, first=50), prefix="t10k")
    assert same(open_samples(tmp_path, "train"), numbered_samples(4))
    assert same(open_samples(tmp_path, "test"), numbered_samples(2, first=50))
    assert 'found "validation"' in error_of(open_samples, tmp_path, "validation")


def test_a_folder_without_samples_is_refused_with_the_expected_names(tmp_path):
    message = error_of(open_samples, tmp_path)
    assert message.startswith(f"{tmp_path}: expected")
    assert "train-images-idx3-ubyte.gz" in message


def test_a_damaged_idx_file_is_not_read_as_csv(tmp_path):
    path = tmp_path / (IMAGES_NAME + ".gz")
    path.write_bytes(gzip.compress(images_bytes(numbered_samples(50)))[:60])
    assert "complete gzip" in error_of(open_samples, path)
    path.write_bytes(b"\x1f\x8b" + bytes(20))
    assert "gzip stream at byte 0" in error_of(open_samples, path)
    path.write_bytes(b"damaged from the start")
    assert "found 64 61 6d 61 at byte 0" in error_of(open_samples, path)


@pytest.mark.parametrize("inner", ["MNIST/raw", "inside", "."])
@pytest.mark.parametrize("prefix", ["", "emnist-digits-", "qmnist-"])
def test_idx_files_are_found_in_a_folder_inside_and_behind_the_name_of_a_data_set(
    tmp_path, inner, prefix
):
    folder = tmp_path / inner
    folder.mkdir(parents=True, exist_ok=True)
    write_pair(folder, numbered_samples(4), prefix=f"{prefix}train")
    write_pair(folder, numbered_samples(3, first=7), prefix=f"{prefix}test")
    assert same(open_samples(tmp_path), numbered_samples(4))
    assert same(open_samples(tmp_path, "test"), numbered_samples(3, first=7))


def test_a_folder_with_a_table_for_each_half_is_read_by_halves(tmp_path):
    (tmp_path / "train.csv").write_bytes(csv_bytes(numbered_samples(6)))
    (tmp_path / "test.csv").write_bytes(csv_bytes(numbered_samples(4)))
    (tmp_path / "sample_submission.csv").write_text("ImageId,Label\n1,0\n")
    assert len(open_samples(tmp_path, "train")) == 6
    assert len(open_samples(tmp_path, "test")) == 4


def test_several_data_sets_in_one_folder_are_refused_with_their_names(tmp_path):
    for name in ("digits", "letters"):
        write_pair(tmp_path, numbered_samples(4), prefix=f"emnist-{name}-train")
    message = error_of(open_samples, tmp_path)
    assert "emnist-digits-train-images" in message
    assert "emnist-letters-train-images" in message


def test_an_archive_of_keras_has_two_halves(tmp_path):
    train, test = numbered_samples(6), numbered_samples(4, first=9)
    np.savez(
        tmp_path / "mnist.npz",
        x_train=train.images.reshape(-1, 28, 28),
        y_train=train.labels,
        x_test=test.images.reshape(-1, 28, 28, 1) / 255,
        y_test=np.eye(10)[test.labels],
    )
    assert same(open_samples(tmp_path / "mnist.npz"), train)
    assert same(open_samples(tmp_path, "test"), test)


def test_a_single_array_has_no_labels_unless_it_is_a_table(tmp_path):
    samples = numbered_samples(6)
    np.save(tmp_path / "x.npy", samples.images.astype(float))
    found = read_samples(tmp_path / "x.npy")
    assert not found.is_labelled
    assert np.array_equal(found.samples.images, samples.images)
    np.save(tmp_path / "x.npy", np.concatenate([samples.labels[:, None], samples.images], axis=1))
    assert same(open_samples(tmp_path / "x.npy"), samples)


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress, gzip.compress])
def test_other_compressions_are_recognised_by_their_first_bytes(tmp_path, pack):
    samples = numbered_samples(4)
    path = tmp_path / "digits.csv"
    path.write_bytes(pack(csv_bytes(samples)))
    assert same(open_samples(path), samples)
    path.write_bytes(pack(csv_bytes(samples))[:-9])
    assert error_of(open_samples, path).startswith(f"{path}: expected")


def test_a_file_alone_in_a_zip_archive_is_read_and_several_are_named(tmp_path):
    path = tmp_path / "digits.csv"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner/train.csv", csv_bytes(numbered_samples(4)))
        archive.writestr("__MACOSX/inner/._train.csv", b"\0")
    assert same(open_samples(path), numbered_samples(4))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("inner/test.csv", csv_bytes(numbered_samples(4)))
    message = error_of(open_samples, path)
    assert "“inner/train.csv”, “inner/test.csv”" in message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_read_once(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(csv_bytes(numbered_samples(4)),))
    writer.start()
    assert same(open_samples(pipe), numbered_samples(4))
    writer.join()


def test_samples_without_labels_are_refused_for_training_and_evaluation(tmp_path):
    samples = numbered_samples(4)
    path = tmp_path / "test.csv"
    rows = csv_bytes(samples).split(b"\n")
    path.write_bytes(b"\n".join(row.split(b",", 1)[-1] for row in rows))
    found = read_samples(path)
    assert (found.is_labelled, len(found.samples)) == (False, 4)
    assert np.array_equal(found.samples.images, samples.images)
    assert "no labels" in found.description
    assert "no labels" in error_of(open_samples, path)


def test_options_correct_what_a_file_says(tmp_path):
    samples = numbered_samples(4)
    samples.images[:, 1] = 3
    write_pair(tmp_path, samples)
    turned = read_samples(tmp_path, options=ReadOptions(transpose=True)).samples.images
    assert np.array_equal(
        turned.reshape(-1, 28, 28), samples.images.reshape(-1, 28, 28).transpose(0, 2, 1)
    )
    assert np.array_equal(
        read_samples(tmp_path, options=ReadOptions(invert=True)).samples.images,
        255 - samples.images,
    )
    scaled = read_samples(tmp_path, options=ReadOptions(scale=10)).samples.images
    assert np.array_equal(scaled, 10 * samples.images)
    assert "3 times 100" in error_of(read_samples, tmp_path, "train", ReadOptions(scale=100))


@pytest.mark.parametrize(
    ("images", "labels", "word"),
    [
        (np.full((12, 784), 250), [1, 2] * 6, "--invert"),
        (np.full((12, 784), 9), [1, 2] * 6, "--scale"),
        (np.zeros((12, 784)), [1, 2] * 6, "blank"),
        (np.eye(12, 784) * 255, [7] * 12, "label 7"),
        (np.eye(9, 784) * 255, range(9), "row numbers"),
        (np.eye(9, 784) * 255, range(1, 10), "row numbers"),
    ],
    ids=["paper", "dark", "blank", "one label", "rows", "rows from 1"],
)
def test_implausible_samples_are_read_with_a_warning(tmp_path, images, labels, word):
    write_pair(tmp_path, Samples(images.astype(np.uint8), np.array(labels, np.uint8)))
    (warning,) = read_samples(tmp_path).warnings
    assert word in warning


def test_real_digits_cause_no_warning(tmp_path):
    write_pair(tmp_path, load_digits().test)
    found = read_samples(tmp_path)
    assert found.warnings == ()
    assert found.description == "500 samples, idx files, labels 0 to 9, pixels 0 to 255"


def test_a_zip_archive_may_contain_a_folder_of_idx_files(tmp_path):
    samples, others = numbered_samples(4), numbered_samples(3, first=7)
    write_pair(tmp_path, samples)
    one, both = tmp_path / "one.zip", tmp_path / "both.zip"
    with zipfile.ZipFile(one, "w") as archive:
        for name in (IMAGES_NAME, LABELS_NAME):
            archive.write(tmp_path / name, f"own/{name}")
    write_pair(tmp_path, others, prefix="t10k")
    with zipfile.ZipFile(both, "w") as archive:
        for path in tmp_path.glob("*ubyte"):
            archive.write(path, path.name)
    # There is no half to choose where only one is.
    assert same(open_samples(one), samples)
    assert same(open_samples(one, "test"), samples)
    assert same(open_samples(both), samples)
    assert same(open_samples(both, "test"), others)


def test_errors_of_a_folder_in_an_archive_name_the_archive(tmp_path):
    path = tmp_path / "own.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(IMAGES_NAME, b"damaged")
        archive.writestr(LABELS_NAME, b"damaged")
    assert error_of(open_samples, path).startswith(f"{path}/{IMAGES_NAME}: expected")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("3/one.png", b"no picture")
        archive.writestr("4/two.png", b"no picture")
    assert "expected pictures in the folders 0 to 9" in error_of(open_samples, path)


def test_an_archive_unpacks_to_no_more_than_its_limit(tmp_path):
    write_pair(tmp_path, numbered_samples(4))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in (IMAGES_NAME, LABELS_NAME):
            archive.write(tmp_path / name, name)
    assert len(parse_samples(file.getvalue(), "own.zip", limit=5000).samples) == 4
    assert "own.zip: expected at most" in error_of(
        partial(parse_samples, limit=1000), file.getvalue(), "own.zip"
    )
