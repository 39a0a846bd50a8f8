"""`inkling predict`: prints a network's predictions for samples, pictures or a drawing.

A drawing is preprocessed exactly as the drawing pad's is.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.answer_confidence import is_answer_sure
from dashboard.blas import limit_blas_threads
from dashboard.cli.arguments import (
    NamedNetwork,
    NamedSamples,
    add_data_arguments,
    add_weights_argument,
    explain,
    open_named,
    open_network,
    read_flag,
    read_integer,
)
from dashboard.cli.drawings import (
    Drawing,
    find_pictures,
    read_drawing,
    read_file,
)
from dashboard.cli.errors import CommandError
from dashboard.languages.numbers import format_percent
from dashboard.languages.text import gettext, gettext_noop
from dashboard.training.settings import SettingError
from data_cache import DIGIT_NAMES, DataError, to_float
from data_cache.readers.paths import holds_samples
from nn import Network

DESCRIPTION = gettext_noop("""\
Predict the digits in a file, with the probability of each class. What the file is
is recognised by its content: a table, an idx, .npz or .npy file or a folder of
samples is answered in a line for each sample, and so is a folder of pictures.

A drawing is a picture of one digit, or of several beside each other (PNG, JPEG,
WebP, GIF, BMP, TIFF; a photograph or a scan, dark on light or light on dark), or a
square array of values from 0 (background) to 1 (stroke), 28 x 28 or larger: an
.npy file (as uint8 from 0 to 255), or a text file with a row per line and values
separated by blanks or commas.""")

EXAMPLE = gettext_noop("""\
examples:
  inkling predict --index 0 1 2                samples of the bundled digits
  inkling predict photograph.jpg
  inkling predict test.csv --csv > answers.csv
  inkling predict --weight-path my_weights.json drawing.npy""")

DEFAULT_DATA_SET = "digits"
SAMPLE_FLAGS = ("index", "part", "transpose", "invert", "scale", "label_column")
"""Arguments that apply to samples alone."""
STANDARD_INPUT = "/dev/stdin"
_CHUNK = 1000


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of `inkling`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "predict",
        help=gettext("predict the digits in samples, pictures or a drawing"),
        description=gettext(DESCRIPTION),
        epilog=gettext(EXAMPLE),
    )
    parser.set_defaults(run=run, parser=parser)
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help=gettext(
            "a drawing, a picture, or samples as for --data-path; a folder of them; - for "
            "standard input"
        ),
    )
    add_weights_argument(parser)
    add_data_arguments(parser, required=False)
    parser.add_argument(
        "--index",
        nargs="+",
        metavar="N",
        help=gettext(
            "which samples of the data, counted from 0, with all probabilities (default: "
            "all of a file, in a line each; the first of a data set); without other data, "
            "of the data set {default_data_set}",
            default_data_set=DEFAULT_DATA_SET,
        ),
    )
    parser.add_argument(
        "--csv",
        action="store_true",
        help=gettext(
            "print the answers alone as CSV: ImageId (from 1) and Label of every sample, "
            "or of those of --index"
        ),
    )
    parser.add_argument("--binarize", metavar="THRESHOLD", help=explain("binarize"))


def run(arguments: argparse.Namespace) -> int:
    """Predict, and print a line or several per sample."""
    text = arguments.binarize
    binarize = None if text is None else read_flag("--binarize", "binarize", text)
    has_data = arguments.data_path is not None or arguments.data_set is not None
    if not has_data and arguments.file is None and (arguments.index or arguments.csv):
        arguments.data_set, has_data = DEFAULT_DATA_SET, True
    if has_data == (arguments.file is not None):
        raise SettingError(
            gettext(
                "expected either a file with a drawing or samples, or samples by "
                "--data-path, --data-set or --index."
            )
        )
    net = open_network(arguments)
    with limit_blas_threads():
        if has_data:
            lines = _data_lines(net, open_named(arguments, labelled=False), arguments, binarize)
        else:
            lines = _file_lines(net, arguments, binarize)
        for line in lines:
            sys.stdout.write(f"{line}\n")
    return 0


def _file_lines(
    net: NamedNetwork, arguments: argparse.Namespace, binarize: int | None
) -> Iterator[str]:
    """Return the answers to a file or folder of any kind."""
    path = Path(STANDARD_INPUT if arguments.file == "-" else arguments.file)
    content = None
    if path.is_dir():
        pictures = find_pictures(path)
        if pictures:
            return _folder_lines(net, pictures, arguments, binarize)
    else:
        content = read_file(path)
        if not holds_samples(content):
            drawing = read_drawing(content, str(path), binarize)
            return _drawing_lines(net, drawing, arguments)
        if path.is_file():
            content = None  # beside an idx file may be its labels
    arguments.data_path = str(path)
    data = open_named(arguments, labelled=False, content=content)
    return _data_lines(net, data, arguments, binarize)


def _folder_lines(
    net: NamedNetwork,
    pictures: Sequence[Path],
    arguments: argparse.Namespace,
    binarize: int | None,
) -> Iterator[str]:
    """Yield a line for each picture; those without a digit are said to have none."""
    if arguments.csv:
        yield "ImageId,Label"
    for number, path in enumerate(pictures, 1):
        try:
            drawing = read_drawing(read_file(path), str(path), binarize)
        except (CommandError, DataError) as error:
            if arguments.csv:
                raise
            yield str(error)
            continue
        if arguments.csv:
            yield f"{number},{_digits_in(_predict(net, drawing))}"
        elif len(drawing.digits) == 1:
            yield next(_drawing_answers(net, drawing, str(path)))
        else:
            yield f"{path}: {_summary_of(_predict(net, drawing), _confidences(net, drawing))}"


def _data_lines(
    net: NamedNetwork, data: NamedSamples, arguments: argparse.Namespace, binarize: int | None
) -> Iterator[str]:
    count = len(data.samples)
    indices = [read_integer("--index", word, 0, count - 1) for word in arguments.index or ()]
    is_file = arguments.data_path is not None
    is_short = arguments.csv or not data.is_labelled or (is_file and not indices)
    if not indices:
        indices = list(range(count)) if is_short else [0]
    if not is_short:
        return _sample_lines(net.network, data, indices, binarize)
    return _answer_lines(net.network, data, indices, binarize, is_csv=arguments.csv)


def _answer_lines(
    network: Network,
    data: NamedSamples,
    indices: Sequence[int],
    binarize: int | None,
    *,
    is_csv: bool,
) -> Iterator[str]:
    """Yield a line for each sample."""
    if is_csv:
        yield "ImageId,Label"
    for start in range(0, len(indices), _CHUNK):
        part = indices[start : start + _CHUNK]
        images = to_float(data.samples.images[np.array(part)], binarize=binarize)
        probabilities = network.predict_proba(images)
        for index, row in zip(part, probabilities, strict=True):
            best = int(row.argmax())
            name = data.class_names[best]
            if is_csv:
                yield f"{index + 1},{best}"
            else:
                answer = f"{name} ({format_percent(float(row[best]))})"
                yield f"{_sample_title(data, index)}: {answer}"


def _sample_title(data: NamedSamples, index: int) -> str:
    if not data.is_labelled:
        return gettext("sample {index}", index=index)
    label = data.class_names[int(data.samples.labels[index])]
    return gettext("sample {index}, labelled {label}", index=index, label=label)


def _sample_lines(
    network: Network, data: NamedSamples, indices: Sequence[int], binarize: int | None
) -> Iterator[str]:
    for index in indices:
        image = to_float(data.samples.images[index : index + 1], binarize=binarize)
        yield from _prediction_lines(
            network.predict_proba(image)[0], _sample_title(data, index), data.class_names
        )


def _drawing_lines(
    net: NamedNetwork, drawing: Drawing, arguments: argparse.Namespace
) -> Iterator[str]:
    """Return the answers to a drawing.

    Raises
    ------
    SettingError
        If a flag asks for what only samples have.
    """
    for name in SAMPLE_FLAGS:
        if getattr(arguments, name):
            flag = f"--{name.replace('_', '-')}"
            raise SettingError(
                gettext(
                    "{flag}: expected samples, found a drawing, {file}.",
                    flag=flag,
                    file=arguments.file,
                )
            )
    if arguments.csv:
        return iter(("ImageId,Label", f"1,{_digits_in(_predict(net, drawing))}"))
    return _drawing_answers(net, drawing, arguments.file)


def _predict(net: NamedNetwork, drawing: Drawing) -> NDArray[np.float32]:
    """Return the probabilities (digits, classes) of the digits of a drawing."""
    return net.network.predict_proba(np.stack([one.image for one in drawing.digits]))


def _confidences(net: NamedNetwork, drawing: Drawing) -> list[bool]:
    """Return of each digit of a drawing whether its answer is sure."""
    return [
        is_answer_sure(
            net.network,
            one.image,
            net.card,
            is_picture=drawing.is_picture,
            has_warning=bool(one.warning),
        )
        for one in drawing.digits
    ]


def _digits_in(probabilities: NDArray[np.float32]) -> str:
    """Return the most probable digits as a text, whatever the confidence."""
    return "".join(DIGIT_NAMES[index] for index in probabilities.argmax(axis=1).tolist())


def _summary_of(probabilities: NDArray[np.float32], are_sure: list[bool]) -> str:
    """Return the digits of a drawing with several, and how many of them are not sure."""
    unsure = are_sure.count(False)
    values = {"digits": _digits_in(probabilities), "count": len(are_sure)}
    if not unsure:
        return gettext("{digits}, {count} digits", **values)
    return gettext("{digits}, {count} digits, {unsure} of them not sure", unsure=unsure, **values)


def _drawing_answers(net: NamedNetwork, drawing: Drawing, title: str) -> Iterator[str]:
    """Yield the digits of a drawing; several with a line for all of them first."""
    probabilities, are_sure = _predict(net, drawing), _confidences(net, drawing)
    is_one = len(drawing.digits) == 1
    if not is_one:
        yield f"{title}: {_summary_of(probabilities, are_sure)}"
    for place, (one, row, is_sure) in enumerate(
        zip(drawing.digits, probabilities, are_sure, strict=True), 1
    ):
        name = title if is_one else gettext("digit {place}", place=place)
        yield from _prediction_lines(row, name, DIGIT_NAMES, is_sure=is_sure, warning=one.warning)


def _prediction_lines(
    probabilities: NDArray[np.float32],
    title: str,
    class_names: Sequence[str],
    *,
    is_sure: bool = True,
    warning: str = "",
) -> Iterator[str]:
    best = int(probabilities.argmax())
    answer = f"{class_names[best]} ({format_percent(float(probabilities[best]))})"
    if warning:
        answer = gettext(
            "not sure, since {warning}; perhaps {answer}", warning=warning, answer=answer
        )
    elif not is_sure:
        answer = gettext("not sure, perhaps {answer}", answer=answer)
    yield f"{title}: {answer}"
    width = max(len(name) for name in class_names)
    for name, probability in zip(class_names, probabilities.tolist(), strict=True):
        bar = "█" * round(40 * probability)
        share = format_percent(probability, 2)
        yield f"  {name:<{width}} {share:>8} {bar}".rstrip()
