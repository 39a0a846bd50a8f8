"""Fixtures for the tests of data_cache."""

import gzip

import pytest
from local_server import local_server


@pytest.fixture
def server():
    with local_server() as running:
        yield running


@pytest.fixture(params=[bytes, gzip.compress], ids=["plain", "gzip"])
def compress(request):
    """What is done to the content of a file before it is written."""
    return request.param
