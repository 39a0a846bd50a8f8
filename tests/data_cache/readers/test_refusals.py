"""What is not read, in one table: the file, how its error begins, and the values in it."""

# ruff: noqa: E501 - a row for each file

import gzip
import json
import lzma
import pickle
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from cache_helpers import error_of
from dialects import Writing, twelve_samples, write
from hypothesis import given, settings
from hypothesis import strategies as st

from data_cache import DataError, read_points, read_samples
from data_cache.readers.archives import MAX_UNPACKED, unpack
from data_cache.readers.csv import parse_table
from data_cache.readers.file_kinds import identify
from data_cache.readers.pictures import decode_picture

FILES = Path(__file__).parents[2] / "files"
SAMPLES = twelve_samples()
PLAIN = write(SAMPLES, Writing())
ROWS = PLAIN.decode().splitlines()


def zip_of(**members: bytes) -> bytes:
    """A ZIP archive."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return file.getvalue()


def table(*rows: str) -> bytes:
    """Lines of text."""
    return "\n".join(rows).encode()


def npz_of(**arrays: np.ndarray | None) -> bytes:
    """The samples as an archive of arrays, some replaced or left out."""
    known = {"x_train": SAMPLES.images.reshape(-1, 28, 28), "y_train": SAMPLES.labels} | arrays
    file = BytesIO()
    np.savez(file, **{name: array for name, array in known.items() if array is not None})
    return file.getvalue()


def shifted(how: Writing, **changed: object) -> bytes:
    """The samples without the corner that tells the first column from the last."""
    images = SAMPLES.images.copy()
    images[:, [0, 783]] = np.arange(12)[:, None] % 4
    return write(type(SAMPLES)(images, SAMPLES.labels), how)


REFUSALS = {
    # name: (content, kind, place in the message, values in it)
    "nothing": (b"", "empty", "", ["0 bytes"]),
    "web page": (b"<!DOCTYPE html><p>403", "html", "", ["a web page", "download it again"]),
    "web page in gzip": (gzip.compress(b"<html>"), "gzip", "", ["a web page"]),
    "LFS": (b"version https://git-lfs.github.com/spec/v1\n", "lfs", "", ["git lfs pull"]),
    "HEIC": ((FILES / "pictures/photo.heic").read_bytes(), "heic", "", ["iPhone", "JPEG"]),
    "PNG": (b"\x89PNG\r\n\x1a\n" + bytes(99), "png", "", ["a PNG picture"]),
    "JPEG": (b"\xff\xd8\xff\xe0" + bytes(99), "jpeg", "", ["a JPEG picture"]),
    "WebP": (b"RIFF\0\0\0\0WEBPVP8 ", "webp", "", ["a WebP picture"]),
    "GIF": (b"GIF89a" + bytes(99), "gif", "", ["a GIF picture"]),
    "BMP": (b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0", "bmp", "", ["a BMP picture"]),
    "TIFF": (b"II*\0" + bytes(99), "tiff", "", ["a TIFF picture"]),
    "PDF": (b"%PDF-1.7\n", "pdf", "", ["a PDF"]),
    "Parquet": (b"PAR1\x15\x04", "parquet", "", ["a Parquet file", "CSV"]),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(99), "hdf5", "", ["an HDF5 file"]),
    "old Excel": (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(99), "spreadsheet", "", ["spreadsheet"]),
    "Excel": (zip_of(xl__workbook_dot_xml=b"x"), "spreadsheet", "", ["a spreadsheet", "CSV"]),
    "pickle": (pickle.dumps({"x": 1}), "pickle", "", ["a Python pickle", "never opened"]),
    "old pickle": (pickle.dumps({"x": 1}, 0), "pickle", "", ["a Python pickle"]),
    "PyTorch": (zip_of(net__data_dot_pkl=b"x", net__version=b"3"), "torch", "", ["a PyTorch file"]),
    "two in a zip": (zip_of(a_dot_csv=b"x", b_dot_csv=b"y"), "zip", "", ["“a.csv”, “b.csv”"]),
    "half a zip": (zip_of(a_dot_csv=PLAIN)[:900], "zip", "", ["damaged"]),
    "half an xz": (lzma.compress(PLAIN)[:200], "xz", "", ["complete lzma stream"]),
    "7z": (b"7z\xbc\xaf\x27\x1c\0\4", "7z", "", ["a 7z archive", "unpack"]),
    "ONNX": (b"\x08\x08\x12\x07inkling", "onnx", "", ["an ONNX model"]),
    "JSON": (json.dumps({"a": 1}).encode(), "json", "", ["found JSON"]),
    "safetensors": (b"\x02" + bytes(7) + b"{}", "safetensors", "", ["a safetensors file"]),
    "other bytes": (bytes(range(256)), "unknown", "", ["unknown kind"]),
    "half of UTF-16": (PLAIN.decode().encode("utf-16")[:-1], "text", "", ["UTF-16"]),
    "prose": (b"Dear all,\nhere are they", "text", "", ["785", "“Dear all,”"]),
    "64 pixels": (table(*(row[:130] for row in ROWS[1:])), "text", "", ["785", "found 65", "8 × 8"]),
    "blank rows": (b",,,,\n\n,,,\n", "text", "", ["only blank ones"]),
    "header alone": (table(ROWS[0]), "text", "", ["found none"]),
    "an empty cell": (table(ROWS[0], ROWS[1] + ",", "7,," + ROWS[2][4:]), "text", ", row 3, column 2", ["an empty cell"]),
    "a short row": (table(ROWS[0], ROWS[1], ROWS[2][:-2]), "text", ", row 3", ["785", "found 784"]),
    "a letter": (table(ROWS[0], "A" + ROWS[1][1:]), "text", ", row 2, column 1", ["“A”"]),
    "label 12": (table(ROWS[0], "12" + ROWS[1][1:]), "text", ", row 2, column 1", ["0 to 9", "found 12"]),
    "label 1.5": (table(ROWS[0], "1.5" + ROWS[1][1:]), "text", ", row 2, column 1", ["found 1.5"]),
    "pixel 256": (table(*ROWS[:2], "4,256" + ROWS[2][3:]), "text", ", row 3, column 2", ["found 256"]),
    "normalised": (table(*ROWS[:2], "4,-1" + ROWS[2][3:]), "text", ", row 3, column 2", ["found -1"]),
    "unprintable": (table(*ROWS[:2], "4,\x1b[31m" + ROWS[2][3:]), "text", ", row 3, column 2", ["“·[31m”"]),
    "a long cell": (table(*ROWS[:2], "4," + "z" * 200_000), "text", ", row 3", ["785", "found 2"]),
    "two labels": (table(ROWS[0] + ",class", ROWS[1] + ",7"), "text", "", ["“label” and “class”", "--label-column"]),
    "one reading too many": (shifted(Writing(header="none")), "text", "", ["first column (1 to 7)", "last (0 to 3)", "--label-column"]),
    "letters without header": (table(*(f"{10 + place}{row[1:]}" for place, row in enumerate(ROWS[1:]))), "text", "", ["10 to 21 in the first", "all 0 in the last", "--label-column"]),
    "only zeros": (table(*("0" + row[1:] for row in ROWS[1:])), "text", "", ["first column (all 0)", "last (all 0)"]),
    "labels 1 to 10": (table(ROWS[0], *(f"{1 + place % 10}{row[1:]}" for place, row in enumerate(ROWS[1:]))), "text", ", row 11, column 1", ["found 10", "count from 1"]),
    "label 7.5 in an archive": (npz_of(y_train=SAMPLES.labels + 0.5), "npz", ", label 0", ["found 7.5"]),
    "probabilities as labels": (npz_of(y_train=np.full((12, 10), 0.1)), "npz", "", ["one label", "probabilities"]),
    "colour pictures in an archive": (npz_of(x_train=np.zeros((12, 28, 28, 3))), "npz", "", ["(n, 28, 28)", "(12, 28, 28, 3)"]),
    "letters in an archive": (npz_of(y_train=np.full(12, "A")), "npz", "", ["0 to 9", "“A”"]),
    "Python objects in an archive": (npz_of(y_train=SAMPLES.labels.astype(object)), "npz", "", ["Python objects", "astype"]),
    "web page with a comment": (b"<!-- saved -->\n<html>403", "html", "", ["a web page"]),
    "message of a web server": (b"<?xml version='1.0'?><Error><Code>AccessDenied", "html", "", ["a web server", "download it again"]),
    "LFS with a byte order mark": (b"\xef\xbb\xbfversion https://git-lfs.github.com/spec/v1\r\n", "lfs", "", ["git lfs pull"]),
    "old pickle of numbers": (pickle.dumps((1, 2.5), 0), "pickle", "", ["a Python pickle"]),
    "TensorFlow": (b"\x08\x01\x12\xe3\x99\x05\n", "protobuf", "", ["a TensorFlow SavedModel"]),
    "a total below": (PLAIN + b"Total,48\n", "text", ", row 14", ["785", "found 2", "delete it"]),
    "cut off": (PLAIN[:-900], "text", ", row 13", ["785", "cut off"]),
    "a header below": (PLAIN + PLAIN, "text", ", row 14, column 1", ["“label”", "header"]),
    "pixels in one cell": (table("label,pixels", *(f'{row.split(",", 1)[0]},"{row.split(",", 1)[1].replace(",", " ")}"' for row in ROWS[1:])), "text", "", ["784 columns", "in one cell"]),
    "separators of thousands": (table(*(row.replace(",", ";").replace(";255;", ";65,535;").replace(";254;", ";771;") for row in ROWS)), "text", "", ["thousands", "without it"]),
    "an endless number": (table(*ROWS[:2], "4,1e400" + ROWS[2][3:]), "text", ", row 3, column 2", ["“1e400”"]),
    "two marks in a row": (table(*("1,1" + ",0" * 8 + row[1:] for row in ROWS[1:])), "text", "", ["found 794", "Ten columns"]),
    "network in place of samples": (npz_of(x_train=None, y_train=None, W0=np.zeros(3)), "npz", "", ["x_train", "--weight-path"]),
}  # fmt: skip


@pytest.mark.parametrize(("content", "kind", "place", "values"), REFUSALS.values(), ids=REFUSALS)
def test_a_file_that_is_not_read_is_named_with_the_place_and_the_values(
    tmp_path, content, kind, place, values
):
    assert identify(content).name == kind
    path = tmp_path / "train-images.csv"
    path.write_bytes(content)
    message = error_of(lambda: read_samples(path).labelled())
    assert message.startswith(f"{path}{place}: ")
    for value in values:
        assert value in message
    assert message.isprintable()
    assert len(message.replace(str(path), "")) < 400
    assert message.endswith(".")


@settings(max_examples=200)
@given(data=st.data())
def test_damaged_files_are_read_or_refused_with_a_printable_sentence(data):
    content = bytearray(data.draw(st.sampled_from([row[0] for row in REFUSALS.values()] + [PLAIN])))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, min(len(content), 500)))
        length = data.draw(st.integers(0, 30))
        content[place : place + length] = data.draw(st.binary(max_size=8))
    messages = []
    for read in (unpack, parse_table, read_points, decode_picture):
        try:
            read(bytes(content), "x")
        except DataError as error:
            messages.append(str(error))
    assert all(message.isprintable() for message in messages)


def test_the_limit_of_unpacking_fits_into_the_sizes_of_a_browser():
    # zlib is given the limit and one byte more, as a signed number of 32 bits there.
    assert MAX_UNPACKED + 1 < 2**31
