"""Checkpoints: a run between two steps as bytes, to continue later or elsewhere with equal numbers.

`inkling train --resume` and the autosave of both panes read and write this one format, an `.npz`
archive of a header in JSON, networks as weights files, and arrays.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dashboard.languages.text import gettext
from dashboard.training.epoch_scale import EpochScale
from dashboard.training.history import History, Score
from dashboard.training.marks import Divergence, SettingChange
from dashboard.training.run_state import ModelState, MovingAverage, RunState
from dashboard.training.settings import LearningSettings, TrainingSettings, setting_names
from data_cache import BatchPosition, PointPosition, QueuePosition
from nn import Network, WeightsError, create_optimizer, weights_from_bytes, weights_to_bytes
from nn.serialization import arrays_from_npz, arrays_to_npz, write_atomically

KIND, FORMATS = "inkling checkpoint", (1, 2)
"""Format 1 is written while a run has fewer than `BLOCK_STEPS` steps."""

BLOCK_STEPS = 1 << 16
"""Steps of the history in one array of format 2. Full blocks come first and never change, so a
longer run begins with the same bytes, which an autosave need not write again."""

_BLOCK = "history."
_OPTIMIZER, _FALLBACK, _EXTRA = "optimizer.", "fallback.", "extra."
_CURVES = ("losses", "accuracies", "learning_rates")
_DIVERGED = "diverged."
_PLAIN_FIELDS = (
    *("optimizer", "dropout_state", "augment_state", "iteration", "epoch", "consumed"),
    *("starting_loss", "validation_due", "averaged_steps"),
)
"""Fields of `RunState` whose values JSON can hold."""


class CheckpointError(ValueError):
    """A checkpoint that cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Checkpoint:
    """A run between two steps, with its settings.

    Attributes
    ----------
    settings
        Values of the run's settings, by name.
    state
        State of the run, with its history.
    task
        What else the owner of the run needs to continue, such as its data; JSON values.
    arrays
        The same as arrays, by name.
    """

    settings: Mapping[str, Any]
    state: RunState
    task: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Return the contents of a checkpoint file; equal checkpoints give equal bytes.

        Raises
        ------
        nn.WeightsError
            A weight or a value of the optimiser's state is NaN or infinite.
        """
        state, history = self.state, self.state.history
        if history is None:
            raise ValueError("Checkpoint.state: expected a state with its history, found none.")
        header = {name: getattr(state, name) for name in _PLAIN_FIELDS} | {
            "kind": KIND,
            "format": FORMATS[len(history) >= BLOCK_STEPS],
            "settings": dict(self.settings),
            "task": dict(self.task),
            "position": asdict(state.position),
            "loss": asdict(state.loss),
            "accuracy": asdict(state.accuracy),
            "best_loss": state.best_loss if math.isfinite(state.best_loss) else None,
            "validation": [asdict(score) for score in history.validation],
            "test": [asdict(score) for score in history.test],
            "changes": [asdict(change) for change in history.changes],
            "divergences": [
                {"iteration": it.iteration, "fallback": it.fallback, "reason": it.reason}
                for it in history.divergences
            ],
            "epochs": history.epochs.points,
            "interventions": list(history.interventions),
        }
        blocks, rest = _curve_arrays(history)
        arrays = {**_model_arrays(state), **rest, **_with_prefix(_EXTRA, self.arrays)}
        for number, divergence in enumerate(history.divergences):
            for name in _CURVES[:2]:
                values = np.array(getattr(divergence, name), dtype=np.float32)
                arrays[f"{_DIVERGED}{number}.{name}"] = values
        if state.averaged is not None:
            arrays["averaged"] = _network_bytes(state.averaged)
        if state.fallback is not None:
            header["fallback"] = {
                "iteration": state.fallback.iteration,
                "loss": asdict(state.fallback.loss),
                "accuracy": asdict(state.fallback.accuracy),
            }
            arrays |= _with_prefix(_FALLBACK, _model_arrays(state.fallback))
        text = np.frombuffer(json.dumps(header).encode(), np.uint8)
        return arrays_to_npz({**blocks, "header": text, **arrays})

    @classmethod
    def from_bytes(
        cls,
        data: bytes,
        name: str,
        settings: type[LearningSettings] = TrainingSettings,
        former: Collection[str] = (),
    ) -> Checkpoint:
        """Read the contents of a checkpoint file.

        Parameters
        ----------
        data
            As `to_bytes` returned them.
        name
            How error messages call the checkpoint.
        settings
            Class that the checkpoint's settings must fit.
        former
            Names of settings of earlier versions, which are left out.

        Raises
        ------
        CheckpointError
            The bytes are damaged, cut short, of another kind or format, or inconsistent; the
            message is a part of a sentence.
        """
        header, arrays = _read_archive(data, name)
        # Whatever does not fit in a header that was edited by hand gets one message.
        try:
            values = {
                name: it for name, it in dict(header["settings"]).items() if name not in former
            }
            settings(**values)
            state = _read_state(header, arrays)
            return cls(values, state, dict(header["task"]), _without_prefix(_EXTRA, arrays))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise CheckpointError(
                gettext(
                    "{name}: expected a consistent checkpoint, found a contradiction in "
                    "it ({error})",
                    name=name,
                    error=str(error) or type(error).__name__,
                )
            ) from error


def read_checkpoint(path: Path | str) -> Checkpoint:
    """Read a checkpoint file; CheckpointError when it is missing, damaged or another file."""
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise CheckpointError(
            gettext(
                "{path}: expected a checkpoint to resume from, found no file; leave out --resume.",
                path=path,
            )
        ) from error
    except OSError as error:
        raise CheckpointError(
            gettext("{path}: cannot be read ({strerror}).", path=path, strerror=error.strerror)
        ) from error
    try:
        return Checkpoint.from_bytes(data, str(path))
    except CheckpointError as error:
        raise CheckpointError(
            gettext("{error}; start again without --resume.", error=error)
        ) from error


def write_checkpoint(checkpoint: Checkpoint, path: Path | str) -> None:
    """Write a checkpoint file atomically; OSError when it cannot be written."""
    write_atomically(Path(path), checkpoint.to_bytes())


def settings_values(settings: TrainingSettings) -> dict[str, Any]:
    """Return the values of TrainingSettings by name, without those that a subclass adds."""
    return {name: getattr(settings, name) for name in setting_names(TrainingSettings)}


def _read_archive(data: bytes, name: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    try:
        arrays = arrays_from_npz(data)
    except ValueError as error:
        raise CheckpointError(
            gettext(
                "{name}: expected a whole checkpoint, found {count:,} bytes of a damaged "
                "or another file ({error})",
                name=name,
                count=len(data),
                error=error,
            )
        ) from error
    try:
        header = dict(json.loads(arrays.pop("header").tobytes()))
        found = header["kind"], header["format"]
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            gettext(
                "{name}: expected a checkpoint, found another archive, such as a weights file",
                name=name,
            )
        ) from error
    if found not in [(KIND, number) for number in FORMATS]:
        raise CheckpointError(
            gettext(
                "{name}: expected an {kind} of format {format}, found {found} of format "
                "{found_format}, which another version of Inkling wrote",
                name=name,
                kind=KIND,
                format=", ".join(map(str, FORMATS)),
                found=found[0],
                found_format=found[1],
            )
        )
    return header, arrays


def _read_state(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> RunState:
    best_loss, starting_loss = header["best_loss"], header["starting_loss"]
    model = _read_model(header, arrays)
    state = RunState(
        **vars(model),
        **{name: header[name] for name in _PLAIN_FIELDS if name in header and name != "iteration"},
        position=_read_position(header["position"]),
        best_loss=math.inf if best_loss is None else _finite(best_loss),
        history=_read_history(header, arrays),
        fallback=_read_model(header["fallback"], _without_prefix(_FALLBACK, arrays))
        if "fallback" in header
        else None,
        averaged=weights_from_bytes(arrays["averaged"].tobytes(), "averaged.npz")
        if "averaged" in arrays
        else None,
    )
    if starting_loss is not None:
        _finite(starting_loss)
    _check(state)
    return state


def _read_model(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> ModelState:
    optimizer_state = _without_prefix(_OPTIMIZER, arrays)
    _check_finite(optimizer_state)
    return ModelState(
        iteration=_count(header["iteration"]),
        network=weights_from_bytes(arrays["network"].tobytes(), "network.npz"),
        optimizer_state=optimizer_state,
        loss=MovingAverage(**{key: _finite(value) for key, value in header["loss"].items()}),
        accuracy=MovingAverage(**{key: _finite(it) for key, it in header["accuracy"].items()}),
    )


def _read_position(position: Mapping[str, Any]) -> BatchPosition | PointPosition:
    if "queue" not in position:
        return PointPosition(**position)
    queue = QueuePosition(**position["queue"])
    return BatchPosition(queue, position["offset"], position["consumed"])


def _read_history(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> History:
    losses, accuracies, rates = _read_curves(arrays)
    shapes, steps = {losses.shape, accuracies.shape, rates.shape}, header["iteration"]
    if shapes != {(steps,)}:
        raise ValueError(f"{steps} steps, but curves of {sorted(shapes)}")
    validation, test = (
        [Score(**values) for values in header[name]] for name in ("validation", "test")
    )
    return History.of(
        array("f", losses.tobytes()),
        array("f", accuracies.tobytes()),
        array("f", rates.tobytes()),
        validation,
        test,
        # Checkpoints of earlier versions have no marks.
        changes=[SettingChange(**values) for values in header.get("changes", ())],
        divergences=[
            Divergence(**{**values, **_read_diverged(arrays, number)})
            for number, values in enumerate(header.get("divergences", ()))
        ],
        epochs=EpochScale(map(tuple, header.get("epochs", ()))),
        interventions=[str(text) for text in header.get("interventions", ())],
    )


def _curve_arrays(history: History) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the full blocks of the curves, (3, `BLOCK_STEPS`) each, and the rest by its names."""
    curves = {name: np.array(getattr(history, name), dtype=np.float32) for name in _CURVES}
    count = len(history) // BLOCK_STEPS
    blocks = {
        f"{_BLOCK}{number:06d}": np.stack(
            [it[number * BLOCK_STEPS : (number + 1) * BLOCK_STEPS] for it in curves.values()]
        )
        for number in range(count)
    }
    return blocks, {name: values[count * BLOCK_STEPS :] for name, values in curves.items()}


def _read_curves(arrays: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """Return losses, accuracies and rates; checkpoints of earlier versions have no blocks."""
    blocks = _without_prefix(_BLOCK, arrays)
    if any(values.shape != (len(_CURVES), BLOCK_STEPS) for values in blocks.values()):
        raise ValueError(f"blocks of the curves that have not {BLOCK_STEPS} steps")
    if sorted(map(int, blocks)) != list(range(len(blocks))):
        raise ValueError("a block of the curves is missing")
    pieces = [blocks[name] for name in sorted(blocks)]
    return [
        np.concatenate([*(it[row] for it in pieces), arrays[name]]).astype(np.float32)
        for row, name in enumerate(_CURVES)
    ]


def _read_diverged(arrays: Mapping[str, np.ndarray], number: int) -> dict[str, array[float]]:
    """Return the losses and accuracies of a divergence."""
    return {
        name: array("f", arrays[f"{_DIVERGED}{number}.{name}"].astype(np.float32).tobytes())
        for name in _CURVES[:2]
    }


def _check(state: RunState) -> None:
    """Raise ValueError for a state that a run could not continue from."""
    position, fallback = state.position, state.fallback
    place = position.queue if isinstance(position, BatchPosition) else position
    counts = [state.epoch, state.consumed, position.consumed, place.epoch]
    if isinstance(position, BatchPosition):
        counts += [position.offset, position.queue.block]
    for count in counts:
        _count(count)
    for generator_state in (state.dropout_state, state.augment_state, place.generator_state):
        np.random.default_rng(0).bit_generator.state = generator_state
    if state.averaged is not None:
        state.averaged.copy().copy_from(state.network)  # which refuses another architecture
    if fallback is not None:
        fallback.network.copy().copy_from(state.network)
        if fallback.iteration > state.iteration:
            raise ValueError("fallback weights that are newer than the weights")
        for name, values in fallback.optimizer_state.items():
            if values.shape != state.optimizer_state.get(name, values).shape:
                raise ValueError(f"{name} of the fallback's optimizer of the shape {values.shape}")
    create_optimizer(state.optimizer, state.network.parameters()).load_state(state.optimizer_state)


def _model_arrays(state: ModelState) -> dict[str, np.ndarray]:
    try:
        _check_finite(state.optimizer_state)
    except ValueError as error:
        raise WeightsError(gettext("{error} and was not saved.", error=error)) from error
    return {"network": _network_bytes(state.network)} | _with_prefix(
        _OPTIMIZER, state.optimizer_state
    )


def _network_bytes(network: Network) -> np.ndarray:
    return np.frombuffer(weights_to_bytes(network, ".npz"), np.uint8)


def _with_prefix(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {prefix + name: value for name, value in arrays.items()}


def _without_prefix(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the arrays whose names begin with a prefix, under the rest of their names."""
    return {
        name.removeprefix(prefix): value
        for name, value in arrays.items()
        if name.startswith(prefix)
    }


def _check_finite(arrays: Mapping[str, np.ndarray]) -> None:
    for name, values in arrays.items():
        if not np.isfinite(values).all():
            raise ValueError(f"{name} of the optimizer holds NaN or infinity")


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"expected a whole number from 0, found {value!r}")
    return value


def _finite(value: Any) -> float:
    if not math.isfinite(value):
        raise ValueError(f"expected a finite number, found {value!r}")
    return float(value)
