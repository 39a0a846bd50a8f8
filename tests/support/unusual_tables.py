"""The twelve samples in tables as other programs and people leave them, each read as the same."""

import gzip
import io
import zipfile
from collections.abc import Callable, Sequence

import numpy as np
from dialects import Writing, twelve_samples, write

SAMPLES = twelve_samples()
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ROWS = [
    [str(label), *map(str, image)]
    for label, image in zip(SAMPLES.labels.tolist(), SAMPLES.images.tolist(), strict=True)
]
_NAMES = ["label", *(f"pixel{number}" for number in range(784))]
_PLAIN = write(SAMPLES, Writing())
_LINES = _PLAIN.decode().splitlines()


def _text(*rows: Sequence[str] | str, separator: str = ",") -> bytes:
    lines = (row if isinstance(row, str) else separator.join(row) for row in rows)
    return ("\n".join(lines) + "\n").encode()


def _labelled(name: Callable[[int], str]) -> list[list[str]]:
    """The rows with other texts as labels."""
    return [[name(int(row[0])), *row[1:]] for row in _ROWS]


def _ordered(names: Sequence[str], order: Sequence[int]) -> bytes:
    """The table with its pixels in another order, which their names tell."""
    chosen = np.array(order)
    rows = [[row[0], *np.array(row[1:])[chosen]] for row in _ROWS]
    return _text(["label", *(names[place] for place in order)], *rows)


def _zip(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
        archive.writestr(f"__MACOSX/._{name}", b"\0\5\x16\7")
    return file.getvalue()


def _npz(*arrays: np.ndarray, **named: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, *arrays, **named)
    return file.getvalue()


_BY_COLUMN = np.arange(784).reshape(28, 28).T.ravel().tolist()
_PLACES = [(row, column) for row in range(28) for column in range(28)]
_MARKS = np.eye(10, dtype=int)[SAMPLES.labels].astype(str).tolist()

READ = {
    # name: (content, what the description says)
    "words as labels": (_text(_NAMES, *_labelled(lambda n: _WORDS[n])), "labels as texts"),
    "folder names as labels": (_text(*_labelled("Digit_{}".format)), "labels as texts"),
    "tensors as labels": (_text(_NAMES, *_labelled("tensor({})".format)), "labels as texts"),
    "ten columns of labels": (
        _text(*([*row[1:], *marks] for row, marks in zip(_ROWS, _MARKS, strict=True))),
        "labels in ten columns",
    ),
    "ten named columns of labels, nine first": (
        _text(
            [*(f"y_{digit}" for digit in range(9, -1, -1)), *_NAMES[1:]],
            *([*marks[::-1], *row[1:]] for row, marks in zip(_ROWS, _MARKS, strict=True)),
        ),
        "labels in ten columns",
    ),
    "rows and columns as names": (
        _ordered([f"{row + 1}x{column + 1}" for row, column in _PLACES], _BY_COLUMN),
        "in the order of their names",
    ),
    "x and y as names": (
        _ordered([f"x{column}y{row}" for row, column in _PLACES], _BY_COLUMN),
        "in the order of their names",
    ),
    "the last pixel first": (_ordered(_NAMES[1:], range(783, -1, -1)), "order of their names"),
    "numbers as names, shuffled": (
        _ordered(list(map(str, range(784))), np.random.default_rng(4).permutation(784).tolist()),
        "in the order of their names",
    ),
    "types below the header": (
        _text(_NAMES, ["int", *["uint8"] * 784], *_ROWS),
        "two header lines",
    ),
    "groups above the header": (
        _text(["target", *["intensity"] * 784], _NAMES, *_ROWS),
        "two header lines",
    ),
    "a title": (_text("Digits, exported", "", _PLAIN.decode()), "1 line before the table"),
    "a title in a spreadsheet": (
        _text("Digits" + ";" * 784, *_ROWS, separator=";"),
        "1 line before the table",
    ),
    "remarks everywhere": (_text("# a", *_LINES[:5], "# b, c", *_LINES[5:], "# end"), "header"),
    "a line end in a name": (_text('"la\nbel",' + ",".join(_NAMES[1:]), *_ROWS), "header"),
    "a declared separator in quotes": (_text('"sep=,"', *_LINES), "header"),
    "a declared separator with cells": (_text("sep=," + "," * 9, *_LINES), "header"),
    "gzip in a ZIP archive": (_zip("a.csv.gz", gzip.compress(_PLAIN)), "header"),
    "gzip in gzip": (gzip.compress(gzip.compress(_PLAIN)), "header"),
    "arrays without names": (_npz(SAMPLES.images, SAMPLES.labels), "arr_0, arr_1"),
    "texts as labels in an archive": (
        _npz(features=SAMPLES.images, labels=SAMPLES.labels.astype(str)),
        "features",
    ),
}
