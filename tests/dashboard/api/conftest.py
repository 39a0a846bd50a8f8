"""A shared server for tests that restore its state, and a new one for the others."""

import pytest
from api_server import ApiClient, api_server, api_settings


@pytest.fixture(scope="session", autouse=True)
def _only_the_bundled_data_set(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INKLING_DATA", str(tmp_path_factory.mktemp("no-data-sets")))
        yield


@pytest.fixture(scope="session")
def call(tmp_path_factory) -> ApiClient:
    """A server for all tests; tests that change its weights reset them."""
    with api_server(api_settings(tmp_path_factory.mktemp("api"))) as client:
        yield client


@pytest.fixture
def fresh(tmp_path) -> ApiClient:
    """A new server."""
    with api_server(api_settings(tmp_path)) as client:
        yield client
