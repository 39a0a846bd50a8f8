"""Calls the functions of a compiled module through ctypes: arrays go in as their addresses.

Shapes are checked here, because the functions of `dense.c` and `convolution.c` trust every number
that they get.
"""

import ctypes
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nn.addresses import address
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
    """`struct step` of dense.c: a batch, and what to do with it."""

    _fields_ = [
        ("layers", ctypes.POINTER(LayerRecord)),
        ("layer_count", _INT),
        ("activation", _INT),
        ("count", _INT),
        ("x", _POINTER),
        ("bytes", _POINTER),
        ("numbers", _POINTER),
        ("labels", _POINTER),
        ("byte_scale", _FLOAT),
        ("l1", _FLOAT),
        ("l2", _FLOAT),
        ("rule", RuleRecord),
        ("work", _POINTER),
    ]


class OutcomeRecord(ctypes.Structure):
    """`struct outcome` of dense.c: what a batch gave before the step."""

    _fields_ = [("loss", ctypes.c_double), ("correct", _INT)]


class ConvolutionRecord(ctypes.Structure):
    """`struct convolution` of convolution.c: the sizes of pictures and filters."""

    _fields_ = [
        (name, _INT) for name in ("count", "height", "width", "channels", "kernel", "filters")
    ]


class PoolingRecord(ctypes.Structure):
    """`struct pooling` of convolution.c: the sizes of pictures and of what is pooled of them."""

    _fields_ = [
        (name, _INT)
        for name in (
            *("count", "height", "width", "channels"),
            *("size", "stride", "rows", "columns"),
        )
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
        self.train.argtypes = [
            *map(ctypes.POINTER, (StepRecord, RuleRecord, OutcomeRecord)),
            _INT,
        ]
        self.train.restype = None
        self.train_work_size = module.train_work_size
        self.train_work_size.argtypes = [ctypes.POINTER(StepRecord)]
        self.train_work_size.restype = _INT
        self._scale_bytes = module.scale_bytes
        self._scale_bytes.argtypes = [_POINTER, _FLOAT, _POINTER, _INT]
        self._scale_bytes.restype = None
        self._make_work(8 * 1024)
        self._convolve = _taking(module.convolve, ConvolutionRecord, 4)
        self._convolve_gradients = _taking(module.convolve_gradients, ConvolutionRecord, 3)
        self._convolve_work_size = _taking(module.convolve_work_size, ConvolutionRecord, 0)
        self._convolve_work_size.restype = _INT
        self._pool = _taking(module.pool, PoolingRecord, 3)
        self._unpool = _taking(module.unpool, PoolingRecord, 3)

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

    def scale_bytes(self, given: np.ndarray, scale: float, out: np.ndarray) -> None:
        """Write scale · given into `out`; both C-contiguous, of one size, uint8 and float32."""
        if given.dtype != np.uint8 or not given.flags.c_contiguous or given.size != out.size:
            raise ValueError(f"Expected {out.size} bytes in a row, found {given.shape} of another.")
        self._scale_bytes(address(given), scale, address(out), given.size)

    def _call(
        self, function: Function, arrays: tuple[np.ndarray, ...], sizes: tuple[int, int, int]
    ) -> None:
        depth = sizes[1]
        function(*map(address, arrays), *sizes, self._work_of(8 * depth))

    def _make_work(self, size: int) -> None:
        self._work = np.empty(size, dtype=np.float32)
        self._work_address = address(self._work)

    def _work_of(self, size: int) -> int:
        if size > self._work.size:
            self._make_work(size)
        return self._work_address

    def convolve(
        self, padded: np.ndarray, weights: np.ndarray, kernel: int, out: np.ndarray
    ) -> None:
        """Do what `nn.convolution.convolve` does; the shapes must fit."""
        record = _convolution_record(padded, weights, kernel, out)
        work = self._work_of(self._convolve_work_size(record))
        self._convolve(record, *map(address, (padded, weights, out)), work)

    def convolve_gradients(
        self, padded: np.ndarray, delta: np.ndarray, kernel: int, out: np.ndarray
    ) -> None:
        """Do what `nn.convolution.convolve_gradients` does; the shapes must fit."""
        record = _convolution_record(padded, out, kernel, delta)
        self._convolve_gradients(record, *map(address, (padded, delta, out)))

    def pool(
        self, given: np.ndarray, squares: tuple[int, int], out: np.ndarray, places: np.ndarray
    ) -> None:
        """Do what `nn.pooling.pool` does with places of uint8; the shapes must fit."""
        record = _pooling_record(given, squares, out, places)
        self._pool(record, *map(address, (given, out, places)))

    def unpool(
        self, delta: np.ndarray, squares: tuple[int, int], places: np.ndarray, out: np.ndarray
    ) -> None:
        """Do what `nn.pooling.unpool` does with places of uint8; the shapes must fit."""
        record = _pooling_record(out, squares, delta, places)
        self._unpool(record, *map(address, (delta, places, out)))

    def takes(self, *arrays: np.ndarray) -> bool:
        """Tell whether the kernels take these arrays: C-contiguous float32."""
        return all(array.dtype == np.float32 and array.flags.c_contiguous for array in arrays)

    def update(
        self, rule: UpdateRule, W: np.ndarray, g: np.ndarray, moments: Sequence[np.ndarray]
    ) -> None:
        """Take one step of the parameters `W` with the gradients `g`; changes the moments too."""
        first, second = [*map(address, moments), None, None][:2]
        self._update(rule_record(rule), address(W), address(g), first, second, W.size)


def rule_record(rule: UpdateRule) -> RuleRecord:
    """Return a rule as the kernels take it."""
    return RuleRecord(RULES.index(rule.name), *rule[1:])


def _check(sizes: tuple[int, int, int], out: np.ndarray, depths_fit: bool) -> None:
    rows, _, columns = sizes
    if not depths_fit or out.shape != (rows, columns):
        raise ValueError(
            f"Expected factors and a result that fit, found {sizes} and a result of {out.shape}."
        )


def _taking(function: Any, record: type[ctypes.Structure], arrays: int) -> Any:
    """Declare a function of convolution.c: a record, and the addresses of so many arrays."""
    function.argtypes = [ctypes.POINTER(record), *[_POINTER] * arrays]
    function.restype = None
    return function


def _convolution_record(
    pictures: np.ndarray, weights: np.ndarray, kernel: int, results: np.ndarray
) -> ConvolutionRecord:
    count, height, width, channels = pictures.shape
    filters = weights.shape[1]
    shape = (count, height - kernel + 1, width - kernel + 1, filters)
    if results.shape != shape or len(weights) != kernel * kernel * channels or min(shape[1:]) < 1:
        raise ValueError(
            f"Expected pictures, weights and results of a convolution with kernels of {kernel} "
            f"and found {pictures.shape}, {weights.shape} and {results.shape}."
        )
    return ConvolutionRecord(count, height, width, channels, kernel, filters)


def _pooling_record(
    pictures: np.ndarray, squares: tuple[int, int], pooled: np.ndarray, places: np.ndarray
) -> PoolingRecord:
    count, height, width, channels = pictures.shape
    (size, stride), (_, rows, columns, _) = squares, pooled.shape
    ends = [(side - 1) * stride + size for side in (rows, columns)]
    if (
        (pooled.shape[0], pooled.shape[3]) != (count, channels)
        or ends[0] > height
        or ends[1] > width
        or places.shape != pooled.shape
        or not places.flags.c_contiguous
    ):
        raise ValueError(
            f"Expected pictures, results and places of a pooling of {size} in steps of {stride} "
            f"and found {pictures.shape}, {pooled.shape} and {places.shape}."
        )
    return PoolingRecord(count, height, width, channels, size, stride, rows, columns)


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
