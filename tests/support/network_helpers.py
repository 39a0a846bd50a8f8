"""Small networks for tests, and the comparison and refusal of networks."""

import numpy as np
import pytest

from nn import Network, WeightsError, create_network, weights_from_bytes


def small_network(sizes=(4, 3, 2), **settings) -> Network:
    return create_network(sizes, generator=np.random.default_rng(0), **settings)


def assert_equal_networks(first: Network, second: Network) -> None:
    for name in ("title", "activation", "has_biases", "dtype"):
        assert getattr(first, name) == getattr(second, name)
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        np.testing.assert_array_equal(one, other)


def refusal(data: bytes, name: str) -> str:
    """The message of the WeightsError for a file, in which its name comes first."""
    with pytest.raises(WeightsError) as error:
        weights_from_bytes(data, name)
    message = str(error.value)
    assert message.startswith(f"{name}: ")
    assert "\n" not in message
    return message
