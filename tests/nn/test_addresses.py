import numpy as np
import pytest

from nn.addresses import address


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
    ids=["row", "later part", "matrix", "bytes", "no numbers", "read only"],
)
def test_the_address_is_that_of_the_first_number(array):
    assert address(array) == array.__array_interface__["data"][0]


def test_asking_leaves_the_array_free_to_be_resized():
    array = np.zeros(3, np.float32)
    address(array)
    array.resize(5)
    assert array.size == 5
