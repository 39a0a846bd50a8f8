"""What was read from a file or folder of samples: the samples, one line about them, and warnings.

All formats end here, so that options apply alike and implausible samples are noticed once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data_cache.errors import DataError
from data_cache.samples import PIXELS, SIDE, Samples
from data_cache.texts import gettext

CLASS_COUNT = 10
# Ink covers less than a fifth of a digit; brighter means are those of paper.
_PAPER_MEAN = 140
_CHECKED = 500
# Of so many digits, one in 500 sets has no 0 by chance.
_MANY = 60


@dataclass(frozen=True)
class ReadOptions:
    """How a person corrects what a file says.

    Attributes
    ----------
    transpose : bool
        Exchange the rows and columns of every picture.
    invert : bool
        Exchange ink and paper: 255 minus every pixel.
    scale : float or None
        Factor for all pixels; None: 255 where no pixel is above 1, else 1.
    label_column : str or None
        The column of the labels in a table: its header, its number from 1, "first", "last", or
        "none"; None: it is found.
    """

    transpose: bool = False
    invert: bool = False
    scale: float | None = None
    label_column: str | None = None


@dataclass(frozen=True, eq=False)
class SampleFile:
    """Samples with what is known about the file that they are from.

    Attributes
    ----------
    name : str
        The path, for messages.
    samples : Samples
        Without labels, none of them `is_labelled`.
    description : str
        One line without a full stop: "12 samples, no header, labels 0 to 9, pixels 0 to 255".
    warnings : tuple of str
        Sentences about what is implausible, each with a way to correct it.
    missing_labels : str
        Why there are no labels, where the file itself does not say it.
    """

    name: str
    samples: Samples
    description: str
    warnings: tuple[str, ...] = ()
    missing_labels: str = ""

    @property
    def is_labelled(self) -> bool:
        """Whether the samples have labels."""
        return self.samples.is_labelled is None

    def labelled(self) -> Samples:
        """Return the samples; raise a DataError if they have no labels."""
        if self.missing_labels:
            raise DataError(self.missing_labels)
        if not self.is_labelled:
            raise DataError(
                gettext(
                    "{name}: expected samples with labels, found {count:,} without (no "
                    "labels); only `inkling predict` reads them. If a column has the "
                    "labels, name it with --label-column.",
                    name=self.name,
                    count=len(self.samples),
                )
            )
        return self.samples


def make_sample_file(
    name: str,
    values: np.ndarray,
    labels: np.ndarray | None,
    how: str,
    options: ReadOptions,
    *,
    notes: tuple[str, ...] = (),
    where: Callable[[int, int], str] | None = None,
) -> SampleFile:
    """Return the record of samples after applying the options and checking what is plausible.

    Parameters
    ----------
    name : str
        The path, for messages.
    values : (n, 784) uint8 or floating
        The pixels as they are in the file.
    labels : (n,) uint8 or None
    how : str
        How the file is written, for the description: "no header".
    options : ReadOptions
    notes : tuple of str
        Warnings of the reader itself.
    where : callable, optional
        Returns the place of a pixel for messages: (sample, pixel) -> "name, row 3, column 6".

    Raises
    ------
    DataError
        If a pixel is not a whole number from 0 to 255 after scaling.
    """
    low, high = _range(values)
    if where is None:

        def where(sample: int, pixel: int) -> str:
            return gettext(
                "{name}, sample {sample}, pixel {pixel}", name=name, sample=sample, pixel=pixel
            )

    images, scaling = _scale(values, low, high, options, where)
    if options.transpose:
        images = np.ascontiguousarray(
            images.reshape(-1, SIDE, SIDE).transpose(0, 2, 1).reshape(-1, PIXELS)
        )
    if options.invert:
        images = 255 - images
    mask = np.zeros(len(images), bool) if labels is None else None
    samples = Samples(images, np.zeros(len(images), np.uint8) if labels is None else labels, mask)
    if labels is None:
        label_text = gettext("no labels")
    elif labels.min() == labels.max():
        label_text = gettext("all labelled {label}", label=labels[0])
    else:
        label_text = gettext("labels {low} to {high}", low=labels.min(), high=labels.max())
    done = [
        word
        for word, is_done in (
            (gettext("transposed"), options.transpose),
            (gettext("inverted"), options.invert),
        )
        if is_done
    ]
    count = gettext("1 sample")
    if len(images) != 1:
        count = gettext("{count:,} samples", count=len(images))
    pixels = gettext("pixels {low:g} to {high:g}{scaling}", low=low, high=high, scaling=scaling)
    description = ", ".join(part for part in (count, how, label_text, pixels, *done) if part)
    implausible = _implausible(samples, labels, 255.0 if scaling else high)
    return SampleFile(name, samples, description, (*notes, *implausible))


def find_overlap(first: Samples, second: Samples) -> int:
    """Return how many images of `second` are also in `first`, equal in every pixel."""
    known = {image.tobytes() for image in first.images}
    return sum(image.tobytes() in known for image in second.images)


def check_label_range(labels: np.ndarray, where: Callable[[int], str]) -> np.ndarray:
    """Return integer labels, (n,), as uint8.

    Raises
    ------
    DataError
        If one is not from 0 to 9; the message begins with `where` of its index.
    """
    if not len(labels):
        return labels.astype(np.uint8)
    low, high = int(labels.min()), int(labels.max())
    if low >= 0 and high < CLASS_COUNT:
        return labels.astype(np.uint8)
    wrong = np.flatnonzero((labels < 0) | (labels >= CLASS_COUNT))
    first = int(wrong[0])
    raise DataError(
        gettext(
            "{where}: expected a label from 0 to {last}, found {found}; {count:,} "
            "of {all:,} are out of range.{hint}",
            where=where(first),
            last=CLASS_COUNT - 1,
            found=labels[first],
            count=len(wrong),
            all=len(labels),
            hint=letters_hint(labels),
        )
    )


def letters_hint(labels: np.ndarray) -> str:
    """Return a sentence for labels, (n,) integers, that seem to be those of letters; else ""."""
    if labels.min() == 1 and labels.max() == CLASS_COUNT:
        return gettext(" They seem to count from 1; subtract 1 from each.")
    if labels.max() > 61 or len(np.unique(labels)) <= CLASS_COUNT:
        return ""
    return gettext(" These seem to be letters, as in EMNIST; the networks here have ten classes.")


def _range(values: np.ndarray) -> tuple[float, float]:
    if not len(values):
        return 0.0, 0.0
    first = values[:_CHECKED]
    if values.dtype == np.uint8 and first.min() == 0 and first.max() == 255:
        return 0.0, 255.0  # no others are wider
    return float(values.min()), float(values.max())


def _scale(
    values: np.ndarray,
    low: float,
    high: float,
    options: ReadOptions,
    where: Callable[[int, int], str],
) -> tuple[np.ndarray, str]:
    """Return the pixels as uint8, and what was done to them, for the description."""
    factor = options.scale
    if factor is None:
        factor = 255.0 if 0 < high <= 1 and low >= 0 else 1.0
    if factor == 1 and values.dtype == np.uint8:
        return np.ascontiguousarray(values), ""
    scaled = values if factor == 1 else values * float(factor)
    rounded = np.rint(scaled)
    wrong = ~((rounded >= 0) & (rounded <= 255))
    if factor == 1:
        # Scaled values may lie between two grey levels; plain ones may not.
        wrong |= np.abs(rounded - scaled) > 1e-6
    if wrong.any():
        sample, pixel = np.argwhere(wrong)[0]
        found = values[sample, pixel]
        times = "" if factor == 1 else gettext(" times {factor:g}", factor=factor)
        hint = (
            gettext("--scale gives the factor that makes full ink 255")
            if high > 0
            else gettext("check the file")
        )
        if low < 0:
            hint = gettext("the pixels seem to be normalised; write them as they were before")
        raise DataError(
            gettext(
                "{where}: expected an integer from 0 to 255, found {found:.15g}{times} "
                "(all pixels: {low:g} to {high:g}); {hint}.",
                where=where(int(sample), int(pixel)),
                found=found,
                times=times,
                low=low,
                high=high,
                hint=hint,
            )
        )
    text = "" if factor == 1 else gettext(" (multiplied by {factor:g})", factor=factor)
    return np.ascontiguousarray(rounded.astype(np.uint8)), text


def _implausible(samples: Samples, labels: np.ndarray | None, high: float) -> tuple[str, ...]:
    """Return sentences about what is implausible in the samples themselves."""
    found = []
    checked = samples.images[:: max(1, len(samples) // _CHECKED)]
    if len(checked):
        if not checked.any():
            found.append(gettext("Every pixel is 0: the pictures are blank."))
        elif float(checked.mean()) > _PAPER_MEAN:
            found.append(
                gettext(
                    "Ink and paper look swapped: most pixels are bright, but 0 is paper "
                    "and 255 is ink. --invert exchanges them."
                )
            )
        elif 1 < high < 64:
            found.append(
                gettext(
                    "No pixel is above {high:g}, though full ink is 255. --scale "
                    "{factor:.4g} makes it so.",
                    high=high,
                    factor=255 / high,
                )
            )
    if labels is not None and len(labels) > 1:
        if labels.min() == labels.max():
            found.append(
                gettext(
                    "All samples have the label {label}. If another column has the "
                    "labels, name it with --label-column.",
                    label=labels[0],
                )
            )
        if len(labels) >= _MANY and labels.min() == 1 and len(np.unique(labels)) == CLASS_COUNT - 1:
            found.append(
                gettext(
                    "None of {count:,} samples has the label 0: the labels may count from "
                    "1. Subtract 1 from each if so.",
                    count=len(labels),
                )
            )
        numbers = np.arange(len(labels))
        if len(labels) <= CLASS_COUNT and any(
            np.array_equal(labels, numbers + first) for first in (0, 1)
        ):
            found.append(
                gettext(
                    "The labels equal the row numbers: the column may be an index. "
                    "--label-column names the labels."
                )
            )
    return tuple(found)
