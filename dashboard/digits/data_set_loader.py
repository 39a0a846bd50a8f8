"""Opens the data set that the user chose, in the background; only the latest choice counts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dashboard.digits.datasets import DataSetOpener, OpenedDataSet
from dashboard.digits.state import DigitsState
from dashboard.digits.training_subset import ALL, with_training_samples
from dashboard.languages.text import gettext
from dashboard.shell.notices import Notice
from dashboard.training.background_tasks import BackgroundTasks
from data_cache import DATA_SETS, DataError


class DataSetLoader:
    """Opens data sets for one controller.

    Parameters
    ----------
    state
        Its `busy` tells the progress and its `notice` the errors.
    open_data_set
        Opens a data set by its name.
    background_tasks
        Where the opening runs.
    finished
        Called after each opening that was not cancelled: with the data set, or with None when it
        cannot be opened.
    """

    def __init__(
        self,
        state: DigitsState,
        open_data_set: DataSetOpener,
        background_tasks: BackgroundTasks,
        finished: Callable[[OpenedDataSet | None], None],
    ) -> None:
        self._state = state
        self._open_data_set = open_data_set
        self._background_tasks = background_tasks
        self._finished = finished
        self._task: asyncio.Task[None] | None = None

    def begin(
        self, name: str, training_samples: str = ALL, *, opened: OpenedDataSet | None = None
    ) -> None:
        """Open a data set in place of the one being opened, if any.

        Parameters
        ----------
        name, training_samples
            The data set, and which of its samples are trained on.
        opened
            The same data set, if it is open already.
        """
        self.cancel()
        self._task = self._background_tasks.begin(self._load(name, training_samples, opened))

    def cancel(self) -> None:
        """Cancel the opening under way, if any."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
            self._state.busy = ""

    async def wait(self) -> None:
        """Wait until the opening under way has ended, if any."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def open(self, name: str, training_samples: str = ALL) -> OpenedDataSet:
        """Return a data set without a report of the progress; raises DataError."""
        opened = await self._open_data_set(name, lambda _sentence: None)
        return await with_training_samples(opened, training_samples)

    async def _load(self, name: str, training_samples: str, opened: OpenedDataSet | None) -> None:
        task = asyncio.current_task()

        def report(sentence: str) -> None:
            if self._task is task:
                self._state.busy = sentence
            elif self._task is None and self._state.data_set == name:
                # Blocks that come later, such as those of the validation samples.
                self._state.notice = Notice(sentence)

        report(gettext("Loading {data_set} …", data_set=gettext(DATA_SETS[name].title)))
        data = None
        try:
            data = await with_training_samples(
                opened or await self._open_data_set(name, report), training_samples
            )
        except DataError as error:
            self._state.notice = Notice(str(error), "error")
        finally:
            if self._task is task:
                self._task = None
                self._state.busy = ""
                self._finished(data)
