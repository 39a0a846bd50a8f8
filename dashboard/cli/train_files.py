"""The files that `inkling train` writes: weights, a checkpoint beside them, and the curve.

Their paths are checked before training begins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dashboard.cli.output_files import check_output
from dashboard.languages.text import gettext
from dashboard.training.checkpoint import Checkpoint, write_checkpoint
from dashboard.training.history import History
from dashboard.training.run import Run
from dashboard.training.settings import SettingError
from nn import Network, save_weights
from nn.serialization import write_atomically

SUFFIXES = (".npz", ".json", ".safetensors")
"""Ends of the names of weights files that a training writes and reads again."""


@dataclass(frozen=True)
class TrainFiles:
    """The paths of a training's results; `half` saves weights as float16."""

    weights: Path
    history: Path | None
    half: bool = False

    @classmethod
    def named(
        cls,
        weights: str,
        history: str | None,
        *,
        half: bool = False,
        inputs: Iterable[str | None] = (),
    ) -> TrainFiles:
        """Return the paths, checked; `inputs` are the files and folders that are read.

        Raises
        ------
        SettingError
            The suffix of the weights is unknown, or two paths are the same file.
        CommandError
            A folder does not exist, or a path is a folder, a device or a link.
        """
        files = cls(Path(weights), Path(history) if history else None, half)
        if files.weights.suffix.lower() not in SUFFIXES:
            raise SettingError(
                gettext(
                    "--weight-path: a weights file ends in {names}; found “{weights}”.",
                    names=", ".join(SUFFIXES),
                    weights=weights,
                )
            )
        if half and files.weights.suffix.lower() != ".npz":
            raise SettingError(
                gettext("--half: float16 needs an .npz file; found “{weights}”.", weights=weights)
            )
        inputs = tuple(inputs)
        for flag, path in (
            ("--weight-path", files.weights),
            ("--weight-path", files.checkpoint),
            ("--history-path", files.history),
        ):
            if path is not None:
                check_output(flag, path, inputs=inputs)
        if files.history is not None and any(
            _is_same(files.history, path) for path in (files.weights, files.checkpoint)
        ):
            raise SettingError(
                gettext(
                    "--history-path: {history} is taken by the weights or their "
                    "checkpoint; name another file.",
                    history=history,
                )
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
            which = gettext(
                "epoch {best_epoch}, which did best on the validation samples,",
                best_epoch=best_epoch,
            )
        else:
            self.save_weights(run.evaluated_network)
            which = gettext("iteration {iteration:,}", iteration=run.iteration)
            if run.evaluated_network is not run.network:
                which = gettext("{which} (their running mean)", which=which)
        said = [
            gettext(
                "The weights of {which} are in {weights}, the checkpoint for --resume is "
                "in {checkpoint}.",
                which=which,
                weights=self.weights,
                checkpoint=self.checkpoint,
            )
        ]
        self.save_history(run.history)
        if self.history is not None:
            said.append(gettext("The curve is in {history}.", history=self.history))
        return said

    def save_weights(self, network: Network) -> None:
        """Write the weights file."""
        save_weights(network, self.weights, half=self.half)

    def save_history(self, history: History) -> None:
        """Write the curve, if there is a path for it."""
        if self.history is not None:
            write_atomically(self.history, "".join(history.csv_lines()).encode())


def _is_same(first: Path, second: Path) -> bool:
    """Tell whether two paths lead to one place, whether there is a file or not."""
    return first.resolve() == second.resolve()
