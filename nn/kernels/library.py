"""Calls the functions of a compiled module through ctypes: arrays go in as their addresses.

Shapes are checked here, because the functions of `dense.c` trust every number that they get.
"""

import ctypes
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from nn.kernels.rule import RULES, UpdateRule

Function = Callable[..., int | None]

_POINTER, _INT, _FLOAT = ctypes.c_void_p, ctypes.c_int, ctypes.c_float


class RuleRecord(ctypes.Structure):
    """`struct rule` of dense.c: how parameters follow their gradients."""

    _fields_ = [
        ("kind", _INT),
        ("rate", _FLOAT),
        ("first", _FLOAT),
        ("second", _FLOAT),
        ("epsilon", _FLOAT),
        ("shrink", _FLOAT),
    ]


class LayerRecord(ctypes.Structure):
    """`struct layer` of dense.c: sizes and addresses of a layer and its buffers."""

    _fields_ = [
        ("inputs", _INT),
        ("outputs", _INT),
        ("weights", _POINTER),
        ("bias", _POINTER),
        ("weight_first", _POINTER),
        ("weight_second", _POINTER),
        ("bias_first", _POINTER),
        ("bias_second", _POINTER),
        ("activations", _POINTER),
        ("mask", _POINTER),
        ("dropped", _POINTER),
        ("delta", _POINTER),
    ]


class StepRecord(ctypes.Structure):
    """`struct step` of dense.c: a batch, what to do with it, and what came of it."""

    _fields_ = [
        ("layers", ctypes.POINTER(LayerRecord)),
        ("layer_count", _INT),
        ("activation", _INT),
        ("count", _INT),
        ("x", _POINTER),
        ("labels", _POINTER),
        ("l1", _FLOAT),
        ("l2", _FLOAT),
        ("rule", RuleRecord),
        ("work", _POINTER),
        ("correct", _INT),
        ("loss", ctypes.c_double),
    ]


class Library:
    """The functions of one module. All arrays are C-contiguous float32."""

    def __init__(self, module: ctypes.CDLL) -> None:
        products = [module.product, module.product_of_transposed, module.product_with_transposed]
        for function in products:
            function.argtypes = [_POINTER] * 3 + [_INT] * 3 + [_POINTER]
            function.restype = None
        self._product, self._product_of_transposed, self._product_with_transposed = products
        self._update = module.update
        self._update.argtypes = [ctypes.POINTER(RuleRecord)] + [_POINTER] * 4 + [_INT]
        self._update.restype = None
        self.train = module.train
        self.train.argtypes = [ctypes.POINTER(StepRecord)]
        self.train.restype = None
        self.train_work_size = module.train_work_size
        self.train_work_size.argtypes = [ctypes.POINTER(StepRecord)]
        self.train_work_size.restype = _INT
        self._work = np.empty(8 * 1024, dtype=np.float32)

    def product(self, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        """Write a @ b into `out`; the shapes must fit."""
        sizes = (len(a), a.shape[1], b.shape[1])
        _check(sizes, out, a.shape[1] == len(b))
        self._call(self._product, (a, b, out), sizes)

    def product_of_transposed(self, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        """Write a.T @ b into `out`; the shapes must fit."""
        sizes = (a.shape[1], len(a), b.shape[1])
        _check(sizes, out, len(a) == len(b))
        self._call(self._product_of_transposed, (a, b, out), sizes)

    def product_with_transposed(self, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        """Write a @ b.T into `out`; the shapes must fit."""
        sizes = (len(a), a.shape[1], len(b))
        _check(sizes, out, a.shape[1] == b.shape[1])
        self._call(self._product_with_transposed, (a, b, out), sizes)

    def _call(
        self, function: Function, arrays: tuple[np.ndarray, ...], sizes: tuple[int, int, int]
    ) -> None:
        depth = sizes[1]
        if 8 * depth > self._work.size:
            self._work = np.empty(8 * depth, dtype=np.float32)
        function(*map(address, arrays), *sizes, address(self._work))

    def takes(self, *arrays: np.ndarray) -> bool:
        """Tell whether the kernels take these arrays: C-contiguous float32."""
        return all(array.dtype == np.float32 and array.flags.c_contiguous for array in arrays)

    def update(
        self, rule: UpdateRule, W: np.ndarray, g: np.ndarray, moments: Sequence[np.ndarray]
    ) -> None:
        """Take one step of the parameters `W` with the gradients `g`; changes the moments too."""
        first, second = [*map(address, moments), None, None][:2]
        record = RuleRecord(RULES.index(rule.name), *rule[1:])
        self._update(record, address(W), address(g), first, second, W.size)


def _check(sizes: tuple[int, int, int], out: np.ndarray, depths_fit: bool) -> None:
    rows, _, columns = sizes
    if not depths_fit or out.shape != (rows, columns):
        raise ValueError(
            f"Expected factors and a result that fit, found {sizes} and a result of {out.shape}."
        )


def load_library(path: Path) -> Library:
    """Load the module at `path`; `OSError` if it is missing, refused or computes nonsense."""
    if not path.is_file():
        raise OSError("there is no such file")
    try:
        library = Library(ctypes.CDLL(str(path)))
    except AttributeError as error:
        raise OSError(f"it lacks a function ({error})") from error
    a = np.arange(63, dtype=np.float32).reshape(9, 7)
    out = np.empty((9, 9), dtype=np.float32)
    library.product_with_transposed(a, a, out)
    if not np.array_equal(out, np.einsum("ik,jk->ij", a, a)):
        raise OSError("it gives wrong products")
    return library


def address(array: np.ndarray) -> int:
    """Return where the numbers of an array lie."""
    return int(array.ctypes.data)
