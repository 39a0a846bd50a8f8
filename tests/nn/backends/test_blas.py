from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import TrainingStep, create_network, create_optimizer
from nn.backends import blas
from nn.backends.blas import ProductAdder, load_sgemm, sgemm

needs_blas = pytest.mark.skipif(sgemm() is None, reason="this NumPy is not a wheel with OpenBLAS")


@needs_blas
@given(
    st.integers(1, 9),
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.sampled_from([-0.25, 0.0, 2.0]),
)
def test_a_product_is_added_to_a_scaled_matrix(count, rows, columns, keep, scale):
    generator = np.random.default_rng(count * 10_000 + rows * 100 + columns)
    a = generator.standard_normal((count, rows), dtype=np.float32)
    b = generator.standard_normal((count, columns), dtype=np.float32)
    out = generator.standard_normal((rows, columns), dtype=np.float32)
    expected = keep * out.astype(float) + scale * (a.T.astype(float) @ b.astype(float))
    again = keep * expected + scale * (2 * a.T.astype(float) @ b.astype(float))
    add = ProductAdder(sgemm(), a, b, out)
    add(keep=keep, scale=scale)
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)
    add(2 * a, keep=keep, scale=scale)
    np.testing.assert_allclose(out, again, rtol=1e-5, atol=1e-5)


def zeros(*shape, dtype=np.float32, order="C"):
    return np.zeros(shape, dtype, order=order)


@needs_blas
@pytest.mark.parametrize(
    "arrays",
    [
        (zeros(2, 3), zeros(3, 4), zeros(3, 4)),
        (zeros(2, 3), zeros(2, 4), zeros(4, 3)),
        (zeros(2, 3, dtype=np.float64), zeros(2, 4), zeros(3, 4)),
        (zeros(2, 3), zeros(2, 4), zeros(3, 4, order="F")),
    ],
)
def test_arrays_that_do_not_fit_are_refused_before_the_library_sees_them(arrays):
    with pytest.raises(ValueError, match=r"Expected C-contiguous float32 arrays \(n, k\)"):
        ProductAdder(sgemm(), *arrays)


@needs_blas
@pytest.mark.parametrize(
    "other",
    [
        zeros(1, 3),
        zeros(2, 2),
        zeros(6),
        zeros(2, 3, dtype=np.float64),
        zeros(2, 3, order="F"),
        zeros(4, 3)[::2],
    ],
    ids=["rows", "columns", "dimensions", "dtype", "order", "stride"],
)
def test_a_replacement_that_is_not_like_the_first_array_is_refused(other):
    out = zeros(3, 4)
    add = ProductAdder(sgemm(), np.ones((2, 3), np.float32), np.ones((2, 4), np.float32), out)
    with pytest.raises(ValueError, match=r"float32 array of the shape \(2, 3\)"):
        add(other, keep=1.0, scale=1.0)
    assert not out.any()


def test_a_folder_without_the_library_or_with_another_one_gives_none(tmp_path: Path) -> None:
    numpy_folder = tmp_path / "numpy"
    numpy_folder.mkdir()
    assert load_sgemm(numpy_folder) is None
    libraries = tmp_path / "numpy.libs"
    libraries.mkdir()
    (libraries / "libscipy_openblas64_-0123.so").write_bytes(b"no library")
    assert load_sgemm(numpy_folder) is None


@pytest.mark.parametrize("l2", [0.0, 0.1])
@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("count", [1, 6])
@needs_blas
def test_descent_in_one_call_agrees_with_gradients_and_updates(
    monkeypatch, l2, biases, dropout, count
):
    def train():
        network = create_network(
            (12, 7, 5, 3), generator=np.random.default_rng(0), activation="tanh", biases=biases
        )
        generator = np.random.default_rng(1)
        step = TrainingStep(
            network,
            create_optimizer("sgd", network.parameters()),
            l2=l2,
            dropout=dropout,
            generator=np.random.default_rng(2),
        )
        results = []
        for _ in range(5):
            x = generator.random((count, 12), dtype=np.float32)
            results.append(step(x, generator.integers(0, 3, count), 0.5).loss)
        assert step.optimizer.steps == 5
        return results, network

    losses, network = train()
    monkeypatch.setattr(blas, "sgemm", lambda: None)
    expected_losses, expected = train()
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-5)
    for mine, theirs in zip(network.parameters(), expected.parameters(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)


@needs_blas
def test_only_plain_descent_on_float32_is_done_in_one_call(monkeypatch):
    calls = []
    monkeypatch.setattr(ProductAdder, "__call__", lambda *_arguments, **_scales: calls.append(1))

    def count_calls(optimizer="sgd", dtype=np.float32, **settings):
        calls.clear()
        network = create_network((4, 3, 2), generator=np.random.default_rng(0), dtype=dtype)
        optimizer = create_optimizer(optimizer, network.parameters())
        TrainingStep(network, optimizer, **settings)(np.ones((2, 4), dtype), np.array([0, 1]), 0.1)
        return len(calls)

    assert count_calls() == 2
    assert count_calls(l2=0.1) == 2
    assert count_calls(l1=0.1) == 0
    assert count_calls(dtype=np.float64) == 0
    assert count_calls("momentum") == 0
