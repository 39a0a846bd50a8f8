import numpy as np
import pytest

from nn.backends.pointers import data_pointer, is_float32


def read_only():
    array = np.arange(6, dtype=np.float32)
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32),
        np.arange(12, dtype=np.float32)[5:],
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.zeros(3, np.uint8),
        np.zeros((0, 4), np.float32),
        read_only(),
    ],
    ids=["row", "later part", "matrix", "bytes", "empty", "read only"],
)
def test_the_data_pointer_is_the_address_of_the_first_value(array):
    assert data_pointer(array) == array.__array_interface__["data"][0]


def test_asking_for_a_pointer_leaves_the_array_resizable():
    array = np.zeros(3, np.float32)
    data_pointer(array)
    array.resize(5)
    assert array.size == 5


def test_only_contiguous_float32_is_what_libraries_take():
    array = np.zeros((2, 3), np.float32)
    assert is_float32(array, array[1])
    assert not is_float32(array, array.T)
    assert not is_float32(array.astype(np.float64))
