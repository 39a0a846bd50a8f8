"""One trial of a sweep: a training as `inkling train` does it, whose files are thrown away.

A trial has the same numbers in whatever process it is computed, because BLAS has one thread.
"""

from __future__ import annotations

import asyncio
import functools
import io
import tempfile
import threading
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.blas import limit_blas_threads
from dashboard.cli.errors import CommandError
from dashboard.cli.sweeps.definition import DataChoice, Trial
from dashboard.cli.train_data import TrainData, open_train_data
from dashboard.cli.train_files import TrainFiles
from dashboard.cli.train_job import TrainingJob
from dashboard.languages.language import ENGLISH
from dashboard.languages.text import use_language
from dashboard.runs.records import RunRecord
from dashboard.training.history import Score
from dashboard.training.run import DivergenceError
from data_cache import ReadOptions


@dataclass(frozen=True, eq=False)
class TrialResult:
    """The result of a trial; it can be pickled.

    Attributes
    ----------
    record
        The run, without its weights.
    test
        The score of its last or best weights on the test samples; None without any.
    fault
        Why it ended early; "" if it did not.
    """

    record: RunRecord
    test: Score | None
    fault: str = ""


@functools.cache
def open_data(choice: DataChoice) -> TrainData:
    """Return the samples of a sweep; a process reads them once."""
    return open_train_data(
        choice.train_path,
        choice.validation_path,
        choice.data_set,
        ReadOptions(False, False, None, None),
    )


def data_name(choice: DataChoice) -> str:
    """Return the samples of a sweep in a word."""
    return choice.data_set or choice.train_path or "digits"


def run_trial(trial: Trial, name: str) -> TrialResult:
    """Train, score, and return the result.

    Parameters
    ----------
    trial
        What is trained.
    name
        Of the run.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C stopped it.
    CommandError
        It failed otherwise than by diverging.
    """
    data = open_data(trial.data)
    # What the trial says of itself is stored, so it is the same in every terminal.
    with (
        use_language(ENGLISH),
        _one_blas_thread(),
        tempfile.TemporaryDirectory(prefix="inkling-trial-") as folder,
    ):
        files = TrainFiles(Path(folder) / "weights.npz", None)
        job = TrainingJob(data, files, trial.settings, resume=False, stream=io.StringIO())
        fault = ""
        try:
            if asyncio.run(job.work()).interrupted:
                raise KeyboardInterrupt
        except CommandError as error:
            if not isinstance(error.__cause__, DivergenceError):
                raise
            fault = str(error.__cause__)
    return TrialResult(job.record(name, data_name(trial.data)), job.test_score, fault)


def _one_blas_thread() -> AbstractContextManager[Any]:
    """Limit BLAS to one thread: in a thread for good, because other trials may share the process.

    A limit that ends with one of them would end for the others, too.
    """
    limits = limit_blas_threads()
    is_alone = threading.current_thread() is threading.main_thread()
    return limits if is_alone else nullcontext()
