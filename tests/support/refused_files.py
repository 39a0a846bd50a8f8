"""Every kind of file that a reader refuses, in one table: the reader, the file, and its error.

The sentences are checked by the kind of the file, the place that they name, and the values in them.
"""

# ruff: noqa: E501 - a row for each file

import gzip
import json
import lzma
import pickle
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
from dialects import Writing, twelve_samples, write
from PIL import Image
from weights_files import archive, convolutional_arrays, dense_arrays, s0, s4

FILES = Path(__file__).parents[1] / "files"
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


def npy_of(array: np.ndarray) -> bytes:
    """A single array."""
    file = BytesIO()
    np.save(file, array)
    return file.getvalue()


def moving_picture(kind: str) -> bytes:
    """Three blank pictures in one file, as pages or frames."""
    frames = [Image.new("L", (60, 60), level) for level in (255, 200, 150)]
    file = BytesIO()
    frames[0].save(file, kind, save_all=True, append_images=frames[1:])
    return file.getvalue()


def picture(kind: str = "PNG", mode: str = "L", side: int = 60) -> bytes:
    """A blank picture."""
    file = BytesIO()
    Image.new(mode, (side, side)).save(file, kind)
    return file.getvalue()


def safetensors(header: bytes) -> bytes:
    """A file with this header and eight bytes."""
    return len(header).to_bytes(8, "little") + header + bytes(8)


SAMPLES_REFUSED = {
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


POINTS_REFUSED = [
    # (content, place, what is found)
    (b"", ", line 1", "an empty file"),
    (b"x,y,label\n", "", "none"),
    (b"x,y,label\n0,0,0\n1,2\n", ", line 3", "2 in “1,2”"),
    (b"x,y,label\n1,two,0\n", ", line 2", "“two”"),
    (b"x,y,label\nnan,0,0\n", ", line 2", "“nan”"),
    (b"x,y,label\n1e300,0,0\n", ", line 2", "“1e300”"),
    (b"1e999,0,0\n", ", line 1", "“1e999”"),
    (b"x,y,label\n0,0,10\n", ", line 2", "“10”"),
    (b"x,y,label\n0,0,-1\n", ", line 2", "“-1”"),
    (b"x,y,label\n0,0,1.5\n", ", line 2", "“1.5”"),
    (b"x,y,label\n" + b"0,0,0\n" * 20_001, "", "20,001"),
    (b"1,2,3,0\n5,6,7,1\n", ", line 1", "4 in “1,2,3,0”"),
    (b"a,b\n1,2\n", ", line 1", "“a,b”"),
    (b"x,y,label\n1,2,\n3,4,1", ", line 2", "an empty cell"),
    (b"x,y,label\n" + b"".join(b"0,0,%d.5\n" % n for n in range(11)), "", "11 different"),
    (b"<html><body>403", "", "a web page"),
    (b"PK\5\6" + bytes(18), "", "a ZIP archive"),
    (b"x;y;label\n1,234;2,500;0\n999;12;0\n", "", "such as “1,234”"),
    (b"x,y,label\n1,\x1b[31m,0\n", ", line 2", "“·[31m”"),
]
JSON_REFUSED = [
        (b"[1, 2]", "and found a list"),
        (b"{}", "(the layout of S0) and found {}"),
        (b'{"v": 1, "w": 2}', "(the layout of S0) and found the keys v, w"),
        (s4(W1=None), "expected the keys W0, b0 and found the keys W0, b0, b1"),
        (s4(b1=None), "expected the keys W0, b0, W1, b1 and found the keys W0, b0, W1"),
        (s4(note="mine"), "and found the keys W0, b0, W1, b1, note"),
        (s4(W0=[1.0] * 13), "W0 to be a multiple of 3, the length of b0, and found 13"),
        (s4(W0=[]), "length of W0 to be a multiple of 3"),
        (s4(b0=[]), "length of W0 to be a multiple of 0"),
        (s4(W1=[1.0] * 8), "W1 to have the shape (3, 2) and found (4, 2)"),
        (s4(W0=[[1.0] * 3] * 4), "W0 as one flat list"),
        (s4(W0="1 2 3"), "W0 as one flat list"),
        (s4(b1=5), "b1 as one flat list"),
        (s4(W0=["1"] * 12), "W0 as one flat list"),
        (s4(W0=[None] * 12), "W0 as one flat list"),
        (s4(W0=[True] + [1.0] * 11), "W0 as one flat list"),
        (s4(activation="step"), "as activation and found 'step'"),
        (s4(activation=3), "as activation and found 3"),
        (s4(biases=False, b0=[0, 1, 0]), 'zeros in b0, since "biases" is false'),
        (s4(biases="no"), "and found the keys"),
        (s4(W0=[float("nan")] * 12), "NaN is not a finite number"),
        (s4(W0=[float("inf")] * 12), "Infinity is not a finite number"),
        (s4().replace(b"1.0", b"1e400", 1), "found inf at position 0 of W0 (1 in all)"),
        (s4(b0=[0.0, 0.0, 1e39]), "found inf at position 2 of b0"),
        (s4(b0=[0.0, 0.0, 10**400]), "32 bits in b0"),
        (s0(3), 'expected "weights"'),
        (s0([]), 'expected "weights"'),
        (s0([[[1.0]]], b=1), "found the keys weights, b"),
        (s0([[[1.0]]], biases=[]), "found the keys weights, biases"),
        (s0([[[1.0]]], biases=[1]), "biases[0] as one flat list"),
        (s0([[[1.0]]], biases=[[1], [1]]), "arrays W0, b0 and found W0, b0, b1"),
        (s0([[[1.0]]], biases=[[1, 2]]), "b0 to have the shape (1,) and found (2,)"),
        (s0([[[1.0, 2.0]], [[1.0]]]), "W1 to have the shape (2, 1) and found (1, 1)"),
        (s0([[[1.0, 2.0], [1.0]]]), "rows of equal length in weights[0]"),
        (s0([[1.0, 2.0]]), "length of weights[0] to be a multiple of its 784 inputs"),
        (s0([[1.0], [[1.0]]]), "rows in all layers or in none"),
        (s0([[[[1.0]]]]), "weights[0] as a list of numbers, or of rows"),
        (s0([[[]]]), "sizes from 1 up"),
        (s0([1, 2]), "weights[0] as a list of numbers, or of rows"),
        (b"\xff\xfe\x00", "3 bytes of something else"),
        (b"[" * 100_000, "expected whole JSON"),
    ]  # fmt: skip
NPZ_REFUSED = [
    # (changes of a right archive, value)
    ({"W0": None}, "found those of 1 among the arrays W1, b0, b1"),
    ({"W1": None, "b1": None}, "weights of 2 dense layers"),
    ({"b1": None}, "arrays W0, b0, W1, b1 and found W0, W1, b0"),
    ({"b0": None, "b1": None}, "and found W0, W1"),
    ({"biases": np.array(False)}, "arrays W0, W1 and found W0, W1, b0, b1"),
    ({"extra": np.ones(2)}, "and found W0, W1, b0, b1, extra"),
    ({"format": None}, "with format, activation, sizes, biases"),
    ({"sizes": None}, "found W0, W1, activation, b0, b1, biases, format"),
    ({"format": np.array(3)}, "format 1 or 2 and found 3"),
    ({"format": np.array("1")}, "format 1 or 2 and found 1"),
    ({"activation": np.array("step")}, "linear and found 'step'"),
    ({"sizes": np.array("4-3-2")}, "sizes as a list of whole numbers"),
    ({"sizes": np.array([4])}, "at least two sizes"),
    ({"sizes": np.array([], int)}, "at least two sizes"),
    ({"sizes": np.array([0, 3, 2])}, "sizes from 1 up"),
    ({"sizes": np.arange(1, 2**20)}, "weights of 1,048,574 dense layers"),
    ({"biases": np.array(3)}, "biases as true or false and found [4 3 2] and 3"),
    ({"W0": np.ones(12, np.float32)}, "W0 to have the shape (4, 3) and found (12,)"),
    ({"W1": np.ones((4, 2), np.float32)}, "W1 to have the shape (3, 2) and found (4, 2)"),
    ({"b0": np.ones((3, 1), np.float32)}, "b0 to have the shape (3,) and found (3, 1)"),
    ({"b0": np.ones(3)}, "found float64 in b0"),
    ({"W0": np.ones((4, 3), int)}, "found int64 in W0"),
    ({"W0": np.array([[None]])}, "Python objects"),
]
CONVOLUTIONS_REFUSED = [
    ({"stem": np.array("conv3x2 pool9 conv3x2")}, "too few for “conv3x2 pool9”"),
    ({"stem": np.array("x")}, "found “x” as word 1"),
    ({"stem": np.array("crop6 conv3x2")}, "arrays K0, k0, W0"),
    ({"stem": np.array("")}, "arrays W0, b0, W1, b1 and found K0"),
    ({"stem": None}, "arrays W0, b0, W1, b1 and found K0"),
    ({"sizes": np.array([2, 4, 3])}, "images of at least 6"),
    ({"K1": np.ones((8, 4), np.float32)}, "K1 to have the shape (8, 3) and found (8, 4)"),
    ({"k0": None}, "arrays K0, k0"),
    ({"k0": np.array([np.nan, 1], np.float32)}, "found nan at position 0 of k0"),
    ({"W0": np.ones((64, 4), np.float32)}, "W0 to have the shape (48, 4)"),
]
ARRAYS_REFUSED = [
    ([np.ones((784, 5)), np.ones((6, 10))], "784 × 5, 6 × 10"),
    ([np.ones(5), np.ones((784, 5))], "expected a matrix before the vector"),
    ([np.ones((784, 5)), np.ones(4)], "784 × 5"),
    ([np.ones((784, 5), int)], "int64"),
    ([np.ones((784, 5, 2))], "784 × 5 × 2"),
    ([np.ones((9, 28, 28), np.uint8)], "these seem to be samples"),
    ([np.ones((3, 3, 1, 2)), np.ones((7, 10))], "3 × 3 × 1 × 2"),
    ([np.ones((3, 3, 1, 2)), np.ones((2 * 17 * 17, 10))], "give the 578 inputs"),
]
SAFETENSORS_REFUSED = [
    (
        b'{"bn.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}',
        "batch norm",
    ),
    (b'{"w":{"dtype":"F8_E5M2","shape":[8],"data_offsets":[0,8]}}', "F8_E5M2 in w; save it as"),
    (b'{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}', "12 bytes for w and found 8"),
    (b'{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}', "found 8 of 8"),
    (b'{"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}', "bytes for w"),
    (b'{"w":5}', "found 5 in w"),
    (b"{nonsense", "damaged"),
]
LAYERS_REFUSED = [
    # (name of an array, word)
    ("norm.weight", "a normalisation"),
    ("lstm.weight_ih_l0", "recurrent layers"),
    ("fc.parametrizations.weight.original0", "weight normalisation"),
]
NEVER_OPENED = [
    # (file, word)
    ("torch_pickle.pt", "PyTorch"),
    ("keras_model.keras", "Keras"),
    ("keras_dense.weights.h5", "HDF5"),
]
WEIGHTS_FILES_REFUSED = {
    # name: (content, values)
    "a picture": (picture(), ["a PNG picture"]),
    "a table": (PLAIN, ["plain text"]),
    "an array": (npy_of(np.ones(3)), ["a NumPy .npy file"]),
    "samples": (npz_of(), ["these seem to be samples"]),
    "ONNX": (b"\x08\x07\x12\x07pytorch", ["an ONNX model", ".npz"]),
    "TensorFlow": (b"\x08\x01\x12\xe3\x99\x05\n", ["a TensorFlow SavedModel", "np.savez"]),
    "TensorFlow Lite": (b"\x1c\0\0\0TFL3", ["TensorFlow Lite", "np.savez"]),
    "language model": (b"GGUF\3\0\0\0", ["a GGUF file"]),
    "old pickle": (pickle.dumps({"a": 1}, 0), ["Python pickle"]),
    "web page": (b"<!doctype html>", ["a web page", "download it again"]),
    "LFS": (b"version https://git-lfs.github.com/spec/v1\n", ["git lfs pull"]),
    "archive of two": (zip_of(a_dot_npz=b"x", b_dot_npz=b"y"), ["“a.npz”, “b.npz”", "unpack it"]),
    "Python objects": (archive(w=np.array([None, np.ones(3)], object)), ["Python objects", "np.savez"]),
    "description": (json.dumps({"class_name": "Sequential", "config": {}}).encode(), ["description of a Keras", "np.savez"]),
    "batch normalisation": (archive(**{"bn.running_mean": np.ones(3), "fc.weight": np.ones((10, 784))}), ["batch normalisation"]),
}  # fmt: skip
PICTURES_REFUSED = {
    # name: (content, values)
    "blank": (b"", ["an empty file"]),
    "HEIC": ((FILES / "pictures/photo.heic").read_bytes(), ["iPhone", "JPEG"]),
    "JPEG 2000": (b"\0\0\0\x0cjP  \r\n\x87\n", ["a JPEG 2000 picture", "as JPEG"]),
    "an icon": (b"\0\0\x01\0\x01\0\x40\x40", ["an icon", "JPEG"]),
    "PPM": (b"P6\n8 8\n255\n" + bytes(192), ["a Netpbm picture", "JPEG"]),
    "AVIF": (b"\0\0\0\x1cftypavif", ["an AVIF picture", "JPEG"]),
    "video": (b"\0\0\0\x1cftypmp42", ["a video"]),
    "PDF": (b"%PDF-1.7", ["a PDF document", "export the page"]),
    "SVG": (b"<svg xmlns='x'/>", ["XML or SVG"]),
    "spreadsheet": (zip_of(xl__workbook_dot_xml=b"x"), ["a spreadsheet"]),
    "web page": (b"<html>", ["a web page"]),
    "half a PNG": (picture()[:60], ["PNG picture that is damaged or truncated"]),
    "half a JPEG": (picture("JPEG")[:200], ["JPEG picture that is damaged or truncated"]),
    "head of a WebP": (picture("WEBP")[:20], ["WebP picture that is damaged or truncated"]),
    "pages of a TIFF": (moving_picture("TIFF"), ["3 pages", "PNG or JPEG"]),
    "frames of a GIF": (moving_picture("GIF"), ["3 frames", "PNG or JPEG"]),
    "frames of a WebP": (moving_picture("WEBP"), ["3 frames", "PNG or JPEG"]),
    "frames of a PNG": (moving_picture("PNG"), ["3 frames", "PNG or JPEG"]),
    "400 megapixels": (picture(mode="1", side=20_000), ["at most", "shrink it"]),
    "text": (b"seven", ["plain text"]),
}  # fmt: skip

TABLE = {
    **{f"samples, {name}": ("samples", *row) for name, row in SAMPLES_REFUSED.items()},
    **{
        f"points, {number}": ("points", content, "", place, [f"found {found}"])
        for number, (content, place, found) in enumerate(POINTS_REFUSED)
    },
    **{
        f"weights, {name} {number}": ("weights", content, "", "", [value])
        for name, rows in {
            "JSON": JSON_REFUSED,
            "archive": [(archive(**dense_arrays(**c)), value) for c, value in NPZ_REFUSED],
            "convolutions": [
                (archive(**convolutional_arrays(**c)), value) for c, value in CONVOLUTIONS_REFUSED
            ],
            "arrays": [(archive(*arrays), value) for arrays, value in ARRAYS_REFUSED],
            "safetensors": [(safetensors(header), value) for header, value in SAFETENSORS_REFUSED],
            "layers": [
                (archive(**{"fc.weight": np.ones((10, 784)), key: np.ones(10)}), value)
                for key, value in LAYERS_REFUSED
            ],
        }.items()
        for number, (content, value) in enumerate(rows)
    },
    **{
        f"weights, {name}": ("weights", (FILES / "weights" / name).read_bytes(), "", "", [word, "save the weights"])
        for name, word in NEVER_OPENED
    },
    **{
        f"weights file, {name}": ("weights file", content, "", "", values)
        for name, (content, values) in WEIGHTS_FILES_REFUSED.items()
    },
    **{
        f"picture, {name}": ("picture", content, "", "", values)
        for name, (content, values) in PICTURES_REFUSED.items()
    },
}  # fmt: skip
"""By name: the reader, the file, its kind if it is checked, the place, and values in the error."""
