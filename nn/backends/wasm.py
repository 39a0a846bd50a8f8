"""The compiled backend: calls the functions of a WebAssembly module through ctypes.

The C sources in `kernels` trust every size and pointer that they get, so shapes are checked here.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from nn.backends.numpy_backend import NumpyBackend, data_pointer, is_float32
from nn.backends.threads import (
    LEAST_PRODUCTS,
    LEAST_PRODUCTS_IN_CALL,
    SAMPLES_FOR_COPYING,
    SharedStep,
    start_team,
)
from nn.layers import Dense, DenseWorkspace, Layer
from nn.optimizers import Optimizer, UpdateRule

ABI_VERSION = "3"
"""The version of the interface (kernels/abi.h) that this file is written for."""

FEW_SAMPLES = 8
"""The most samples that `FusedPrediction` takes; for more, the calls take little of the time."""

_POINTER, _INT, _FLOAT = ctypes.c_void_p, ctypes.c_int, ctypes.c_float


class Interface:
    """The structs and enumerations of a module, as its function `abi` describes them.

    Attributes
    ----------
    structs : dict of str to ctypes.Structure types
    enums : dict of str to tuples of str
        Names in the order of their values.

    Raises
    ------
    OSError
        If the text is that of another version.
    """

    def __init__(self, text: str) -> None:
        first, *lines = text.splitlines() or [""]
        version = first.rpartition(" ")[2]
        if version != ABI_VERSION:
            raise OSError(
                f"expected version {ABI_VERSION} of its interface and found {version[:20]!r}: "
                "build it with make kernels"
            )
        self.structs: dict[str, Any] = {}
        self.enums: dict[str, tuple[str, ...]] = {}
        for line in lines:
            head, _, body = line.partition(":")
            kind, name = head.split()
            entries = body.rstrip(";").split(";")
            if kind == "enum":
                self.enums[name] = tuple(entries)
            else:
                fields = [self._field(entry) for entry in entries]
                self.structs[name] = type(name, (ctypes.Structure,), {"_fields_": fields})
        of_rule = tuple(field[0] for field in self.structs["rule"]._fields_)
        if of_rule != UpdateRule._fields:
            raise OSError(f"expected the rule's fields {UpdateRule._fields} and found {of_rule}")
        self._rule_type = self.structs["rule"]
        self._rule_kinds = {name: value for value, name in enumerate(self.enums["rule"])}

    def _field(self, entry: str) -> tuple[str, Any]:
        """Return the name and the ctypes type of a field such as "const float * x"."""
        type_name, _, name = entry.rpartition(" ")
        if type_name.endswith("*"):
            return name, _POINTER
        if type_name.startswith("struct "):
            return name, self.structs[type_name.removeprefix("struct ")]
        types = {"int": _INT, "float": _FLOAT, "double": ctypes.c_double}
        return name, types[type_name]

    def rule(self, rule: UpdateRule) -> Any:
        """Return an optimiser's rule as a struct."""
        return self._rule_type(self._rule_kinds[rule[0]], *rule[1:])


class WasmBackend(NumpyBackend):
    """Computes with a compiled module what it takes, C-contiguous float32, and else with NumPy.

    Parameters
    ----------
    module : ctypes.CDLL
    name, reason : str
        As in `NumpyBackend`.

    Raises
    ------
    OSError
        If the module lacks a function or has another version of the interface.
    """

    threads = 1

    def __init__(self, module: ctypes.CDLL, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name = name
        try:
            self._declare_functions(module)
        except AttributeError as error:
            raise OSError(f"it lacks a function ({error})") from error
        self._allocate_work(8 * 1024)

    def _declare_functions(self, module: ctypes.CDLL) -> None:
        module.abi.argtypes, module.abi.restype = [], ctypes.c_char_p
        self.interface = Interface(module.abi().decode())

        def declare(name: str, *arguments: Any, returns: Any = None) -> Any:
            function = getattr(module, name)
            function.argtypes = [
                ctypes.POINTER(self.interface.structs[a]) if isinstance(a, str) else a
                for a in arguments
            ]
            function.restype = returns
            return function

        pointer, number, scalar = _POINTER, _INT, _FLOAT
        of_product = [pointer] * 3 + [number] * 3 + [pointer]
        self._product = declare("product", *of_product)
        self._product_of_transposed = declare("product_of_transposed", *of_product)
        self._product_with_transposed = declare("product_with_transposed", *of_product)
        self._scale_bytes = declare("scale_bytes", pointer, scalar, pointer, number)
        self._update = declare("update", "rule", *[pointer] * 4, number)
        self._convolve = declare("convolve", "convolution", *[pointer] * 4)
        self._convolve_work_size = declare("convolve_work_size", "convolution", returns=number)
        self._convolve_gradients = declare("convolve_gradients", "convolution", *[pointer] * 3)
        self._max_pool = declare("max_pool", "pooling", *[pointer] * 3)
        self._max_unpool = declare("max_unpool", "pooling", *[pointer] * 3)
        self.train_work_size = declare("train_work_size", "step", returns=number)
        self.predict = declare("predict", "step")
        self.train = declare("train", "step", "rule", "outcome", number, returns=number)

    @cached_property
    def team(self) -> Any | None:
        """The threads that compute large steps with the same kernels; None without any."""
        return start_team(Path(__file__).parent / "kernels" / f"team-{self.name}.wasm")

    def _allocate_work(self, size: int) -> None:
        self._work = np.empty(size, np.float32)
        self._work_pointer = data_pointer(self._work)

    def _work_of(self, size: int) -> int:
        if size > self._work.size:
            self._allocate_work(size)
        return self._work_pointer

    def product(self, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        if not is_float32(a, b, out):
            return super().product(a, b, out)
        sizes = (len(a), a.shape[1], b.shape[1])
        return self._call(self._product, (a, b, out), sizes, a.shape[1] == len(b))

    def product_of_transposed(self, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        if not is_float32(a, b, out):
            return super().product_of_transposed(a, b, out)
        sizes = (a.shape[1], len(a), b.shape[1])
        return self._call(self._product_of_transposed, (a, b, out), sizes, len(a) == len(b))

    def product_with_transposed(self, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        if not is_float32(a, b, out):
            return super().product_with_transposed(a, b, out)
        sizes = (len(a), a.shape[1], len(b))
        fits = a.shape[1] == b.shape[1]
        return self._call(self._product_with_transposed, (a, b, out), sizes, fits)

    def _call(
        self,
        function: Any,
        arrays: tuple[np.ndarray, np.ndarray, np.ndarray],
        sizes: tuple[int, int, int],
        fits: bool,
    ) -> None:
        rows, depth, columns = sizes
        if not fits or arrays[2].shape != (rows, columns):
            found = " and ".join(str(array.shape) for array in arrays)
            raise ValueError(f"Expected matrices and a product that fit, found {found}.")
        function(*map(data_pointer, arrays), *sizes, self._work_of(8 * depth))

    def scale_bytes(self, values: np.ndarray, scale: float, out: np.ndarray) -> None:
        if not is_float32(out) or values.dtype != np.uint8 or not values.flags.c_contiguous:
            return super().scale_bytes(values, scale, out)
        if values.shape != out.shape:
            raise ValueError(f"Expected bytes of the shape {out.shape} and found {values.shape}.")
        self._scale_bytes(data_pointer(values), scale, data_pointer(out), values.size)
        return None

    def convolve(
        self,
        images: np.ndarray,
        weights: np.ndarray,
        kernel: int,
        out: np.ndarray,
        patches: np.ndarray,
    ) -> None:
        if not is_float32(images, weights, out):
            return super().convolve(images, weights, kernel, out, patches)
        sizes = self._convolution(images, weights, kernel, out)
        work = self._work_of(self._convolve_work_size(sizes))
        self._convolve(sizes, *map(data_pointer, (images, weights, out)), work)
        return None

    def convolve_gradients(
        self,
        images: np.ndarray,
        delta: np.ndarray,
        kernel: int,
        out: np.ndarray,
        patches: np.ndarray,
    ) -> None:
        if not is_float32(images, delta, out):
            return super().convolve_gradients(images, delta, kernel, out, patches)
        sizes = self._convolution(images, out, kernel, delta)
        self._convolve_gradients(sizes, *map(data_pointer, (images, delta, out)))
        return None

    def _convolution(
        self, images: np.ndarray, weights: np.ndarray, kernel: int, results: np.ndarray
    ) -> Any:
        count, height, width, channels = images.shape
        rows, filters = weights.shape
        shape = (count, height - kernel + 1, width - kernel + 1, filters)
        if results.shape != shape or rows != kernel * kernel * channels or min(shape[1:]) < 1:
            raise ValueError(
                f"Expected images, weights and results of a convolution with kernels of {kernel} "
                f"and found {images.shape}, {weights.shape} and {results.shape}."
            )
        return self.interface.structs["convolution"](
            count, height, width, channels, kernel, filters
        )

    def max_pool(
        self,
        images: np.ndarray,
        window: tuple[int, int],
        out: np.ndarray,
        positions: np.ndarray,
        mask: np.ndarray,
    ) -> None:
        if not is_float32(images, out) or positions.dtype != np.uint8:
            return super().max_pool(images, window, out, positions, mask)
        sizes = self._pooling(images, window, out, positions)
        self._max_pool(sizes, *map(data_pointer, (images, out, positions)))
        return None

    def max_unpool(
        self,
        delta: np.ndarray,
        window: tuple[int, int],
        positions: np.ndarray,
        out: np.ndarray,
        mask: np.ndarray,
    ) -> None:
        if not is_float32(delta, out) or positions.dtype != np.uint8:
            return super().max_unpool(delta, window, positions, out, mask)
        sizes = self._pooling(out, window, delta, positions)
        self._max_unpool(sizes, *map(data_pointer, (delta, positions, out)))
        return None

    def _pooling(
        self, images: np.ndarray, window: tuple[int, int], pooled: np.ndarray, positions: np.ndarray
    ) -> Any:
        count, height, width, channels = images.shape
        (size, stride), (_, rows, columns, _) = window, pooled.shape
        ends = [(side - 1) * stride + size for side in (rows, columns)]
        if (
            (pooled.shape[0], pooled.shape[3]) != (count, channels)
            or ends[0] > height
            or ends[1] > width
            or positions.shape != pooled.shape
            or not positions.flags.c_contiguous
        ):
            raise ValueError(
                f"Expected images, results and positions of a pooling of {size} with a stride of "
                f"{stride} and found {images.shape}, {pooled.shape} and {positions.shape}."
            )
        return self.interface.structs["pooling"](
            count, height, width, channels, size, stride, rows, columns
        )

    def update(
        self,
        optimizer: Optimizer,
        parameters: Sequence[np.ndarray],
        gradients: Sequence[np.ndarray],
        rate: float,
    ) -> None:
        if not optimizer.has_rule or not is_float32(*parameters, *gradients):
            super().update(optimizer, parameters, gradients, rate)
            return
        rule = self.interface.rule(optimizer.next_rule(rate))
        for W, g, *moments in zip(parameters, gradients, *optimizer.moments.values(), strict=True):
            first, second = [*map(data_pointer, moments), None, None][:2]
            self._update(rule, data_pointer(W), data_pointer(g), first, second, W.size)

    def fused_step(
        self,
        layers: Sequence[Dense],
        workspaces: Sequence[DenseWorkspace],
        scaled: np.ndarray,
        *,
        activation: str,
        optimizer: Optimizer,
        masked: bool,
    ) -> FusedStep | None:
        if activation not in self.interface.enums["activation"]:
            return None
        if not all(is_float32(array) for layer in layers for array in layer.parameters()):
            return None
        return FusedStep(
            self,
            layers,
            workspaces,
            scaled,
            activation=activation,
            optimizer=optimizer,
            masked=masked,
        )

    def fused_prediction(
        self, layers: Sequence[Layer], *, activation: str, byte_scale: float
    ) -> FusedPrediction | None:
        if activation not in self.interface.enums["activation"]:
            return None
        dense = [layer for layer in layers if isinstance(layer, Dense)]
        arrays = [array for layer in dense for array in layer.parameters()]
        if len(dense) < len(layers) or not is_float32(*arrays):
            return None
        return FusedPrediction(self, dense, activation=activation, byte_scale=byte_scale)


class FusedPrediction:
    """Log-probabilities of up to `FEW_SAMPLES` samples in one call, for a drawing above all.

    Parameters
    ----------
    backend : WasmBackend
    layers : sequence of Dense
        Of float32 parameters, whose present values are used at each call.
    activation : str
    byte_scale : float
        Multiplies inputs of bytes.
    """

    def __init__(
        self, backend: WasmBackend, layers: Sequence[Dense], *, activation: str, byte_scale: float
    ) -> None:
        structs, enums = backend.interface.structs, backend.interface.enums
        records = (structs["layer"] * len(layers))()
        activations = [np.empty((FEW_SAMPLES, layer.outputs), np.float32) for layer in layers]
        for record, layer, array in zip(records, layers, activations, strict=True):
            record.inputs, record.outputs = layer.weights.shape
            record.weights = data_pointer(layer.weights)
            if layer.bias is not None:
                record.bias = data_pointer(layer.bias)
            record.activations = data_pointer(array)
        scaled = np.empty((FEW_SAMPLES, layers[0].inputs), np.float32)
        runs = np.empty(layers[0].inputs + 2, np.intc)
        self._step = structs["step"](
            layers=ctypes.addressof(records),
            layer_count=len(records),
            activation=enums["activation"].index(activation),
            count=FEW_SAMPLES,
            scaled=data_pointer(scaled),
            runs=data_pointer(runs),
            byte_scale=byte_scale,
        )
        work = np.empty(backend.train_work_size(self._step), np.float32)
        self._step.work = data_pointer(work)
        self._predict = backend.predict
        self._results = activations[-1]
        # The arrays behind the pointers must live as long as the records.
        self._kept = (records, layers, activations, scaled, runs, work)

    def __call__(self, x: np.ndarray) -> np.ndarray | None:
        """Return the log-probabilities (n, classes) of `x`, or None if it is not of its kind.

        It takes (n, inputs) C-contiguous float32 or uint8, with n up to `FEW_SAMPLES`.
        """
        step, count = self._step, len(x)
        if not 0 < count <= FEW_SAMPLES or not x.flags.c_contiguous:
            return None
        if x.dtype == np.float32:
            step.x, step.bytes = data_pointer(x), None
        elif x.dtype == np.uint8:
            step.x, step.bytes = None, data_pointer(x)
        else:
            return None
        step.count = count
        self._predict(step)
        return self._results[:count].copy()


class FusedStep:
    """Whole training steps in one call, which small batches need most.

    Without it, the calls would take longer than the arithmetic of a small batch.

    Parameters
    ----------
    backend : WasmBackend
    layers : sequence of Dense
        Their float32 parameters are trained in place.
    workspaces : sequence of DenseWorkspace
        For the largest batch.
    scaled : (n, inputs) float32
        A buffer for scaled bytes and selected inputs.
    activation : str
    optimizer : Optimizer
        Its moments are updated in place.
    masked : bool
        Whether the workspaces' masks are applied; the caller fills them before each call.
    """

    def __init__(
        self,
        backend: WasmBackend,
        layers: Sequence[Dense],
        workspaces: Sequence[DenseWorkspace],
        scaled: np.ndarray,
        *,
        activation: str,
        optimizer: Optimizer,
        masked: bool,
    ) -> None:
        self._backend = backend
        structs, enums = backend.interface.structs, backend.interface.enums
        moments = iter([*zip(*optimizer.moments.values(), strict=True)])
        records = (structs["layer"] * len(layers))()
        for record, layer, workspace in zip(records, layers, workspaces, strict=True):
            record.inputs, record.outputs = layer.weights.shape
            for kind, parameter in zip(("weights", "bias"), layer.parameters(), strict=False):
                setattr(record, kind, data_pointer(parameter))
                for name, moment in zip(("first", "second"), next(moments, ()), strict=False):
                    setattr(record, f"{kind}_{name}", data_pointer(moment))
            record.activations = data_pointer(workspace.activations)
            record.delta = data_pointer(workspace.delta)
            if masked and workspace.mask is not None and workspace.dropped is not None:
                record.mask = data_pointer(workspace.mask)
                record.dropped = data_pointer(workspace.dropped)
        # The arrays behind the pointers must live as long as the records.
        runs = np.empty(layers[0].inputs + 2, np.intc)
        self._kept = (records, layers, workspaces, scaled, runs, optimizer)
        self._step = structs["step"](
            layers=ctypes.addressof(records),
            layer_count=len(records),
            activation=enums["activation"].index(activation),
            count=len(scaled),
            scaled=data_pointer(scaled),
            runs=data_pointer(runs),
        )
        self._rule_type, self._outcome_type = structs["rule"], structs["outcome"]
        self._rules: list[UpdateRule] = []
        self._outcome_dtype = np.dtype(self._outcome_type)
        self._work = np.empty(backend.train_work_size(self._step), np.float32)
        self._capacity = len(scaled)
        self._rows = np.empty(len(scaled), self._outcome_dtype)
        self._step.work, self._step.rows = data_pointer(self._work), data_pointer(self._rows)
        self._step.threads = 1
        self._shared: SharedStep | None = None
        self._weights = sum(layer.weights.size for layer in layers)
        self._least_samples = SAMPLES_FOR_COPYING * (1 + len(optimizer.moments))
        self.threads = 1
        """Threads that compute those calls that are large enough for several."""

    def __call__(
        self,
        x: np.ndarray,
        labels: np.ndarray,
        rules: Sequence[UpdateRule],
        *,
        l1: float,
        l2: float,
        byte_scale: float,
    ) -> list[tuple[float, int]]:
        """Take a step by each of the rules, on consecutive equal parts of `x`.

        Parameters
        ----------
        x : (n, inputs) C-contiguous float32, or uint8, which is multiplied by `byte_scale`
        labels : (n,) integers
            Both must have been checked; no part may be larger than the workspaces.

        Returns
        -------
        list of (mean loss, number of correct predictions)
            Of each part before its update.
        """
        step, batches = self._step, len(rules)
        labels = np.ascontiguousarray(labels, np.intc)
        step.count = len(x) // batches
        step.x, step.bytes = None, None
        if x.dtype == np.uint8:
            step.bytes = data_pointer(x)
        else:
            step.x = data_pointer(x)
        step.labels = data_pointer(labels)
        step.byte_scale, step.l1, step.l2 = byte_scale, l1, l2
        outcomes = (self._outcome_type * batches)()
        if rules != self._rules:  # most often the same as before, without moments
            self._rules = list(rules)
            self._rule_records = (self._rule_type * batches)(
                *map(self._backend.interface.rule, rules)
            )
        shared = self._shared_step(len(x))
        threads = shared.train(step, self._rule_records, outcomes, x, labels) if shared else 0
        if not threads:
            self._backend.train(step, self._rule_records, outcomes, batches)
        if shared:
            self.threads = threads or 1
        # One call for all of them; reading the struct of each takes longer.
        return np.frombuffer(memoryview(outcomes), self._outcome_dtype).tolist()

    def _shared_step(self, samples: int) -> SharedStep | None:
        """Return what computes so many samples by several threads, where that is faster."""
        step, backend = self._step, self._backend
        is_small = (
            step.count * self._weights < LEAST_PRODUCTS
            or samples * self._weights < LEAST_PRODUCTS_IN_CALL
            or samples < self._least_samples
        )
        if is_small or backend.team is None:
            return None
        if self._shared is None:
            records, largest = self._kept[0], type(step).from_buffer_copy(step)
            largest.count = self._capacity
            self._shared = SharedStep(
                backend.team,
                largest,
                records,
                row_size=self._outcome_dtype.itemsize,
                work_size=backend.train_work_size(largest),
            )
        return self._shared


def load_backend(path: Path, name: str, reason: str) -> WasmBackend:
    """Load the module at `path` as a backend.

    Raises
    ------
    OSError
        If it is missing or refused, has another version of the interface, or computes nonsense.
    """
    if not path.is_file():
        raise OSError("there is no such file")
    backend = WasmBackend(ctypes.CDLL(str(path)), name, reason)
    a = np.arange(63, dtype=np.float32).reshape(9, 7)
    out = np.empty((9, 9), np.float32)
    backend.product_with_transposed(a, a, out)
    if not np.array_equal(out, np.einsum("ik,jk->ij", a, a)):
        raise OSError("it gives wrong products")
    return backend
