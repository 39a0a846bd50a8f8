"""The objects that all requests of one process share: settings, data, weights and limits.

They are created when the plugin is loaded; files and threads are created by the first request.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from dashboard.api.admission_queue import AdmissionQueue
from dashboard.api.body import BodyMemory
from dashboard.api.data_service import DataService
from dashboard.api.rate_limit import RateLimit
from dashboard.api.settings import ApiSettings
from dashboard.api.weights_service import WeightsService
from dashboard.api.weights_store import WeightsStore
from data_cache import DataSet, load_data_set


class Server:
    """The API's services and limits in one server process.

    Parameters
    ----------
    settings
        The limits of the API.
    load
        Returns a data set by name; called repeatedly, so it should cache.
    """

    def __init__(
        self, settings: ApiSettings, *, load: Callable[[str], DataSet] = load_data_set
    ) -> None:
        self.settings = settings
        self.data = DataService(settings, load)
        store = WeightsStore(settings.state_folder, settings.versions_kept, utc_now)
        self.weights = WeightsService(settings, store, self.data.validation)
        self.body_memory = BodyMemory(settings.bodies_bytes)
        self.admission = AdmissionQueue()
        self.reads = RateLimit(settings.reads_per_second, time.monotonic)
        self.writes = RateLimit(settings.writes_per_second, time.monotonic)

    def close(self) -> None:
        """Shut down the worker threads and close the store."""
        self.weights.close()


def utc_now() -> str:
    """Return the current time as an ISO 8601 string in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
