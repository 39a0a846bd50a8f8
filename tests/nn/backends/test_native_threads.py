import gc
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn import TrainingStep, create_network, create_optimizer
from nn.backends.blas import ThreadLimit
from nn.backends.numpy_backend import NumpyBackend

SECONDS = 20
SPECS = ("conv3x4 pool2 conv3x8", "conv5x8 pool2 conv5x16 pool3", "crop20 conv3x16 pool2")


def trained(threads, spec, count, dtype):
    """Return the bytes of the parameters after two steps, and the first loss."""
    generator = np.random.default_rng(5)
    network = create_network((784, 10), layer_spec=spec, generator=generator, dtype=dtype)
    optimizer = create_optimizer("adam", network.parameters())
    step = TrainingStep(network, optimizer, batch_capacity=count, threads=threads)
    x = generator.integers(0, 256, (2, count, 784), np.uint8)
    labels = generator.integers(0, 10, (2, count))
    losses = [step(*batch, 0.01).loss for batch in zip(x, labels, strict=True)]
    return [parameter.tobytes() for parameter in network.parameters()], losses


@settings(max_examples=12)
@given(
    st.sampled_from(SPECS),
    st.integers(1, 90),
    st.integers(2, 5),
    st.sampled_from([np.float32, np.float64]),
)
def test_training_gives_the_same_bits_with_any_number_of_threads(spec, count, threads, dtype):
    assert trained(threads, spec, count, dtype) == trained(1, spec, count, dtype)


def parts_of(count):
    return [slice(number, number + 1) for number in range(count)]


def test_parts_are_computed_at_the_same_time_with_buffers_of_their_own():
    meeting, buffers = threading.Barrier(3, timeout=SECONDS), {}

    def compute(part, buffer):
        meeting.wait()  # breaks with fewer threads
        buffers[part.start] = buffer
        meeting.wait()

    scratch = np.empty(8, np.float32)
    NumpyBackend().with_threads(3).for_each_part(parts_of(3), compute, scratch)
    assert sorted(buffers) == [0, 1, 2]
    assert {(buffer.size, buffer.dtype) for buffer in buffers.values()} == {(8, scratch.dtype)}
    assert not any(
        np.shares_memory(buffers[one], buffers[other]) for one, other in ((0, 1), (0, 2), (1, 2))
    )


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_what_parts_return_is_called_in_their_order(threads):
    others_done, called = threading.Event(), []

    def compute(part, _buffer):
        if part.start == 0 and threads > 1:
            others_done.wait(SECONDS)  # the first part ends last
        others_done.set()
        return lambda: called.append(part.start)

    NumpyBackend().with_threads(threads).for_each_part(parts_of(20), compute, np.empty(1))
    assert called == list(range(20))


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_in_a_part_is_raised_when_no_thread_computes_any_more(threads):
    computing, begun = [], threading.Barrier(threads, timeout=SECONDS)

    def compute(part, _buffer):
        computing.append(part.start)
        begun.wait()
        if part.start == 0:
            computing.remove(part.start)
            raise MemoryError
        time.sleep(0)
        computing.remove(part.start)
        return lambda: None

    backend = NumpyBackend().with_threads(threads)
    with pytest.raises(MemoryError):
        backend.for_each_part(parts_of(threads), compute, np.empty(1))
    assert computing == []
    done = []
    backend.for_each_part(parts_of(9), lambda part, _: done.append(part.start), np.empty(1))
    assert sorted(done) == list(range(9))


def test_the_threads_end_with_the_step_that_made_them():
    before = set(threading.enumerate())
    trained(3, SPECS[0], 60, np.float32)
    gc.collect()
    made = set(threading.enumerate()) - before
    for thread in made:
        thread.join(SECONDS)
    assert not any(thread.is_alive() for thread in made)


def test_blas_has_one_thread_until_the_last_context_ends():
    counts = [4]
    limit = ThreadLimit(lambda: counts[-1], counts.append)
    with limit:
        with limit:
            assert counts == [4, 1]
        assert counts == [4, 1]
    assert counts == [4, 1, 4]
    with limit:
        assert counts == [4, 1, 4, 1]


def test_a_blas_with_one_thread_is_left_alone():
    changed = []
    with ThreadLimit(lambda: 1, changed.append):
        pass
    assert changed == []
