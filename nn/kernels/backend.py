"""Decides once whether NumPy or a compiled module computes, and remembers why.

Everything works with NumPy alone, so whatever keeps a module from loading is told, not raised.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nn.kernels.library import Library

BACKENDS = ("auto", "numpy", "simd")
"""What the environment variable INKLING_BACKEND may say; it is read once, at the first use.

"auto" takes the fastest that loads; "simd" leaves out relaxed SIMD, whose last bits depend on the
machine; "numpy" computes without a module.
"""

# The fastest first. An engine refuses a module with instructions that it does not know.
_MODULES = {"simd-relaxed": "dense-relaxed.wasm", "simd": "dense-simd.wasm"}


@dataclass(frozen=True)
class Backend:
    """What computes: `name` is "numpy", "simd" or "simd-relaxed", the fastest.

    `reason` says in one sentence why it is this one; `library` is None for NumPy.
    """

    name: str
    reason: str
    library: "Library | None" = None


def backend_name() -> str:
    """Return what computes here: "numpy", "simd", or "simd-relaxed" (with fused multiply-add)."""
    return current_backend().name


def backend_reason() -> str:
    """Return one sentence on why it is this backend; for a page or a log."""
    return current_backend().reason


def kernels() -> "Library | None":
    """Return the compiled kernels, or None where NumPy computes."""
    return current_backend().library


@cache
def current_backend() -> Backend:
    """Return the backend of this process, picked at the first call; takes milliseconds."""
    return pick_backend(os.environ.get("INKLING_BACKEND", "auto"))


def pick_backend(
    wanted: str,
    *,
    folder: Path = Path(__file__).parent,
    platform: str = sys.platform,
    load: "Callable[[Path], Library] | None" = None,
) -> Backend:
    """Return the fastest backend among those that `wanted`, one of `BACKENDS`, allows.

    The modules lie in `folder`; `load` turns the path of one into a library and raises `OSError`
    if it cannot. An unknown name means "auto", and the reason tells.
    """
    note = ""
    if wanted not in BACKENDS:
        note = f" (INKLING_BACKEND is {wanted!r}; expected one of {', '.join(BACKENDS)})"
    if wanted == "numpy":
        return Backend("numpy", "NumPy, as INKLING_BACKEND asks.")
    if platform != "emscripten":
        return Backend("numpy", f"NumPy with its own BLAS: this is not a browser{note}.")
    refusals = []
    for name, file_name in _MODULES.items():
        if wanted == "simd" and name != wanted:
            continue
        try:
            library = (load or _load)(folder / file_name)
        except OSError as error:
            refusals.append(f"{file_name}: {error}")
        else:
            return Backend(name, f"The WebAssembly module {file_name}{note}.", library)
    return Backend("numpy", f"NumPy, as no module loads ({'; '.join(refusals)}){note}.")


def _load(path: Path) -> "Library":
    # ctypes takes a while to import, and other platforms do not need it.
    from nn.kernels.library import load_library  # noqa: PLC0415

    return load_library(path)
