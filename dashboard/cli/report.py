"""`inkling report`: writes a report of a training as one HTML file.

It reads the weights and the checkpoint that `inkling train` saved, as files or with a stored run.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dashboard.blas import limit_blas_threads
from dashboard.cli.errors import CommandError
from dashboard.cli.output_files import check_output
from dashboard.cli.runs import find_run, open_database
from dashboard.cli.sample_input import add_read_arguments, read_options
from dashboard.cli.settings import CommandSettings
from dashboard.cli.train import DATA_FLAGS, DEFAULT_WEIGHTS, add_data_flags, setting_flags
from dashboard.cli.train_data import TrainData, open_train_data
from dashboard.cli.train_files import TrainFiles
from dashboard.cli.train_job import checked_checkpoint, settings_of
from dashboard.evaluation.report import evaluate_network
from dashboard.report.content import RepeatCode, ReportContent, most_confident_errors
from dashboard.report.document import report_html
from dashboard.report.facts import inkling_version, setting_facts, software_facts
from dashboard.report.repeat_code import command_of_training
from dashboard.report.weight_sheet import weight_sheet
from dashboard.runs.curve import curve_of_history
from dashboard.runs.records import RunRecord
from dashboard.training.checkpoint import Checkpoint, read_checkpoint
from dashboard.training.history import History
from dashboard.training.settings import SettingError
from dashboard.training.step_times import StepTimes
from data_cache import DATA_SETS
from nn import Network, backend_name, create_schedule, load_weights, weights_from_bytes
from nn.serialization import write_atomically

DESCRIPTION = """\
Write a report of a training as one HTML file, which needs no network and prints on
at most four pages: settings, seed, versions, learning curves, and on the held-out
samples the confusion matrix, calibration and the most confident errors; the weights
of the first layer; and the command that repeats the training.

FILE is the weights file that inkling train saved; the checkpoint beside it is read,
too. Name the same data as in the training; without any, the 5,000 bundled digits.

With --run it is the report of a run that inkling train --save-run has stored, which
knows its data."""

DEFAULT_REPORT = "inkling-report.html"

_LEFT_OUT = ("cache_size", "concurrency", "biases")
REPEATED_WEIGHTS = "repeated-weights.npz"


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser of `inkling`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "report",
        help="write a report of a training as one HTML file",
        description=DESCRIPTION,
    )
    parser.set_defaults(run=run, parser=parser)
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help=f"weights that inkling train saved (default: {DEFAULT_WEIGHTS})",
    )
    parser.add_argument(
        "--run",
        dest="stored_run",
        metavar="RUN",
        help="instead of a file, number or name of a run that inkling train --save-run has stored",
    )
    add_data_flags(parser)
    add_read_arguments(parser)
    parser.add_argument(
        "--output",
        metavar="FILE",
        default=DEFAULT_REPORT,
        help="where to write the report; an existing file is replaced (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the report; return 0."""
    output = Path(arguments.output)
    source = _read_files(arguments) if arguments.stored_run is None else _read_stored(arguments)
    network, arguments = source.network, source.arguments
    options = read_options(arguments)
    inputs = (*source.inputs, arguments.train_path, arguments.validation_path)
    check_output("--output", output, inputs=inputs)
    with limit_blas_threads():
        data = open_train_data(
            arguments.train_path, arguments.validation_path, arguments.data_set, options
        )
        if data.final is None:
            raise CommandError(
                "expected held-out samples to evaluate, found none; give --validation-path."
            )
        checkpoint = checked_checkpoint(source.checkpoint, source.place, data.fingerprint())
        settings = CommandSettings(**settings_of(checkpoint))
        evaluation = asyncio.run(
            evaluate_network(network, data.final.samples, binarize=settings.binarize)
        )
        history = _history_of(checkpoint)
        content = ReportContent(
            title=source.title,
            model=f"{network.title}, {network.parameter_count:,} parameters",
            date=datetime.date.today().isoformat(),
            facts=[
                ("Seed", str(settings.seed)),
                ("Training samples", f"{len(data.train):,}"),
                ("Epochs", f"{checkpoint.state.epoch:,} of {settings.num_epochs:,}"),
                ("Iterations", f"{checkpoint.state.iteration:,}"),
                *software_facts(source.backend),
            ],
            settings=setting_facts(settings_of(checkpoint), CommandSettings, _LEFT_OUT),
            events=[text for _, text in history.marks()],
            curve=curve_of_history(history, StepTimes(checkpoint.state.iteration + 1)),
            evaluated_on=data.final.title,
            class_names=data.class_names,
            evaluation=evaluation,
            errors=most_confident_errors(evaluation, data.final.samples.images),
            inside=weight_sheet(network),
            repeat=repeat_command(arguments, settings, checkpoint, data),
        )
    write_atomically(output, report_html(content).encode())
    sys.stdout.write(f"The report is in {output}.\n")
    return 0


@dataclass(frozen=True, eq=False)
class ReportedTraining:
    """A training as its report needs it.

    Attributes
    ----------
    title
        Of the report.
    place
        Where the checkpoint is, for error messages.
    network
        The saved weights.
    checkpoint
        Saved beside them.
    backend
        Name of what computed the matrix products.
    arguments
        Name the samples.
    inputs
        Files that were read.
    """

    title: str
    place: str
    network: Network
    checkpoint: Checkpoint
    backend: str
    arguments: argparse.Namespace
    inputs: Sequence[Path] = ()


def _read_files(arguments: argparse.Namespace) -> ReportedTraining:
    weights = Path(arguments.file or DEFAULT_WEIGHTS)
    path = TrainFiles(weights, None).checkpoint
    network = load_weights(weights)
    if not path.exists():
        raise CommandError(
            f"{path}: expected the checkpoint that inkling train writes beside the weights, found "
            "no file; a report needs its settings and its curve."
        )
    return ReportedTraining(
        f"Training of {weights.name}", str(path), network, read_checkpoint(path), backend_name(),
        arguments, (weights, path),
    )  # fmt: skip


def _read_stored(arguments: argparse.Namespace) -> ReportedTraining:
    if arguments.file is not None:
        raise SettingError("--run: expected either a file or a stored run, found both.")
    database = open_database()
    stored = find_run(database, arguments.stored_run)
    files, record = database.files(stored.number), stored.record
    if files is None:
        also = "" if _is_named(record) else ", with the --validation-path that it had"
        raise CommandError(
            f"run {stored.number} ({record.name}): its weights are not stored, which a report "
            f"needs. Train it again{also}: "
            f"{shlex.join(_command_of(record))}"
        )
    place = f"run {stored.number} ({record.name})"
    given = {name: getattr(arguments, name) for name in DATA_FLAGS}
    return ReportedTraining(
        record.name, place, weights_from_bytes(files.weights, files.name),
        Checkpoint.from_bytes(files.checkpoint, place), record.backend,
        argparse.Namespace(**(given if any(given.values()) else files.data)),
    )  # fmt: skip


def _command_of(record: RunRecord) -> list[str]:
    """Return the command that trains a stored run again, and stores its weights."""
    data = ["--data-set" if _is_named(record) else "--train-path", str(record.settings["data_set"])]
    values = {name: it for name, it in record.settings.items() if name in CommandSettings.param}
    flags = setting_flags(CommandSettings(**values))
    return ["inkling", "train", *data, *flags, "--save-run", f"{record.name} again"]


def _is_named(record: RunRecord) -> bool:
    """Return whether the samples of a run are a data set that has a name."""
    return record.settings.get("data_set") in DATA_SETS


def repeat_command(
    arguments: argparse.Namespace,
    settings: CommandSettings,
    checkpoint: Checkpoint,
    data: TrainData,
) -> RepeatCode:
    """Return the command that repeats a training with the same data."""
    words = ["inkling", "train", *_data_words(arguments), *setting_flags(settings)]
    words += ["--weight-path", REPEATED_WEIGHTS]
    return command_of_training(
        words, version=inkling_version(), obstacles=_obstacles(settings, checkpoint, data)
    )


def _history_of(checkpoint: Checkpoint) -> History:
    history = checkpoint.state.history
    assert history is not None, "checkpoints are written with it"
    return history


def _data_words(arguments: argparse.Namespace) -> list[str]:
    words = []
    for name in ("train_path", "validation_path", "data_set", "scale", "label_column"):
        value = getattr(arguments, name)
        if value is not None:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return words + [f"--{name}" for name in ("transpose", "invert") if getattr(arguments, name)]


def _obstacles(settings: CommandSettings, checkpoint: Checkpoint, data: TrainData) -> Sequence[str]:
    """Return why one command would not give the same weights."""
    history, found = _history_of(checkpoint), []
    if history.divergences:
        found.append("The training diverged.")
    if history.changes or history.interventions:
        found.append("Settings changed when the training was resumed.")
    elif not settings.has_synthetic_samples:
        steps = -(-len(data.train) // settings.batch_size) * settings.num_epochs
        schedule = create_schedule(settings.schedule, settings.learning_rate, steps)
        planned = [schedule(step) for step in range(len(history))]
        if not np.allclose(planned, history.learning_rates, rtol=1e-5, atol=0):
            found.append("The schedule changed when the training was resumed.")
    if not settings.patience and checkpoint.state.epoch < settings.num_epochs:
        found.append("The training was interrupted before its last epoch.")
    return found
