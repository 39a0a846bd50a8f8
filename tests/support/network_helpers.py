"""Small networks for tests, and the comparison of two networks."""

import numpy as np

from nn import Network, create_network


def small_network(sizes=(4, 3, 2), **settings) -> Network:
    return create_network(sizes, generator=np.random.default_rng(0), **settings)


def assert_equal_networks(first: Network, second: Network) -> None:
    for name in ("title", "activation", "has_biases", "dtype"):
        assert getattr(first, name) == getattr(second, name)
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        np.testing.assert_array_equal(one, other)
