"""The files that a training command writes: weights, a checkpoint beside them, and the curve.

Their names are checked before training begins, so that an hour's work does not end at a wrong one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dashboard.cli.failure import CommandError
from dashboard.training.checkpoint import Checkpoint, write_checkpoint
from dashboard.training.history import History
from dashboard.training.run import Run
from dashboard.training.settings import SettingError
from nn import Network, save_weights
from nn.serialization import write_atomically


@dataclass(frozen=True)
class TrainFiles:
    """Where the results of a training go."""

    weights: Path
    history: Path | None
    half: bool = False

    @classmethod
    def named(cls, weights: str, history: str | None, *, half: bool = False) -> TrainFiles:
        """Check the names.

        Raises
        ------
        SettingError
            When the weights' ending is unknown, or two files are one.
        CommandError
            When a folder does not exist.
        """
        files = cls(Path(weights), Path(history) if history else None, half)
        if files.weights.suffix.lower() not in (".npz", ".json"):
            raise SettingError(
                f"--weight-path: a weights file ends in .npz or .json; found “{weights}”."
            )
        if half and files.weights.suffix.lower() != ".npz":
            raise SettingError(f"--half: only .npz holds numbers of 16 bits; found “{weights}”.")
        for flag, path in (("--weight-path", files.weights), ("--history-path", files.history)):
            if path is not None:
                _check_place(flag, path)
        if files.history in (files.weights, files.checkpoint):
            raise SettingError(
                f"--history-path: {history} is taken by the weights or their checkpoint; "
                "name another file."
            )
        return files

    @property
    def checkpoint(self) -> Path:
        """The checkpoint beside the weights: `my_weights.checkpoint.npz`."""
        return self.weights.with_name(f"{self.weights.stem}.checkpoint.npz")

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint."""
        write_checkpoint(checkpoint, self.checkpoint)

    def save_results(self, run: Run) -> list[str]:
        """Write the weights and the curve; returns what to say about it."""
        self.save_weights(run.judged)
        mean = " (their running mean)" if run.judged is not run.network else ""
        said = [
            f"The weights of iteration {run.iteration:,}{mean} are in {self.weights}, "
            f"the checkpoint for --resume is in {self.checkpoint}."
        ]
        return [*said, *self._save_history(run.history)]

    def save_best_results(self, epoch: int, history: History) -> list[str]:
        """Write the curve; the weights file has those of the best epoch already."""
        said = [
            f"The weights of epoch {epoch}, which did best on the validation samples, are in "
            f"{self.weights}, the checkpoint for --resume is in {self.checkpoint}."
        ]
        return [*said, *self._save_history(history)]

    def save_weights(self, network: Network) -> None:
        """Write the weights file."""
        save_weights(network, self.weights, half=self.half)

    def _save_history(self, history: History) -> list[str]:
        said = []
        self.save_history(history)
        if self.history is not None:
            said.append(f"The curve is in {self.history}.")
        return said

    def save_history(self, history: History) -> None:
        """Write the curve, if a file was named for it."""
        if self.history is not None:
            write_atomically(self.history, "".join(history.csv_lines()).encode())


def _check_place(flag: str, path: Path) -> None:
    if path.is_dir():
        raise CommandError(f"{flag}: {path} is a folder; name a file.")
    if not path.parent.is_dir():
        raise CommandError(f"{flag}: the folder {path.parent} does not exist; make it first.")
