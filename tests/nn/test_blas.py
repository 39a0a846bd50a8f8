from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn.blas
import nn.step
from nn import TrainingStep, create_network, create_optimizer
from nn.blas import blas, find_blas

needs_blas = pytest.mark.skipif(blas() is None, reason="this NumPy brings no OpenBLAS along")


@needs_blas
@given(
    st.integers(1, 9),
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.sampled_from([-0.25, 0.0, 2.0]),
)
def test_a_product_is_added_to_what_is_kept_of_a_matrix(count, rows, columns, keep, scale):
    generator = np.random.default_rng(count * 10_000 + rows * 100 + columns)
    a = generator.standard_normal((count, rows), dtype=np.float32)
    b = generator.standard_normal((count, columns), dtype=np.float32)
    out = generator.standard_normal((rows, columns), dtype=np.float32)
    expected = keep * out.astype(float) + scale * (a.T.astype(float) @ b.astype(float))
    again = keep * expected + scale * (2 * a.T.astype(float) @ b.astype(float))
    add = blas().adder_of_transposed(a, b, out)
    add(keep=keep, scale=scale)
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)
    add(2 * a, keep=keep, scale=scale)
    np.testing.assert_allclose(out, again, rtol=1e-5, atol=1e-5)


@needs_blas
@pytest.mark.parametrize("shapes", [((2, 3), (3, 4), (3, 4)), ((2, 3), (2, 4), (4, 3))])
def test_matrices_that_do_not_fit_are_refused_before_the_library_sees_them(shapes):
    arrays = [np.zeros(shape, dtype=np.float32) for shape in shapes]
    with pytest.raises(ValueError, match="as many rows and room for their product"):
        blas().adder_of_transposed(*arrays)


def test_a_folder_without_the_library_or_with_another_one_gives_none(tmp_path: Path) -> None:
    numpy_folder = tmp_path / "numpy"
    numpy_folder.mkdir()
    assert find_blas(numpy_folder) is None
    libraries = tmp_path / "numpy.libs"
    libraries.mkdir()
    (libraries / "libscipy_openblas64_-0123.so").write_bytes(b"no library")
    assert find_blas(numpy_folder) is None


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
    monkeypatch.setattr(nn.step, "blas", lambda: None)
    expected_losses, expected = train()
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-5)
    for mine, theirs in zip(network.parameters(), expected.parameters(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)


@needs_blas
def test_plain_descent_on_float32_takes_the_direct_way_and_all_else_does_not(monkeypatch):
    calls = []
    monkeypatch.setattr(
        nn.blas.ProductAdder, "__call__", lambda *_arguments, **_scales: calls.append(1)
    )

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
