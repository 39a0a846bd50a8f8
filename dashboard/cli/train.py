"""`inkling train`: trains a network and saves its weights.

This module holds the flags and the summary; `TrainingJob` does the work.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

import param

from dashboard.blas import limit_blas_threads
from dashboard.cli.arguments import (
    CLASSES,
    data_set_help,
    explain,
    path_kinds,
    read_flag,
    read_structure,
)
from dashboard.cli.errors import INTERRUPTED
from dashboard.cli.evaluation_text import confusion_lines
from dashboard.cli.recipe import apply_recipe
from dashboard.cli.runs import open_database
from dashboard.cli.sample_input import add_read_arguments, read_options
from dashboard.cli.settings import CommandSettings
from dashboard.cli.train_data import open_train_data
from dashboard.cli.train_files import TrainFiles
from dashboard.cli.train_job import Outcome, TrainingJob
from dashboard.languages.text import gettext, gettext_noop
from dashboard.processors import shorten_switch_interval, usable_processors
from dashboard.training.settings import SettingError, format_value
from data_cache.samples import PIXELS
from nn import ARCHITECTURES

DESCRIPTION = gettext_noop("""\
Train a network on digits, evaluating held-out digits after every epoch, and save
its weights.

Without --train-path or --data-set it trains on the 5,000 bundled digits, which
have a validation part and a test part. The samples of --validation-path are only
evaluated: the weights of the last step are saved. Only with --patience do the
validation samples choose the epoch; the test part never chooses anything.

--recipe names a TOML or JSON file with any of these flags, one key per flag
without the leading dashes (batch-size = 64); flags on the command line override
it. The recipes of the pretrained models are available by name: mlp, best.

Ctrl-C stops after the current step and saves. A checkpoint (NAME.checkpoint.npz)
is written beside the weights after every epoch and at the end; the same command
with --resume continues from it with exactly the numbers of an uninterrupted run.""")

EXAMPLE = gettext_noop("""\
example:
  inkling train --train-path mnist --validation-path mnist \\
    --network-structure 784 500 300 100 10 --learning-rate 0.003 \\
    --batch-size 64 --num-epochs 10 --activation-function re-lu \\
    --initialization xavier --weight-path my_weights.json""")

# Flags that set one setting each, by the name of the setting.
SETTING_FLAGS = {
    "architecture": "--architecture",
    "learning_rate": "--learning-rate",
    "batch_size": "--batch-size",
    "num_epochs": "--num-epochs",
    "optimizer": "--optimizer",
    "schedule": "--schedule",
    "activation": "--activation-function",
    "initialization": "--initialization",
    "l1": "--l1",
    "l2": "--l2",
    "dropout": "--dropout",
    "label_smoothing": "--label-smoothing",
    "weight_average": "--weight-average",
    "pen_digits": "--pen-digits",
    "non_digits": "--non-digits",
    "school_digits": "--school-digits",
    "without_school": "--without-school",
    "patience": "--patience",
    "binarize": "--binarize",
    "augment": "--augment",
    "seed": "--seed",
}
DEFAULT_WEIGHTS = "inkling-weights.npz"
DATA_FLAGS = (
    *("train_path", "validation_path", "data_set"),
    *("transpose", "invert", "scale", "label_column"),
)
"""Names of the arguments that say what the samples are."""


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of `inkling`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "train",
        help=gettext("train a network and save its weights"),
        description=gettext(DESCRIPTION),
        epilog=gettext(EXAMPLE),
    )
    parser.set_defaults(run=run, parser=parser)
    _add_data(parser)
    _add_settings(parser)
    _add_files(parser)


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--recipe",
        metavar="FILE",
        help=gettext("read all flags that are not given from a .toml or .json file, or mlp, best"),
    )
    group = parser.add_argument_group(gettext("data"))
    add_data_flags(group)
    add_read_arguments(group)


def add_data_flags(group: argparse._ActionsContainer) -> None:
    """Add the flags that name what is trained on and what is held out."""
    group.add_argument(
        "--train-path",
        metavar="PATH",
        help=gettext(
            "samples to train on: {kinds}; of a folder, the training half is read",
            kinds=path_kinds(),
        ),
    )
    group.add_argument(
        "--validation-path",
        metavar="PATH",
        help=gettext(
            "samples to evaluate after every epoch and at the end, in the same formats; "
            "of a folder, the test half is read"
        ),
    )
    group.add_argument(
        "--data-set",
        metavar="NAME",
        help=gettext(
            "instead of paths, {data_set}; its validation part is evaluated after "
            "every epoch, its test part once at the end (default: digits)",
            data_set=data_set_help(),
        ),
    )


def _add_settings(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(gettext("network and training"))
    hidden = CommandSettings.param["hidden_layers"].default
    group.add_argument(
        "--network-structure",
        nargs="+",
        metavar="UNITS",
        help=gettext(
            "Units of every dense layer, from the 784 pixels to the 10 classes; "
            "convolutions of --architecture precede the first hidden one (default: "
            "{names}; an architecture chosen by name has its own).",
            names=" ".join(map(str, [PIXELS, *hidden, CLASSES])),
        ),
    )
    for name, flag in SETTING_FLAGS.items():
        if name == "augment":
            continue  # its value is optional
        is_name = isinstance(CommandSettings.param[name], param.Selector | param.String)
        group.add_argument(flag, metavar="NAME" if is_name else "NUMBER", help=explain(name))
    calibrate = gettext(CommandSettings.param["calibrate"].doc)
    group.add_argument("--calibrate", action="store_true", help=calibrate)
    group.add_argument("--augment", nargs="?", const="affine", metavar="NAME", help=_augment_help())


def _add_files(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(gettext("files"))
    group.add_argument(
        "--weight-path",
        metavar="FILE",
        default=DEFAULT_WEIGHTS,
        help=gettext(
            "where to save the weights, .npz, .json or .safetensors; an existing file is "
            "replaced (default: %(default)s)"
        ),
    )
    group.add_argument(
        "--half",
        action="store_true",
        help=gettext("save the weights as float16, half the size; .npz only"),
    )
    group.add_argument(
        "--history-path",
        metavar="FILE",
        help=gettext(
            "write the learning curve as CSV: a line per step with loss, accuracy, "
            "learning rate, and the evaluations of the step"
        ),
    )
    group.add_argument(
        "--save-run",
        metavar="NAME",
        help=gettext(
            "store the run under a name, with its weights and checkpoint, for inkling "
            "runs, compare and report"
        ),
    )
    group.add_argument(
        "--resume",
        action="store_true",
        help=gettext(
            "continue from the checkpoint beside the weights; name the same data again. "
            "Settings are those of the checkpoint; learning rate, batch size, number of "
            "epochs, optimiser, schedule, l1, l2, dropout, label smoothing and patience "
            "may be changed"
        ),
    )


def run(arguments: argparse.Namespace) -> int:
    """Train; return 0, or 130 after Ctrl-C."""
    apply_recipe(arguments, arguments.parser)
    given = read_settings(arguments)
    options = read_options(arguments)
    files = TrainFiles.named(
        arguments.weight_path,
        arguments.history_path,
        half=arguments.half,
        inputs=(arguments.train_path, arguments.validation_path, arguments.recipe),
    )
    if arguments.data_set is not None and (arguments.train_path or arguments.validation_path):
        raise SettingError(
            gettext(
                "--data-set: expected either a data set or paths, found both; a data set "
                "has its own validation part."
            )
        )
    if arguments.validation_path and not arguments.train_path:
        raise SettingError(
            gettext(
                "--validation-path: expected --train-path beside it, found none; without "
                "it, the data set's own validation part is evaluated."
            )
        )
    shorten_switch_interval()
    with limit_blas_threads():
        data = open_train_data(
            arguments.train_path, arguments.validation_path, arguments.data_set, options
        )
        job = TrainingJob(
            data,
            files,
            given,
            resume=arguments.resume,
            stream=sys.stderr,
            threads=usable_processors(),
        )
        outcome = asyncio.run(job.work())
    if arguments.save_run is not None:
        outcome.saved.append(_store_run(job, arguments))
    stream = sys.stderr if outcome.interrupted else sys.stdout
    stream.write("".join(f"{line}\n" for line in summary_lines(outcome)))
    return INTERRUPTED if outcome.interrupted else 0


def _store_run(job: TrainingJob, arguments: argparse.Namespace) -> str:
    """Store the run; return a sentence about it."""
    database = open_database()
    data_set = arguments.data_set or arguments.train_path or "digits"
    record = job.record(arguments.save_run, data_set)
    files = job.saved_files(data_values(arguments))
    database.add(record, test=job.test_score, files=files)
    return gettext(
        "The run “{save_run}” is stored in {path}.", save_run=arguments.save_run, path=database.path
    )


def data_values(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the values of the flags that name the samples; paths hold in any working folder."""
    values = {name: getattr(arguments, name) for name in DATA_FLAGS}
    for name in ("train_path", "validation_path"):
        if values[name] is not None:
            values[name] = str(Path(values[name]).absolute())
    return values


def read_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the given settings by name; raise SettingError if one is invalid."""
    given: dict[str, Any] = {}
    if arguments.network_structure is not None:
        given["hidden_layers"] = read_structure("--network-structure", arguments.network_structure)
    for name, flag in SETTING_FLAGS.items():
        text = getattr(arguments, flag.removeprefix("--").replace("-", "_"))
        if text is not None:
            given[name] = read_flag(flag, name, text)
    if arguments.calibrate:
        given["calibrate"] = True
    architecture = ARCHITECTURES.get(given.get("architecture", ""))
    if architecture and not arguments.resume:
        given.setdefault("hidden_layers", list(architecture.hidden_layers))
        given.setdefault("batch_size", architecture.batch_size)
    return given


def setting_flags(settings: CommandSettings) -> list[str]:
    """Return the flags and values that give these settings, for a command line."""
    words = ["--network-structure", *map(str, [PIXELS, *settings.hidden_layers, CLASSES])]
    for name, flag in SETTING_FLAGS.items():
        value = getattr(settings, name)
        if value is not None:
            words += [flag, format_value(value)]
    return [*words, "--calibrate"] if settings.calibrate else words


def _augment_help() -> str:
    return gettext("{help} Without a name: affine.", help=explain("augment"))


def summary_lines(outcome: Outcome) -> list[str]:
    """Return the summary: evaluations and saved files."""
    lines = []
    for scored in outcome.scored:
        lines += [f"{scored.title}: {scored.sentence}", ""]
        lines += [*confusion_lines(scored.evaluation, scored.class_names), ""]
    return [*lines, *outcome.saved]
