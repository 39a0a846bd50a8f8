"""Where the trials of a sweep are computed: in processes of this machine, or by Dask.

Results come back in the order in which they are ready, and the caller stores each at once.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection

from dashboard.cli.errors import CommandError
from dashboard.cli.sweeps.definition import Trial
from dashboard.cli.sweeps.trial import TrialResult, run_trial
from dashboard.languages.text import gettext

Work = Sequence[tuple[str, Trial]]
"""Trials with their names."""

RETRIES = 3
"""How often in a row processes may die without a result between."""


def run_in_processes(work: Work, workers: int) -> Iterator[tuple[int, TrialResult]]:
    """Compute trials in processes of this machine; yield each place in `work` with its result.

    Processes that die are replaced, and their trials are computed again.

    Raises
    ------
    CommandError
        Processes die again and again.
    """
    left = dict(enumerate(work))
    failures = 0
    while left:
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(
            min(workers, len(left)), mp_context=context, initializer=prepare_worker
        )
        try:
            running: dict[Future[TrialResult], int] = {
                pool.submit(run_in_worker, trial, name): place
                for place, (name, trial) in left.items()
            }
            while running:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    place = running.pop(future)
                    result = future.result()
                    del left[place]
                    failures = 0
                    yield place, result
        except BrokenProcessPool as error:
            failures += 1
            if failures > RETRIES:
                raise CommandError(
                    gettext(
                        "the processes of the trials end before they are done, perhaps "
                        "for lack of memory; try fewer of them with --workers."
                    )
                ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def run_in_worker(trial: Trial, name: str) -> TrialResult:
    """Compute a trial; Ctrl-C, which all processes of a terminal hear, ends this process."""
    try:
        return run_trial(trial, name)
    except KeyboardInterrupt:
        os._exit(1)


def prepare_worker() -> None:
    """End this process at Ctrl-C, and when the one that made it is killed, which cannot tell it."""
    signal.signal(signal.SIGINT, lambda _signal, _frame: os._exit(1))
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="inkling-parent").start()


def run_on_dask(work: Work, address: str) -> Iterator[tuple[int, TrialResult]]:
    """Compute trials with a Dask scheduler, as `run_in_processes` does.

    Inkling of the same version must be installed on the workers; Dask computes trials of workers
    that die on others.

    Parameters
    ----------
    work
        The trials.
    address
        Of the scheduler, such as tcp://10.0.0.5:8786.

    Raises
    ------
    CommandError
        Dask distributed is not installed, or the scheduler cannot be reached.
    """
    try:
        from distributed import Client, as_completed  # noqa: PLC0415 - of the extra "dask"
    except ImportError as error:
        raise CommandError(
            gettext("--scheduler: Dask distributed is not installed; pip install 'inkling[dask]'.")
        ) from error
    try:
        client = Client(address)
    except (OSError, ValueError) as error:
        raise CommandError(
            gettext(
                "--scheduler: {address} cannot be reached ({error}).",
                address=address,
                error=str(error)[:120],
            )
        ) from error
    with client:
        places = {
            client.submit(run_trial, trial, name, pure=False, retries=RETRIES): place
            for place, (name, trial) in enumerate(work)
        }
        for future, result in as_completed(list(places), with_results=True):
            yield places[future], result
