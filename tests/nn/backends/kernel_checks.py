"""What the compiled kernels must do, for test_wasm.py and test_native_kernels.py.

It runs inside Pyodide with every module that the engine takes, or natively with the library that
the environment variable INKLING_KERNELS names. Every check compares with NumPy in the same
process; the outcome is one line of JSON on the standard output.
"""

import ctypes
import json
import os
import shutil
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

import numpy as np

import nn
from nn import backends
from nn.backends.numpy_backend import NumpyBackend, patch_buffer_size
from nn.backends.threads import start_team
from nn.denormals import FLUSH_PERIOD
from nn.layers import DenseWorkspace, create_workspaces
from tests.support.step_helpers import call_by_call

NUMPY = NumpyBackend()
AWKWARD = (0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 13, 16, 31, 32, 33, 41)
GUARD = np.float32(-7.25)
MARGIN = 64


def compute_with(chosen):
    backends.current_backend = lambda: chosen


class Guarded:
    """Arrays of a shape with guard bytes on both sides, off the usual alignment."""

    def __init__(self):
        self.all = []

    def empty(self, shape, dtype=np.float32, shift=0):
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        room = np.full(size + 2 * MARGIN + shift, 0xA5, dtype=np.uint8)
        self.all.append((room, MARGIN + shift, size))
        return np.ndarray(shape, dtype, room.data, offset=MARGIN + shift)

    def copy(self, array, shift=0):
        mine = self.empty(array.shape, array.dtype, shift)
        mine[...] = array
        return mine

    def check(self):
        for room, start, size in self.all:
            assert (room[:start] == 0xA5).all(), "written before a buffer"
            assert (room[start + size :] == 0xA5).all(), "written behind a buffer"


def products_agree_with_numpy_on_awkward_shapes_and_stay_in_their_buffers(chosen):
    generator = np.random.default_rng(0)
    for index in range(250):
        n, k, m = (int(size) for size in generator.choice(AWKWARD, 3))
        for name, first, second in (
            ("product", (n, k), (k, m)),
            ("product_of_transposed", (k, n), (k, m)),
            ("product_with_transposed", (n, k), (m, k)),
        ):
            guarded = Guarded()
            a = guarded.copy(generator.standard_normal(first).astype(np.float32), index % 5)
            b = guarded.copy(generator.standard_normal(second).astype(np.float32), index % 3)
            out = guarded.empty((n, m), shift=index % 4)
            getattr(chosen, name)(a, b, out)
            left = a.T if name == "product_of_transposed" else a
            right = b.T if name == "product_with_transposed" else b
            exact = left.astype(np.float64) @ right.astype(np.float64)
            np.testing.assert_allclose(out, exact, rtol=0, atol=1e-6 + 2e-7 * k)
            guarded.check()


def bytes_are_scaled_as_by_numpy_to_the_bit(chosen):
    generator = np.random.default_rng(0)
    for count in (*AWKWARD, 784, 50_176):
        guarded = Guarded()
        given = guarded.copy(generator.integers(0, 256, count, np.uint8), count % 5)
        out = guarded.empty((count,), shift=count % 4)
        chosen.scale_bytes(given, 1 / 255, out)
        np.testing.assert_array_equal(out, given.astype(np.float32) * np.float32(1 / 255))
        guarded.check()


def products_of_the_usual_size_agree_with_numpy(chosen):
    generator = np.random.default_rng(0)
    for n, k, m in ((64, 784, 128), (65, 783, 129), (784, 64, 128), (1, 784, 500), (3, 2100, 33)):
        a = generator.standard_normal((n, k)).astype(np.float32)
        b = generator.standard_normal((k, m)).astype(np.float32)
        exact = a.astype(np.float64) @ b.astype(np.float64)
        out = np.empty((n, m), np.float32)
        for name, left, right in (
            ("product", a, b),
            ("product_of_transposed", np.ascontiguousarray(a.T), b),
            ("product_with_transposed", a, np.ascontiguousarray(b.T)),
        ):
            out.fill(np.nan)
            getattr(chosen, name)(left, right, out)
            np.testing.assert_allclose(out, exact, rtol=0, atol=2e-7 * k)


def infinities_and_nan_travel_through_products_as_in_numpy(chosen):
    generator = np.random.default_rng(0)
    for bad in (np.nan, np.inf, -np.inf):
        for n, k, m in ((1, 9, 5), (2, 9, 37), (6, 9, 11)):
            a = generator.random((n, k), np.float32)
            b = generator.random((k, m), np.float32)
            a[0, 3], a[n - 1, 0], b[2, m - 1] = bad, 0, bad
            b[0, 0] = np.inf  # meets the 0
            out = np.empty((n, m), np.float32)
            with np.errstate(all="ignore"):
                exact = np.einsum("ik,kj->ij", a, b)
            chosen.product(a, b, out)
            np.testing.assert_allclose(out, exact, rtol=1e-5)
            chosen.product_of_transposed(np.ascontiguousarray(a.T), b, out)
            np.testing.assert_allclose(out, exact, rtol=1e-5)
            chosen.product_with_transposed(a, np.ascontiguousarray(b.T), out)
            np.testing.assert_allclose(out, exact, rtol=1e-5)


def products_that_do_not_fit_are_refused(chosen):
    a, b = np.zeros((2, 3), np.float32), np.zeros((4, 5), np.float32)
    for out in (np.zeros((2, 5), np.float32), np.zeros((3, 5), np.float32)):
        for name in ("product", "product_of_transposed", "product_with_transposed"):
            out.fill(GUARD)
            must_be_refused(lambda name=name, out=out: getattr(chosen, name)(a, b, out))
            assert (out == GUARD).all()


def must_be_refused(call):
    try:
        call()
    except ValueError:
        return
    raise AssertionError("what does not fit was computed")


def updates_are_numpys_to_the_bit(chosen):
    for name in nn.OPTIMIZERS:
        results = []
        for computing in (chosen, NUMPY):
            generator = np.random.default_rng(2)
            guarded = Guarded()
            shapes = ((7, 5), (5,), (33, 3), (1,))
            parameters = [
                guarded.copy(generator.standard_normal(shape).astype(np.float32))
                for shape in shapes
            ]
            optimizer = nn.create_optimizer(name, parameters)
            for step in range(5):
                gradients = [
                    guarded.copy(generator.standard_normal(shape).astype(np.float32), step % 4)
                    for shape in shapes
                ]
                gradients[0][0, 0] = 0
                computing.update(optimizer, parameters, gradients, 0.01 * (step + 1))
            guarded.check()
            results.append([*parameters, *optimizer.state().values()])
        for mine, theirs in zip(*results, strict=True):
            np.testing.assert_array_equal(mine, theirs, err_msg=name)


def what_is_nearly_zero_is_flushed_as_by_numpy_to_the_bit(chosen):
    for name in nn.OPTIMIZERS:
        results = []
        for computing in (chosen, NUMPY):
            guarded = Guarded()
            sizes = 10.0 ** -np.arange(20, 48, dtype=float).reshape(4, 7)
            parameters = [guarded.copy(sizes.astype(np.float32), 1)]
            parameters[0][0, 2:4] = np.nan, -np.inf
            optimizer = nn.create_optimizer(name, parameters)
            for moments in optimizer.moments.values():
                moments[0] = guarded.copy((-sizes[::-1]).astype(np.float32) ** 2, 2)
            gradients = [guarded.copy(np.zeros((4, 7), np.float32))]
            for _ in range(2 * FLUSH_PERIOD):
                computing.update(optimizer, parameters, gradients, 0.01)
            guarded.check()
            results.append([*parameters, *optimizer.state().values()])
        for mine, theirs in zip(*results, strict=True):
            assert mine.tobytes() == theirs.tobytes(), name
            assert not is_denormal(mine).any(), name


def a_whole_step_leaves_no_denormals(chosen):
    for name in nn.OPTIMIZERS:
        for count in (1, 5):
            compute_with(chosen)
            network = nn.create_network((13, 9, 5), generator=np.random.default_rng(1))
            optimizer = nn.create_optimizer(name, network.parameters())
            for arrays in optimizer.moments.values():
                for array in arrays:
                    array[...] = 1e-37
            for array in network.parameters():
                array[0] = 1e-39
            step = nn.TrainingStep(network, optimizer, batch_capacity=count)
            x = np.zeros((FLUSH_PERIOD * count, 13), np.float32)
            step.take_steps(x, np.zeros(len(x), int), [0.01] * FLUSH_PERIOD)
            for array in [*network.parameters(), *optimizer.state().values()]:
                assert not is_denormal(array).any(), (name, count)


def is_denormal(array):
    if array.dtype.kind != "f":
        return np.zeros(1, bool)
    return (array != 0) & (np.abs(array) < np.finfo(array.dtype).tiny)


def gradients_of_improbable_classes_are_zero(chosen):
    network = nn.create_network((2, 4), generator=np.random.default_rng(1))
    network.layers[0].weights[0] = 0, -80, -40, -87
    optimizer = nn.SGD(network.parameters())
    fused, workspaces = guarded_step(chosen, Guarded(), network, optimizer, 3, masked=False)
    x = np.array([[1, 0]] * 3, np.float32)
    fused(x, np.zeros(3, int), [optimizer.next_rule(0.1)], l1=0, l2=0, byte_scale=1)
    delta = workspaces[-1].delta
    assert (delta[:, [1, 3]] == 0).all()
    assert (delta[:, 2] > 0).all()


def run_steps(computing, optimizer, *, sizes=(13, 9, 6, 5), counts=(3, 1, 7, 2, 4, 8, 5), **given):
    compute_with(computing)
    settings = {"initialization": "xavier", "activation": "relu", "biases": True} | given
    names = ("l1", "l2", "dropout", "label_smoothing")
    penalties = {name: settings.pop(name) for name in names if name in settings}
    network = nn.create_network(sizes, generator=np.random.default_rng(1), **settings)
    optimizer = nn.create_optimizer(optimizer, network.parameters())
    step = nn.TrainingStep(
        network, optimizer, generator=np.random.default_rng(3), batch_capacity=3, **penalties
    )
    generator = np.random.default_rng(5)
    results = []
    for count in counts:
        x = generator.standard_normal((count, sizes[0])).astype(np.float32)
        labels = generator.integers(0, sizes[-1], count)
        results.append(step(x, labels, 0.01))
    return network, optimizer, results


def steps_agree_with_numpy_for_every_activation_optimizer_and_penalty(chosen):
    for activation in nn.ACTIVATIONS:
        for optimizer in nn.OPTIMIZERS:
            for penalties in ({}, {"l1": 0.01}, {"l2": 0.02, "dropout": 0.4}):
                settings = {"activation": activation, "biases": "l1" not in penalties} | penalties
                mine = run_steps(chosen, optimizer, **settings)
                theirs = run_steps(NUMPY, optimizer, **settings)
                for one, other in zip(mine[0].parameters(), theirs[0].parameters(), strict=True):
                    np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)
                for key, moment in theirs[1].state().items():
                    np.testing.assert_allclose(mine[1].state()[key], moment, rtol=2e-4, atol=2e-6)
                for one, other in zip(mine[2], theirs[2], strict=True):
                    assert abs(one.loss - other.loss) < 1e-5 * max(1, other.loss)
                    assert one.correct == other.correct


def the_same_step_gives_the_same_bits(chosen):
    first = run_steps(chosen, "adam", dropout=0.3)
    second = run_steps(chosen, "adam", dropout=0.3)
    assert first[2] == second[2]
    for mine, theirs in zip(first[0].parameters(), second[0].parameters(), strict=True):
        assert mine.tobytes() == theirs.tobytes()


def consecutive_steps_are_those_of_as_many_calls_to_the_bit(chosen):
    generator = np.random.default_rng(6)
    rates = [0.01, 0.02, 0.005]
    for optimizer in nn.OPTIMIZERS:
        for count, dropout in ((1, 0.0), (5, 0.0), (5, 0.3)):
            x = generator.standard_normal((3 * count, 13)).astype(np.float32)
            labels = generator.integers(0, 5, 3 * count).astype(np.uint8)
            found = []
            for train in (nn.TrainingStep.take_steps, call_by_call):
                compute_with(chosen)
                network = nn.create_network((13, 9, 5), generator=np.random.default_rng(1))
                step = nn.TrainingStep(
                    network,
                    nn.create_optimizer(optimizer, network.parameters()),
                    dropout=dropout,
                    generator=np.random.default_rng(2),
                )
                results = train(step, x, labels, rates)
                found.append((results, [array.tobytes() for array in network.parameters()]))
            assert found[0] == found[1], (optimizer, count, dropout)


class NativeTeam:
    """Threads of this process, as kernels/team.js has them in a browser."""

    def __init__(self, library, count):
        self.count = count
        self._library = library
        self._room = np.empty(1 << 24, np.uint8)
        self.base = self._room.ctypes.data
        for number in range(1 + library.helpers(), count):
            threading.Thread(target=library.help, args=[number], daemon=True).start()

    def threads(self):
        return 1 + self._library.helpers()

    def reserve(self, end):
        return end <= self.base + len(self._room)

    def train(self, table, ranges, given, taken, *call):
        rows = (ctypes.c_size_t * (3 * ranges)).from_address(table)
        rows = [rows[at : at + 3] for at in range(0, 3 * ranges, 3)]
        for address, place, size in rows[given:]:
            ctypes.memmove(place, address, size)
        *places, batches = call
        done = self._library.train(*map(ctypes.c_void_p, places), batches)
        for address, place, size in rows[:taken]:
            ctypes.memmove(address, place, size)
        return bool(done)


def start_threads(chosen, count):
    """Give a backend so many threads, with that of this function."""
    path = os.environ.get("INKLING_KERNELS")
    if path:
        team = NativeTeam(ctypes.CDLL(path), count)
    else:
        import js  # noqa: PLC0415

        js.kernelThreads.count = count
        kernels = Path(backends.__file__).parent / "kernels"
        team = start_team(kernels / f"team-{chosen.name}.wasm")
    while team is not None and team.threads() < count:
        time.sleep(0.001)
    chosen.team = team


def steps_by_several_threads_are_those_of_one_to_the_bit(chosen):
    results = {}
    # A native library has one team, to which threads are added.
    for count in (1, 2, 4):
        if count > 1:
            start_threads(chosen, count)
        for optimizer, settings in (
            ("sgd", {"l2": 0.01}),
            ("adam", {"activation": "tanh", "biases": False}),
            ("momentum", {"dropout": 0.3}),
            ("rmsprop", {"activation": "sigmoid", "l1": 0.001}),
        ):
            compute_with(chosen)
            generator = np.random.default_rng(5)
            given = {"activation": "relu", "biases": True} | settings
            network = nn.create_network(
                (90, 128, 100, 33, 10),
                generator=generator,
                activation=given.pop("activation"),
                biases=given.pop("biases"),
            )
            made = nn.create_optimizer(optimizer, network.parameters())
            step = nn.TrainingStep(network, made, batch_capacity=160, **given, generator=generator)
            x = generator.integers(0, 256, (2 * 157, 90), np.uint8)
            labels = generator.integers(0, 10, len(x))
            steps = [result for _ in range(3) for result in step.take_steps(x, labels, [0.01] * 2)]
            assert step.threads == count
            arrays = [*network.parameters(), *made.state().values()]
            found = (steps, [array.tobytes() for array in arrays])
            assert results.setdefault(optimizer, found) == found, (count, optimizer)
    chosen.team = None


class LostTeam:
    """Threads that never finish what they are asked for."""

    base, count = 1 << 20, 2

    def threads(self):
        return 2

    def reserve(self, end):
        return end > self.base

    def train(self, *given):
        return False


def a_call_that_threads_do_not_finish_is_computed_by_one(chosen):
    results = []
    for team in (None, LostTeam()):
        chosen.team = team
        network, optimizer, steps = run_steps(chosen, "adam", sizes=(90, 99, 10), counts=(410, 411))
        arrays = [*network.parameters(), *optimizer.state().values()]
        results.append((steps, [array.tobytes() for array in arrays]))
    chosen.team = None
    assert results[0] == results[1]


def steps_on_bytes_are_those_on_their_pixels_to_the_bit(chosen):
    generator = np.random.default_rng(7)
    for inputs, count, dropout in ((13, 5, 0.0), (13, 1, 0.0), (16, 4, 0.0), (13, 5, 0.3)):
        given = generator.integers(0, 256, (3 * count, inputs), np.uint8)
        pixels = given.astype(np.float32) * np.float32(1 / 255)
        labels = generator.integers(0, 5, 3 * count)
        found = []
        for x in (given, pixels):
            compute_with(chosen)
            guarded = Guarded()
            network = nn.create_network((inputs, 9, 5), generator=np.random.default_rng(1))
            step = nn.TrainingStep(
                network,
                nn.create_optimizer("adam", network.parameters()),
                dropout=dropout,
                batch_capacity=count,
                generator=np.random.default_rng(2),
            )
            results = step.take_steps(guarded.copy(x, 1), labels, [0.01, 0.02, 0.005])
            guarded.check()
            found.append((results, [array.tobytes() for array in network.parameters()]))
        assert found[0] == found[1], (inputs, count, dropout)


def with_unused_inputs(generator, count, inputs):
    """Return bytes of which whole columns are zero, in runs at both ends and in between."""
    given = generator.integers(0, 256, (count, inputs), np.uint8)
    share = generator.choice((0.0, 0.3, 0.7, 0.95, 1.0))
    starts = generator.random(inputs // 4) < share
    given[:, np.repeat(starts, 4)] = 0
    given[:, generator.random(inputs) < share / 3] = 0
    return given


def inputs_that_are_zero_in_a_whole_batch_are_left_out_with_numpys_results(chosen):
    generator = np.random.default_rng(8)
    for inputs, count in ((112, 1), (112, 3), (112, 5), (80, 8), (68, 6), (400, 4)):
        for optimizer in nn.OPTIMIZERS:
            for settings in ({}, {"l1": 0.01, "l2": 0.02}, {"dropout": 0.3}):
                given = with_unused_inputs(generator, 6 * count, inputs)
                given[:, :3] = 0
                pixels = given.astype(np.float32) * np.float32(1 / 255)
                labels = generator.integers(0, 5, 6 * count)
                found = []
                for computing, x in ((chosen, given), (chosen, pixels), (NUMPY, given)):
                    compute_with(computing)
                    guarded = Guarded()
                    made = nn.create_network((inputs, 33, 5), generator=np.random.default_rng(1))
                    network = made.with_parameters(
                        [guarded.copy(array, 1) for array in made.parameters()]
                    )
                    step = nn.TrainingStep(
                        network,
                        nn.create_optimizer(optimizer, network.parameters()),
                        generator=np.random.default_rng(2),
                        batch_capacity=count,
                        **settings,
                    )
                    results = step.take_steps(guarded.copy(x, 1), labels, [0.001] * 6)
                    guarded.check()
                    predicted = network.predict_log_proba(x[:1])
                    found.append((network, step.optimizer, [*map(tuple, results)], predicted))
                case = f"{inputs}, {count}, {optimizer}, {settings}"
                same_bits(found[0], found[1], case)
                close(found[0], found[2], case)


def same_bits(one, other, case):
    assert one[2] == other[2], case
    arrays = [[*run[0].parameters(), *run[1].state().values(), run[3]] for run in (one, other)]
    for mine, theirs in zip(*arrays, strict=True):
        assert mine.tobytes() == theirs.tobytes(), case


def close(one, other, case):
    np.testing.assert_allclose(one[2], other[2], rtol=1e-5, err_msg=case)
    np.testing.assert_allclose(one[3], other[3], rtol=2e-4, atol=2e-5, err_msg=case)
    arrays = [[*run[0].parameters(), *run[1].state().values()] for run in (one, other)]
    for mine, theirs in zip(*arrays, strict=True):
        # Where a gradient is small beside those before, its rounding counts for more: here for a
        # hundredth of a step of 0.001.
        np.testing.assert_allclose(mine, theirs, rtol=2e-4, atol=1e-5, err_msg=case)


def curves_agree_to_four_digits_over_a_hundred_steps(chosen):
    for optimizer, rate in (("sgd", 0.1), ("adam", 0.001)):
        curves = []
        for computing in (chosen, NUMPY):
            compute_with(computing)
            network = nn.create_network((196, 40, 10), generator=np.random.default_rng(1))
            step = nn.TrainingStep(network, nn.create_optimizer(optimizer, network.parameters()))
            generator = np.random.default_rng(5)
            labels = generator.integers(0, 10, 500)
            x = generator.random((500, 196), np.float32) + np.eye(10, 196, dtype=np.float32)[labels]
            picks = [generator.integers(0, 500, 32) for _ in range(100)]
            curves.append([step(x[pick], labels[pick], rate).loss for pick in picks])
        assert curves[0][-1] < curves[0][0] * 0.99, "it learns"
        np.testing.assert_allclose(curves[0], curves[1], rtol=5e-5)


def guarded_step(chosen, guarded, network, optimizer, count, *, masked):
    """Return the backend's fused step in guarded workspaces for `count` samples, and these."""
    for name, arrays in optimizer.moments.items():
        optimizer.moments[name] = [guarded.copy(array, 2) for array in arrays]
    workspaces = []
    for layer in network.layers:
        shape = (count, layer.outputs)
        sums, activations, delta, mask, dropped = (guarded.empty(shape, shift=4) for _ in range(5))
        mask[...] = 2
        is_output = layer is network.layers[-1]
        workspaces.append(
            DenseWorkspace(chosen, sums, sums, delta=delta)
            if is_output
            else DenseWorkspace(chosen, sums, activations, delta=delta, mask=mask, dropped=dropped)
        )
    fused = chosen.fused_step(
        network.layers,
        workspaces,
        guarded.empty((count, network.inputs), shift=4),
        activation=network.activation,
        optimizer=optimizer,
        masked=masked,
    )
    return fused, workspaces


def a_whole_step_stays_in_its_buffers(chosen):
    for sizes in ((5, 3), (13, 9, 6, 5), (130, 33, 2)):
        for kind in ("sgd", "adam"):
            guarded = Guarded()
            made = nn.create_network(sizes, generator=np.random.default_rng(1))
            network = made.with_parameters([guarded.copy(array, 1) for array in made.parameters()])
            optimizer = nn.create_optimizer(kind, network.parameters())
            fused, _ = guarded_step(chosen, guarded, network, optimizer, 6, masked=True)
            for count in (6, 1, 3, 6):
                for dtype in (np.float32, np.uint8):
                    x = guarded.copy(np.ones((count, sizes[0]), dtype), 1)
                    labels = np.zeros(count, int)
                    rules = [optimizer.next_rule(0.01)]
                    fused(x, labels, rules, l1=0.1, l2=0.1, byte_scale=0.5)
                    guarded.check()


def a_step_with_infinite_weights_has_numpys_loss_and_count(chosen):
    for bad in (np.nan, np.inf, -np.inf, 3e38):
        for activation in nn.ACTIVATIONS:
            for layer, count in ((0, 6), (1, 6), (1, 1)):
                mine, my_finite = step_with_infinite_weight(chosen, bad, activation, layer, count)
                theirs, their_finite = step_with_infinite_weight(
                    NUMPY, bad, activation, layer, count
                )
                case = f"{bad} in layer {layer}, {activation}, {count} samples"
                np.testing.assert_allclose(mine.loss, theirs.loss, rtol=1e-5, err_msg=case)
                assert mine.correct == theirs.correct, case
                for one, other in zip(my_finite, their_finite, strict=True):
                    np.testing.assert_array_equal(one, other, err_msg=case)


def step_with_infinite_weight(computing, bad, activation, layer, count):
    compute_with(computing)
    network = nn.create_network(
        (20, 8, 4), generator=np.random.default_rng(1), activation=activation
    )
    network.layers[layer].weights[3, 2] = bad
    step = nn.TrainingStep(network, nn.create_optimizer("sgd", network.parameters()))
    x = np.random.default_rng(2).random((count, 20), np.float32)
    result = step(x, np.arange(count) % 4, 0.1)
    return result, [np.isfinite(array) for array in network.parameters()]


def activations_are_right_to_float32_from_tiny_to_huge(chosen):
    values = np.concatenate([[0.0], np.geomspace(1e-6, 100, 60)])
    values = np.concatenate([values, -values]).astype(np.float32)
    for name in chosen.interface.enums["activation"]:
        results = []
        for computing in (chosen, NUMPY):
            compute_with(computing)
            network = nn.create_network(
                (1, len(values), 2), generator=np.random.default_rng(1), activation=name
            )
            network.layers[0].weights[0] = values
            x, labels = np.ones((1, 1), np.float32), np.array([1])
            optimizer = nn.SGD(network.parameters())
            if computing is NUMPY:
                activations = network.hidden_activations(x)[0]
                nn.TrainingStep(network, optimizer)(x, labels, 1.0)
            else:
                fused, workspaces = guarded_step(
                    chosen, Guarded(), network, optimizer, 1, masked=False
                )
                fused(x, labels, [optimizer.next_rule(1.0)], l1=0, l2=0, byte_scale=1)
                activations = workspaces[0].activations
            results.append((activations, network.layers[0].weights))
        (mine, my_weights), (theirs, their_weights) = results
        # The sigmoid is half of 1 + tanh(z / 2), and NumPy's own tanh may differ in its last bit.
        atol = 6e-8 if name == "sigmoid" else 0
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=atol, err_msg=name)
        np.testing.assert_allclose(my_weights, their_weights, rtol=1e-6, atol=1e-7, err_msg=name)


def what_the_kernels_do_not_take_is_computed_with_numpy(chosen):
    class Ascent(nn.Optimizer):
        def update_one(self, W, g, moments, scratch, rate):
            W += rate * g

    results = []
    for computing in (chosen, NUMPY):
        compute_with(computing)
        for dtype, create in ((np.float64, nn.SGD), (np.float32, Ascent)):
            network = nn.create_network((6, 4, 3), generator=np.random.default_rng(1), dtype=dtype)
            step = nn.TrainingStep(network, create(network.parameters()))
            x = np.random.default_rng(2).random((5, 6), np.float32)
            step(x[::2], np.array([0, 1, 2], dtype=np.uint8), 0.1)
            results += network.parameters()
    half = len(results) // 2
    for mine, theirs in zip(results[:half], results[half:], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-6)


def an_activation_that_the_kernels_do_not_have_gets_no_fused_step(chosen):
    network = nn.create_network((3, 2), generator=np.random.default_rng(1))
    optimizer = nn.SGD(network.parameters())
    settings = {"optimizer": optimizer, "masked": False}
    scaled = np.zeros((1, 3), np.float32)
    workspaces = create_workspaces(network.layers, 1, for_training=True)
    for activation in chosen.interface.enums["activation"]:
        assert chosen.fused_step(
            network.layers, workspaces, scaled, activation=activation, **settings
        )
    assert not chosen.fused_step(
        network.layers, workspaces, scaled, activation="softplus", **settings
    )


def predictions_agree_with_numpy(chosen):
    network = nn.load_pretrained()
    x = np.random.default_rng(0).random((33, 784), np.float32)
    compute_with(chosen)
    mine = network.predict_proba(x), network.predict_proba(x[:1])
    compute_with(NUMPY)
    np.testing.assert_allclose(mine[0], network.predict_proba(x), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(mine[1], network.predict_proba(x[:1]), rtol=1e-4, atol=1e-6)


def predictions_of_a_few_samples_are_those_of_numpy_also_after_training(chosen):
    generator = np.random.default_rng(3)
    for sizes in ((784, 128, 10), (13, 9, 6, 5), (3, 1), (5, 33, 11)):
        for activation in nn.ACTIVATIONS:
            network = nn.create_network(
                sizes, generator=generator, activation=activation, biases=len(sizes) == 3
            )
            for count in (1, 2, 3, 8, 9):
                pixels = generator.integers(0, 256, (count, sizes[0]), np.uint8)
                floats = generator.standard_normal((2 * count, sizes[0])).astype(np.float32)
                for x in (pixels, floats[:count], floats[::2], floats.astype(np.float64)[:count]):
                    compute_with(chosen)
                    mine, shown = network.predict_log_proba(x), x.copy()
                    compute_with(NUMPY)
                    theirs = network.predict_log_proba(x)
                    assert mine.dtype == np.float32
                    np.testing.assert_allclose(mine, theirs, rtol=2e-5, atol=2e-5)
                    np.testing.assert_array_equal(x, shown)
            for array in network.parameters():
                np.multiply(array, 0.5, out=array)  # in place, as training does


def predictions_of_diverged_networks_are_those_of_numpy(chosen):
    for bad in (np.nan, np.inf, -np.inf):
        for position in range(3):
            network = nn.create_network((2, 3), generator=np.random.default_rng(1))
            network.layers[0].bias[position] = bad
            x = np.ones((2, 2), np.float32)
            results = []
            for computing in (chosen, NUMPY):
                compute_with(computing)
                results.append(network.predict_log_proba(x))
            np.testing.assert_allclose(*results, rtol=1e-6)


def a_prediction_is_not_overwritten_by_the_next(chosen):
    compute_with(chosen)
    network = nn.create_network((4, 3), generator=np.random.default_rng(1))
    first = network.predict_log_proba(np.ones((1, 4), np.float32))
    kept = first.copy()
    network.predict_log_proba(np.zeros((2, 4), np.float32))
    np.testing.assert_array_equal(first, kept)


def convolutions_agree_with_numpy_on_awkward_shapes_and_stay_in_their_buffers(chosen):
    generator = np.random.default_rng(0)
    for index in range(60):
        n, channels, filters = (int(size) for size in generator.choice((1, 2, 3, 5, 8, 13), 3))
        kernel = int(generator.integers(1, 6))
        height, width = (kernel + int(side) for side in generator.integers(0, 9, 2))
        results = []
        for computing in (chosen, NUMPY):
            values = np.random.default_rng(index)
            guarded = Guarded()
            padded = guarded.copy(normal(values, (n, height, width, channels)), 4 * (index % 5))
            weights = guarded.copy(normal(values, (kernel * kernel * channels, filters)), 4)
            shape = (n, height - kernel + 1, width - kernel + 1, filters)
            out = guarded.empty(shape, shift=4 * (index % 4))
            gradients = guarded.empty(weights.shape, shift=4)
            size = patch_buffer_size(padded.shape[1:], kernel, filters)
            patches = np.empty(size, np.float32)
            computing.convolve(padded, weights, kernel, out, patches)
            delta = guarded.copy(normal(values, shape), 4 * (index % 3))
            computing.convolve_gradients(padded, delta, kernel, gradients, patches)
            guarded.check()
            results.append((out, gradients))
        for mine, theirs in zip(*results, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=0, atol=4e-6 * (theirs.size + 40) ** 0.5)


def normal(generator, shape):
    return generator.standard_normal(shape).astype(np.float32)


def pooling_is_numpys_to_the_bit_and_stays_in_its_buffers(chosen):
    for index in range(60):
        results = []
        for computing in (chosen, NUMPY):
            generator = np.random.default_rng(index)
            size, stride = (int(side) for side in generator.integers(1, 5, 2))
            rows, columns, n, channels = (int(side) for side in generator.integers(1, 7, 4))
            shape = (n, rows * stride + size, columns * stride + size - 1, channels)
            guarded = Guarded()
            # Few levels, so that there are equal values.
            levels = generator.integers(0, 4, shape).astype(np.float32)
            levels[0, 0, 0, 0] = (np.nan, np.inf, -np.inf, 0)[index % 4]
            images = guarded.copy(levels, index % 5)
            out = guarded.empty((n, rows, columns, channels), shift=index % 3)
            positions = guarded.empty(out.shape, np.uint8)
            mask = np.empty(out.shape, bool)
            computing.max_pool(images, (size, stride), out, positions, mask)
            delta = guarded.copy(generator.integers(-9, 9, out.shape).astype(np.float32), 1)
            back = guarded.empty(images.shape, shift=2)
            computing.max_unpool(delta, (size, stride), positions, back, mask)
            guarded.check()
            results.append((out, positions, back))
        for mine, theirs in zip(*results, strict=True):
            np.testing.assert_array_equal(mine, theirs)


def convolutions_that_do_not_fit_are_refused(chosen):
    images, weights = np.zeros((1, 5, 5, 2), np.float32), np.zeros((18, 4), np.float32)
    results, positions = np.zeros((1, 3, 3, 4), np.float32), np.zeros((1, 2, 2, 2), np.uint8)
    small, scratch = np.zeros((1, 2, 2, 2), np.float32), np.zeros(0, np.float32)
    for call in (
        lambda: chosen.convolve(images, weights, 2, results, scratch),
        lambda: chosen.convolve(images, weights[:17], 3, results, scratch),
        lambda: chosen.convolve_gradients(images, results[:, :2], 3, weights, scratch),
        lambda: chosen.max_pool(images, (3, 3), small, positions, scratch),
        lambda: chosen.max_pool(images, (2, 2), small, positions[:, :1], scratch),
        lambda: chosen.max_unpool(small, (4, 2), positions, images, scratch),
    ):
        must_be_refused(call)


def steps_of_convolutional_nets_agree_with_numpy(chosen):
    for layer_spec, activation in (
        ("crop24 conv5x8 pool2 conv5x16 pool3", "relu"),
        ("conv3x5 pool3s2 conv2x6", "tanh"),
        ("conv3x9 conv3x7p0 pool2", "leaky-relu"),
    ):
        settings = {
            "activation": activation,
            "layer_spec": layer_spec,
            "l2": 0.01,
            "label_smoothing": 0.1,
        }
        mine = run_steps(chosen, "adam", sizes=(784, 6, 5), counts=(3, 1, 5), **settings)
        theirs = run_steps(NUMPY, "adam", sizes=(784, 6, 5), counts=(3, 1, 5), **settings)
        for one, other in zip(mine[2], theirs[2], strict=True):
            assert abs(one.loss - other.loss) < 1e-3 * max(1, other.loss)
        x = np.random.default_rng(0).random((3, 784), np.float32)
        compute_with(chosen)
        probabilities = mine[0].predict_proba(x)
        np.testing.assert_allclose(probabilities, theirs[0].predict_proba(x), atol=2e-3)


CHECKS = [
    convolutions_agree_with_numpy_on_awkward_shapes_and_stay_in_their_buffers,
    pooling_is_numpys_to_the_bit_and_stays_in_its_buffers,
    convolutions_that_do_not_fit_are_refused,
    steps_of_convolutional_nets_agree_with_numpy,
    products_agree_with_numpy_on_awkward_shapes_and_stay_in_their_buffers,
    products_of_the_usual_size_agree_with_numpy,
    bytes_are_scaled_as_by_numpy_to_the_bit,
    infinities_and_nan_travel_through_products_as_in_numpy,
    products_that_do_not_fit_are_refused,
    updates_are_numpys_to_the_bit,
    what_is_nearly_zero_is_flushed_as_by_numpy_to_the_bit,
    a_whole_step_leaves_no_denormals,
    gradients_of_improbable_classes_are_zero,
    steps_agree_with_numpy_for_every_activation_optimizer_and_penalty,
    the_same_step_gives_the_same_bits,
    consecutive_steps_are_those_of_as_many_calls_to_the_bit,
    steps_on_bytes_are_those_on_their_pixels_to_the_bit,
    inputs_that_are_zero_in_a_whole_batch_are_left_out_with_numpys_results,
    curves_agree_to_four_digits_over_a_hundred_steps,
    a_whole_step_stays_in_its_buffers,
    a_step_with_infinite_weights_has_numpys_loss_and_count,
    activations_are_right_to_float32_from_tiny_to_huge,
    what_the_kernels_do_not_take_is_computed_with_numpy,
    an_activation_that_the_kernels_do_not_have_gets_no_fused_step,
    predictions_agree_with_numpy,
    predictions_of_a_few_samples_are_those_of_numpy_also_after_training,
    predictions_of_diverged_networks_are_those_of_numpy,
    a_prediction_is_not_overwritten_by_the_next,
    a_call_that_threads_do_not_finish_is_computed_by_one,
    # Its threads look for work until the process ends.
    steps_by_several_threads_are_those_of_one_to_the_bit,
]


def outcome(check, chosen):
    try:
        check(chosen)
    except Exception:
        return traceback.format_exc()
    return ""


def choose_from(files):
    """Choose a backend from a folder with these files only, by name and content."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        return backends.choose_backend("auto", folder=Path(folder))


def outcomes(chosen):
    return {f"{check.__name__} [{chosen.name}]": outcome(check, chosen) for check in CHECKS}


def report_of_modules():
    home = Path(backends.__file__).parent / "kernels"
    plain = (home / "dense-simd.wasm").read_bytes()
    relaxed = backends.choose_backend("auto")
    kept = Path(tempfile.mkdtemp())
    shutil.copy(home / "dense-simd.wasm", kept)
    simd = backends.choose_backend("auto", folder=kept)
    refused = choose_from({"dense-relaxed.wasm": b"no module", "dense-simd.wasm": plain[:999]})
    version = b"interface 3"
    assert plain.count(version) == 1
    other = choose_from({"dense-simd.wasm": plain.replace(version, b"interface 9")})
    return {
        "outcomes": outcomes(simd) | outcomes(relaxed),
        "chosen": [relaxed.name, relaxed.reason],
        "without_relaxed": [simd.name, simd.reason],
        "refused": [refused.name, refused.reason],
        "other_version": [other.name, other.reason],
    }


def report_of_library(path):
    from nn.backends.wasm import load_backend  # noqa: PLC0415

    return {"outcomes": outcomes(load_backend(Path(path), "native", "for a test"))}


if __name__ == "__main__":
    library = os.environ.get("INKLING_KERNELS")
    report = report_of_library(library) if library else report_of_modules()
    sys.stdout.write(json.dumps(report) + "\n")
