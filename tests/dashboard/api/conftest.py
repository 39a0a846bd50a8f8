"""One server for all tests that leave no trace, and fresh ones for those that do."""

import pytest
from api_server import ApiClient, api_server, api_settings


@pytest.fixture(scope="session", autouse=True)
def _no_data_set_but_the_bundled_one(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INKLING_DATA", str(tmp_path_factory.mktemp("no-data-sets")))
        yield


@pytest.fixture(scope="session")
def call(tmp_path_factory) -> ApiClient:
    """A server that stays as it began: whoever changes it resets it."""
    with api_server(api_settings(tmp_path_factory.mktemp("api"))) as client:
        yield client


@pytest.fixture
def fresh(tmp_path) -> ApiClient:
    """A server of the test's own."""
    with api_server(api_settings(tmp_path)) as client:
        yield client
