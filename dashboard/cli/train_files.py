"""The files that `inkling train` writes: weights, a checkpoint beside them, and the curve.

Their paths are checked before training begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dashboard.cli.errors import CommandError
from dashboard.training.checkpoint import Checkpoint, write_checkpoint
from dashboard.training.history import History
from dashboard.training.run import Run
from dashboard.training.settings import SettingError
from nn import Network, save_weights
from nn.serialization import write_atomically


@dataclass(frozen=True)
class TrainFiles:
    """The paths of a training's results; `half` saves weights as float16."""

    weights: Path
    history: Path | None
    half: bool = False

    @classmethod
    def named(cls, weights: str, history: str | None, *, half: bool = False) -> TrainFiles:
        """Return the paths, checked.

        Raises
        ------
        SettingError
            The suffix of the weights is unknown, or two paths are the same file.
        CommandError
            A folder does not exist.
        """
        files = cls(Path(weights), Path(history) if history else None, half)
        if files.weights.suffix.lower() not in (".npz", ".json"):
            raise SettingError(
                f"--weight-path: a weights file ends in .npz or .json; found “{weights}”."
            )
        if half and files.weights.suffix.lower() != ".npz":
            raise SettingError(f"--half: float16 needs an .npz file; found “{weights}”.")
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

    def save_results(self, run: Run, best_epoch: int = 0) -> list[str]:
        """Write the weights and the curve; return sentences about them.

        With a `best_epoch` only the curve is written: its weights are saved already.
        """
        if best_epoch:
            which = f"epoch {best_epoch}, which did best on the validation samples,"
        else:
            self.save_weights(run.evaluated_network)
            mean = " (their running mean)" if run.evaluated_network is not run.network else ""
            which = f"iteration {run.iteration:,}{mean}"
        said = [
            f"The weights of {which} are in {self.weights}, "
            f"the checkpoint for --resume is in {self.checkpoint}."
        ]
        self.save_history(run.history)
        if self.history is not None:
            said.append(f"The curve is in {self.history}.")
        return said

    def save_weights(self, network: Network) -> None:
        """Write the weights file."""
        save_weights(network, self.weights, half=self.half)

    def save_history(self, history: History) -> None:
        """Write the curve, if there is a path for it."""
        if self.history is not None:
            write_atomically(self.history, "".join(history.csv_lines()).encode())


def _check_place(flag: str, path: Path) -> None:
    if path.is_dir():
        raise CommandError(f"{flag}: {path} is a folder; name a file.")
    if not path.parent.is_dir():
        raise CommandError(f"{flag}: the folder {path.parent} does not exist; make it first.")
