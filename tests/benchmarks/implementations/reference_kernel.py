"""The reference kernel: a simple SIMD product in WebAssembly, called through ctypes."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.cases import Case, make_factors

MODULE = Path(__file__).parents[1] / "reference_kernel" / "simple.wasm"


def kernel_product(case: Case) -> Callable[[], object]:
    a, b, out = make_factors(case)
    function = ctypes.CDLL(str(MODULE)).product
    function.argtypes = [ctypes.c_void_p] * 3 + [ctypes.c_int] * 3
    function.restype = None
    rows, depth, columns = *a.shape, b.shape[1]

    def multiply() -> None:
        function(a.ctypes.data, b.ctypes.data, out.ctypes.data, rows, depth, columns)

    multiply()
    np.testing.assert_allclose(out, a @ b, rtol=1e-4)
    return multiply


def facts() -> dict[str, object]:
    return {"module": MODULE.name, "bytes": MODULE.stat().st_size}
