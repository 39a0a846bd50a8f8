"""Fast products and training steps where NumPy has none of its own: in the browser.

NumPy for Pyodide has neither BLAS nor SIMD, so there a small WebAssembly module takes over.
"""

from nn.kernels.backend import Backend, backend_name, backend_reason, pick_backend

__all__ = ["Backend", "backend_name", "backend_reason", "pick_backend"]
