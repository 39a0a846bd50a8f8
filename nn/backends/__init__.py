"""Backends: NumPy everywhere, or a compiled WebAssembly module in a browser, which is faster there.

NumPy for Pyodide has neither BLAS nor SIMD. Everything works with NumPy alone, so a module that
does not load is no error: `backend_reason` says why.
"""

import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from nn.backends.numpy_backend import NumpyBackend

BACKENDS = ("auto", "numpy", "simd")
"""Values of the environment variable INKLING_BACKEND, which is read once, at the first use.

"auto" takes the fastest that loads; "simd" leaves out relaxed SIMD, whose last bits depend on the
machine; "numpy" computes without a module.
"""

# The fastest first. An engine refuses a module with instructions that it does not know.
_MODULES = {"simd-relaxed": "dense-relaxed.wasm", "simd": "dense-simd.wasm"}

Load = Callable[[Path, str, str], NumpyBackend]


def backend_name() -> str:
    """Return what computes here: "numpy", "simd", or "simd-relaxed" (fused multiply-add)."""
    return current_backend().name


def backend_reason() -> str:
    """Return one sentence on why this backend was chosen; for a page or a log."""
    return current_backend().reason


def rename_backend(name: str) -> None:
    """Note that the functions of the current module are those of another one of the same interface.

    Parameters
    ----------
    name : str
        "simd" or "simd-relaxed".
    """
    backend = current_backend()
    backend.name, backend.reason = name, f"The WebAssembly module {_MODULES[name]}."


def matrix_product(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """Write a @ b, (n, k) times (k, m), into `out`, a C-contiguous (n, m) of the same dtype."""
    current_backend().product(a, b, out)


def scale_bytes(values: np.ndarray, scale: float, out: np.ndarray) -> None:
    """Write scale * values, uint8 of any shape, into `out`, C-contiguous floats of that shape."""
    current_backend().scale_bytes(values, scale, out)


@cache
def current_backend() -> NumpyBackend:
    """Return the backend of this process, chosen at the first call; takes milliseconds."""
    return choose_backend(os.environ.get("INKLING_BACKEND", "auto"))


def choose_backend(
    wanted: str,
    *,
    folder: Path = Path(__file__).parent / "kernels",
    platform: str = sys.platform,
    load: Load | None = None,
) -> NumpyBackend:
    """Return the fastest backend among those that `wanted` allows.

    Parameters
    ----------
    wanted : str
        One of `BACKENDS`; another name means "auto", and the reason says so.
    folder : Path
        Where the modules are.
    platform : str
        As `sys.platform`; modules are loaded on "emscripten" only.
    load : callable, optional
        Takes a module's path, the backend's name and the reason; returns the backend or raises
        `OSError`. The default is `nn.backends.wasm.load_backend`.
    """
    note = ""
    if wanted not in BACKENDS:
        note = f" (INKLING_BACKEND is {wanted!r}; expected one of {', '.join(BACKENDS)})"
    if wanted == "numpy":
        return NumpyBackend("NumPy, as INKLING_BACKEND asks.")
    if platform != "emscripten":
        return NumpyBackend(f"NumPy with its own BLAS: this is not a browser{note}.")
    refusals = []
    for name, file_name in _MODULES.items():
        if wanted == "simd" and name != wanted:
            continue
        try:
            reason = f"The WebAssembly module {file_name}{note}."
            return (load or _load)(folder / file_name, name, reason)
        except OSError as error:
            refusals.append(f"{file_name}: {error}")
    return NumpyBackend(f"NumPy, as no module loads ({'; '.join(refusals)}){note}.")


def _load(path: Path, name: str, reason: str) -> NumpyBackend:
    # Layers import this module, and other platforms do not need that one.
    from nn.backends.wasm import load_backend  # noqa: PLC0415

    return load_backend(path, name, reason)
