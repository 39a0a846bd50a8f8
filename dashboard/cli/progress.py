"""The progress of a run on stderr: a bar on a terminal, otherwise one line per epoch.

The values come from the trainer's snapshots; the clock affects only what is displayed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from tqdm import tqdm

from dashboard.languages.text import gettext
from dashboard.training.run import Run
from dashboard.training.snapshot import Snapshot


class Progress:
    """Displays the progress of one run.

    Parameters
    ----------
    run
        The run before training; a resumed run has completed some epochs.
    epochs
        The total number of epochs.
    stream
        The output.
    clock
        A monotonic clock, in seconds.
    """

    def __init__(self, run: Run, epochs: int, stream: TextIO, clock: Callable[[], float]) -> None:
        self._samples = run.feed.sample_count
        self._epochs = epochs
        self._stream = stream
        self._clock = clock
        self._start_time = self._epoch_time = clock()
        self._start = self._epoch_start = self._done = run.epochs_done
        self._bar = self._make_bar() if stream.isatty() else None

    def _make_bar(self) -> tqdm[None]:
        return tqdm(
            total=self._samples * self._epochs,
            initial=round(self._samples * self._done),
            file=self._stream,
            unit=gettext(" samples"),
            unit_scale=True,
            dynamic_ncols=True,
            bar_format="{desc} {percentage:3.0f}% |{bar}| {rate_noinv_fmt} · "
            + gettext("{remaining} left"),
        )

    def publish(self, snapshot: Snapshot) -> None:
        """Update the bar from a snapshot; called by the trainer."""
        self._done = max(self._done, snapshot.epoch)
        if self._bar is None or snapshot.loss is None or snapshot.accuracy is None:
            return
        self._bar.set_description_str(
            gettext(
                "epoch {epoch}/{epochs} · loss {loss:.3f} · accuracy {accuracy:.1f} %",
                epoch=min(int(snapshot.epoch) + 1, self._epochs),
                epochs=self._epochs,
                loss=snapshot.loss,
                accuracy=100 * snapshot.accuracy,
            ),
            refresh=False,
        )
        self._bar.update(max(0, round(self._samples * self._done) - self._bar.n))

    def end_epoch(self, run: Run) -> None:
        """Write the line of a completed epoch."""
        now = self._clock()
        speed = self._samples * (run.epochs_done - self._epoch_start)
        speed /= max(now - self._epoch_time, 1e-9)
        left = (self._epochs - run.epoch) * (now - self._start_time)
        left /= max(run.epochs_done - self._start, 1e-9)
        self._epoch_start, self._epoch_time = run.epochs_done, now
        self.write(
            gettext(
                "epoch {epoch}/{epochs} · loss {loss:.4f} · accuracy {accuracy:.2f} "
                "%{validation} · {speed:,.0f} samples/s · {left} left",
                epoch=run.epoch,
                epochs=self._epochs,
                loss=run.loss.value or 0,
                accuracy=100 * (run.accuracy.value or 0),
                validation=_validation_of(run),
                speed=speed,
                left=tqdm.format_interval(left),
            )
        )

    def write(self, line: str) -> None:
        """Write a line, above the bar if there is one."""
        if self._bar is None:
            self._stream.write(f"{line}\n")
            self._stream.flush()
        else:
            self._bar.write(line, file=self._stream)

    def close(self) -> None:
        """Close the bar, leaving it visible."""
        if self._bar is not None:
            self._bar.close()


def _validation_of(run: Run) -> str:
    """Return the validation accuracy of this iteration, if it was measured."""
    scores = run.history.validation
    is_new = bool(scores) and scores[-1].iteration == run.iteration
    return (
        gettext(" · validation {accuracy:.2f} %", accuracy=100 * scores[-1].accuracy)
        if is_new
        else ""
    )
