"""Training steps by several threads in a browser, in a memory that they share.

Pyodide has no threads, and the memory of its Python belongs to its worker alone.
"""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np

from nn.backends.numpy_backend import data_pointer

LEAST_PRODUCTS = 500_000
LEAST_PRODUCTS_IN_CALL = 4_000_000
"""The fewest products of a weight and a value that are shared out: in the forward passes of a step,
and of a call, which takes some 0.1 ms longer than with one thread."""

SAMPLES_FOR_COPYING = 24
"""Samples in a call, for each array to be copied in and out per parameter, that make up for it."""

_ALIGNMENT = 64


def start_team(kernels: Path) -> Any | None:
    """Start the threads that the page offers, if it does; see kernels/team.js.

    Parameters
    ----------
    kernels : Path
        The module for a shared memory. The worker in which Python runs has `kernelThreads`, an
        object with the number of threads, `count`, and the address of thread.js, `script`.

    Returns
    -------
    object of JavaScript, or None
        None without a page, and where the browser refuses a shared memory.
    """
    try:
        import js  # noqa: PLC0415 - exists in a browser only
        import pyodide_js  # noqa: PLC0415
        from pyodide.code import run_js  # noqa: PLC0415
        from pyodide.ffi import JsException, to_js  # noqa: PLC0415
    except ImportError:
        return None
    offer = getattr(js, "kernelThreads", None)
    if offer is None or offer.count < 2:
        return None
    script = Path(__file__).with_name("kernels") / "team.js"
    given = js.Object.new()
    given.pyodide, given.count, given.script = pyodide_js._module, offer.count, offer.script
    given.code = to_js(kernels.read_bytes())
    try:
        return run_js(script.read_text(encoding="utf-8"))(given)
    except JsException as error:
        js.console.info(f"Training has one thread: {error}")
        return None


class SharedStep:
    """A fused step in the memory of a team; all arrays are copied there, and back after the call.

    Between two calls Python's own arrays are the only ones that count, so anything may change
    them.

    Parameters
    ----------
    team
        As `start_team` returns it.
    step : ctypes.Structure
        A step with the layers and settings of the calls, in Python's memory; `count` is that of the
        largest batch.
    layers : ctypes array of structures
    row_size : int
        Bytes of the outcome of one sample.
    work_size : int
        Values of work that each thread needs.
    """

    def __init__(self, team: Any, step: Any, layers: Any, *, row_size: int, work_size: int) -> None:
        self._team = team
        self._most_threads = int(team.count)
        self._end = int(team.base)
        self._layers = type(layers).from_buffer_copy(layers)
        kept, masks = [], []
        for layer in self._layers:
            for name, rows in _rows_of_arrays(layer.inputs, step.count).items():
                address, size = getattr(layer, name), 4 * rows * layer.outputs
                if not address:
                    continue
                place = self._place(size)
                setattr(layer, name, place)
                if name == "mask":
                    masks.append((address, place, size))
                elif name not in ("activations", "delta", "dropped"):
                    kept.append((address, place, size))
        self._scaled = self._place(4 * step.count * layers[0].inputs)
        self._runs = self._place(4 * (layers[0].inputs + 2))
        self._rows = self._place(row_size * step.count)
        self._work = self._place(4 * work_size * self._most_threads)
        records = (ctypes.addressof(self._layers), self._place(ctypes.sizeof(self._layers)))
        self._fixed = [*kept, *masks, (*records, ctypes.sizeof(self._layers))]
        self._kept_count = len(kept)
        self._layers_place = records[1]

    def _place(self, size: int) -> int:
        """Return the address of `size` more bytes of the shared memory."""
        place = self._end
        self._end = -(-(place + size) // _ALIGNMENT) * _ALIGNMENT
        return place

    def train(self, step: Any, rules: Any, outcomes: Any, x: np.ndarray, labels: np.ndarray) -> int:
        """Do what the function `train` does.

        Parameters
        ----------
        step : ctypes.Structure
            Its addresses are those of Python's memory.
        rules, outcomes : ctypes arrays of structures
            One for each batch.
        x : C-contiguous float32 or uint8
        labels : C-contiguous int32

        Returns
        -------
        int
            The number of threads; 0 if nothing was computed.
        """
        threads = int(self._team.threads())
        if threads == 1:
            return 0
        end = self._end
        shared = type(step).from_buffer_copy(step)
        step_place = self._place(ctypes.sizeof(shared))
        rules_place = self._place(ctypes.sizeof(rules))
        outcomes_place = self._place(ctypes.sizeof(outcomes))
        shared.labels, x_place = self._place(labels.nbytes), self._place(x.nbytes)
        if step.bytes:
            shared.bytes = x_place
        else:
            shared.x = x_place
        shared.layers, shared.scaled = self._layers_place, self._scaled
        shared.runs = self._runs
        shared.rows, shared.work, shared.threads = self._rows, self._work, threads
        ranges = np.array(
            [
                (ctypes.addressof(outcomes), outcomes_place, ctypes.sizeof(outcomes)),
                *self._fixed,
                (ctypes.addressof(shared), step_place, ctypes.sizeof(shared)),
                (ctypes.addressof(rules), rules_place, ctypes.sizeof(rules)),
                (data_pointer(labels), shared.labels, labels.nbytes),
                (data_pointer(x), x_place, x.nbytes),
            ],
            np.uintp,
        )
        is_there = self._team.reserve(self._end)
        self._end = end
        call = (step_place, rules_place, outcomes_place, len(rules))
        table = (data_pointer(ranges), len(ranges), 1, 1 + self._kept_count)
        return threads if is_there and self._team.train(*table, *call) else 0


def _rows_of_arrays(inputs: int, capacity: int) -> dict[str, int]:
    """Return the number of rows of each array of a layer."""
    of_weights = dict.fromkeys(("weights", "weights_first", "weights_second"), inputs)
    of_biases = dict.fromkeys(("bias", "bias_first", "bias_second"), 1)
    of_batches = dict.fromkeys(("activations", "delta", "mask", "dropped"), capacity)
    return of_weights | of_biases | of_batches
