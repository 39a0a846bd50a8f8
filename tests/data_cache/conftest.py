"""Fixtures for the tests of data_cache."""

import pytest
from local_server import local_server


@pytest.fixture
def server():
    with local_server() as running:
        yield running
