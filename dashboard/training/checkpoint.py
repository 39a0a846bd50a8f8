"""A checkpoint holds an unfinished run as bytes: to go on later, or elsewhere, exactly.

The bytes are an `.npz` archive: a header in JSON, the network as a weights file, and arrays.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dashboard.training.archive import (
    ArchiveError,
    ArchiveKind,
    as_bytes,
    curve_arrays,
    history_of,
    reason,
    with_prefix,
    without_prefix,
)
from dashboard.training.history import Score
from dashboard.training.run_state import RunState, Smoothed
from dashboard.training.settings import TrainingSettings
from data_cache import BatchPosition, QueuePosition
from nn import create_optimizer, weights_from_bytes, weights_to_bytes
from nn.serialization import write_atomically

KIND = ArchiveKind("checkpoint", "inkling checkpoint", 1)

_OPTIMIZER = "optimizer."


class CheckpointError(ValueError):
    """A checkpoint that cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Checkpoint:
    """A run between two steps, with the settings that it had.

    Attributes
    ----------
    settings
        Values of TrainingSettings, by name.
    state
        Where the run stands.
    task
        What else its owner must know to go on, such as the data; anything that JSON can hold.
    """

    settings: Mapping[str, Any]
    state: RunState
    task: Mapping[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Return the checkpoint as the contents of a file.

        Raises
        ------
        nn.WeightsError
            When the network holds NaN or infinity; such a run is not worth going on with.
        """
        state = self.state
        arrays = {"network": as_bytes(weights_to_bytes(state.network, ".npz"))}
        if state.averaged is not None:
            arrays["averaged"] = as_bytes(weights_to_bytes(state.averaged, ".npz"))
        arrays |= curve_arrays(state.history)
        arrays |= with_prefix(_OPTIMIZER, state.optimizer_state)
        return KIND.pack(self._header(), arrays)

    def _header(self) -> dict[str, Any]:
        state = self.state
        return {
            "settings": dict(self.settings),
            "task": dict(self.task),
            "optimizer": state.optimizer,
            "position": asdict(state.position),
            "dropout_state": state.dropout_state,
            "augment_state": state.augment_state,
            "iteration": state.iteration,
            "epoch": state.epoch,
            "consumed": state.consumed,
            "loss": asdict(state.loss),
            "accuracy": asdict(state.accuracy),
            "starting_loss": state.starting_loss,
            "best_loss": state.best_loss if math.isfinite(state.best_loss) else None,
            "validation_due": state.validation_due,
            "averaged_steps": state.averaged_steps,
            "validation": [asdict(score) for score in state.history.validation],
            "test": [asdict(score) for score in state.history.test],
        }

    @classmethod
    def from_bytes(cls, data: bytes, name: str) -> Checkpoint:
        """Read what `to_bytes` gave; `name` is what errors call it.

        Raises
        ------
        CheckpointError
            When the bytes are damaged, cut short, or no checkpoint of this format.
        """
        try:
            header, arrays = KIND.unpack(data)
        except ArchiveError as error:
            raise CheckpointError(f"{name}: {error}; start again without it.") from error
        try:
            return cls._assemble(header, arrays)
        # Whatever does not fit in a header that somebody changed: one sentence for all of it.
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"{name}: this checkpoint contradicts itself ({reason(error)}); "
                "start again without it."
            ) from error

    @classmethod
    def _assemble(cls, header: dict[str, Any], arrays: dict[str, np.ndarray]) -> Checkpoint:
        settings = dict(header["settings"])
        TrainingSettings(**settings)
        state = _assemble_state(header, arrays)
        _check(state)
        return cls(settings, state, dict(header["task"]))


def read_checkpoint(path: Path | str) -> Checkpoint:
    """Read a checkpoint file; CheckpointError when it is missing, damaged or another file."""
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{path}: there is no such checkpoint, so there is nothing to go on with."
        ) from error
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror}).") from error
    return Checkpoint.from_bytes(data, str(path))


def write_checkpoint(checkpoint: Checkpoint, path: Path | str) -> None:
    """Write a checkpoint file atomically: it is the old one or the whole new one.

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    write_atomically(Path(path), checkpoint.to_bytes())


def settings_values(settings: TrainingSettings) -> dict[str, Any]:
    """Return the values of TrainingSettings alone, also from a class that adds to them."""
    return {name: getattr(settings, name) for name in TrainingSettings.param if name != "name"}


def _assemble_state(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> RunState:
    position = header["position"]
    best_loss = header["best_loss"]
    return RunState(
        network=weights_from_bytes(arrays["network"].tobytes(), "network.npz"),
        optimizer=header["optimizer"],
        optimizer_state=without_prefix(_OPTIMIZER, arrays),
        position=BatchPosition(
            QueuePosition(**position["queue"]), position["offset"], position["consumed"]
        ),
        dropout_state=header["dropout_state"],
        augment_state=header["augment_state"],
        iteration=header["iteration"],
        epoch=header["epoch"],
        consumed=header["consumed"],
        loss=Smoothed(**header["loss"]),
        accuracy=Smoothed(**header["accuracy"]),
        starting_loss=header["starting_loss"],
        best_loss=math.inf if best_loss is None else best_loss,
        validation_due=header["validation_due"],
        history=history_of(
            arrays, header["iteration"], _scores(header["validation"]), _scores(header["test"])
        ),
        averaged=weights_from_bytes(arrays["averaged"].tobytes(), "averaged.npz")
        if "averaged" in arrays
        else None,
        averaged_steps=int(header.get("averaged_steps", 0)),
    )


def _scores(listed: list[dict[str, Any]]) -> list[Score]:
    return [Score(**values) for values in listed]


def _check(state: RunState) -> None:
    """Refuse a state that a run could not go on from."""
    queue = state.position.queue
    if min(state.epoch, state.consumed, state.position.offset, queue.epoch, queue.block) < 0:
        raise ValueError("a place before the beginning of the data")
    for generator_state in (state.dropout_state, state.augment_state, queue.generator_state):
        np.random.default_rng(0).bit_generator.state = generator_state
    if state.averaged is not None:
        state.averaged.copy().copy_from(state.network)  # which refuses another form
    create_optimizer(state.optimizer, state.network.parameters()).load_state(state.optimizer_state)
