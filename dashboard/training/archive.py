"""Archives: a header in JSON and arrays beside it, as bytes that can be kept or sent.

Checkpoints and the kept spiral are made of them; what is in them is the affair of those two.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.training.history import History, Score
from nn.serialization import arrays_from_npz, arrays_to_npz

_CURVES = ("losses", "accuracies", "learning_rates")


class ArchiveError(ValueError):
    """Bytes that are no archive, or one of another kind; the message is a part of a sentence."""


@dataclass(frozen=True)
class ArchiveKind:
    """What archives are told apart by.

    Attributes
    ----------
    title
        What people call it: “checkpoint”.
    kind, version
        What it says of itself, and the version of its layout.
    """

    title: str
    kind: str
    version: int

    def pack(self, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
        """Return an archive; the header holds anything that JSON can hold."""
        text = json.dumps({"kind": self.kind, "format": self.version, **header})
        return arrays_to_npz({"header": as_bytes(text.encode()), **arrays})

    def unpack(self, data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return header and arrays of what `pack` gave.

        Raises
        ------
        ArchiveError
            When the bytes are damaged, cut short, or an archive of another kind or version.
        """
        try:
            arrays = arrays_from_npz(data)
        except ValueError as error:
            raise ArchiveError(
                f"expected a whole {self.title} and found {len(data):,} bytes of something "
                f"else, or of a damaged one ({error})"
            ) from error
        try:
            header = json.loads(arrays.pop("header").tobytes())
            kind, version = header["kind"], header["format"]
        except (KeyError, TypeError, ValueError) as error:
            raise ArchiveError(
                f"expected a {self.title} and found an archive of another kind: the weights file "
                f"is not a {self.title}"
            ) from error
        if (kind, version) != (self.kind, self.version):
            raise ArchiveError(
                f"expected an {self.kind} of format {self.version} and found {kind} of format "
                f"{version}, which another version of Inkling wrote"
            )
        return dict(header), arrays


def as_bytes(data: bytes) -> np.ndarray:
    """Return bytes as an array, (n,) uint8."""
    return np.frombuffer(data, np.uint8)


def with_prefix(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return arrays under longer names."""
    return {prefix + name: value for name, value in arrays.items()}


def without_prefix(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return those arrays whose names begin so, without that beginning."""
    return {
        name.removeprefix(prefix): value
        for name, value in arrays.items()
        if name.startswith(prefix)
    }


def curve_arrays(history: History) -> dict[str, np.ndarray]:
    """Return the numbers of every step, each (steps,) float32; scores are left out."""
    return {name: np.array(getattr(history, name), dtype=np.float32) for name in _CURVES}


def history_of(
    arrays: Mapping[str, np.ndarray],
    steps: int,
    validation: Sequence[Score],
    test: Sequence[Score] = (),
) -> History:
    """Return the history of `steps` steps from what `curve_arrays` gave, and scores.

    Raises
    ------
    ValueError
        When there are numbers of more or fewer steps.
    """
    losses, accuracies, learning_rates = (arrays[name].astype(np.float32) for name in _CURVES)
    shapes = {curve.shape for curve in (losses, accuracies, learning_rates)}
    if shapes != {(steps,)}:
        raise ValueError(f"{steps} steps, but curves of {sorted(shapes)}")
    return History.of(
        array("f", losses.tobytes()),
        array("f", accuracies.tobytes()),
        array("f", learning_rates.tobytes()),
        list(validation),
        list(test),
    )


def reason(error: Exception) -> str:
    """Return what an error says, or what it is called if it says nothing."""
    return str(error) or type(error).__name__
