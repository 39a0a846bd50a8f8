"""The objects that all requests of one process share: settings, data, weights and limits.

They are created when the plugin is loaded; files and threads are created by the first request.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from dashboard.api.data_service import DataService
from dashboard.api.limits import AdmissionQueue, BodyMemory, RateLimit
from dashboard.api.metrics import Metrics
from dashboard.api.settings import ApiSettings
from dashboard.api.weights_service import WeightsService
from dashboard.api.weights_store import WeightsStore
from dashboard.visitors import Visitors
from data_cache import DataSet, load_data_set


class Server:
    """The API's services and limits in one server process.

    Parameters
    ----------
    settings
        The limits of the API.
    load
        Returns a data set by name; called repeatedly, so it should cache.
    visitors
        Returns the visitors of the page.
    """

    def __init__(
        self,
        settings: ApiSettings,
        *,
        load: Callable[[str], DataSet] = load_data_set,
        visitors: Callable[[], Visitors] | None = None,
    ) -> None:
        self.settings = settings
        self.data = DataService(settings, load)
        store = WeightsStore(settings.state_folder, settings.max_versions, utc_now)
        self.weights = WeightsService(settings, store, self.data.validation)
        self.body_memory = BodyMemory(settings.bodies_bytes)
        self.admission = AdmissionQueue()
        nobody = Visitors(settings.max_sessions, settings.pages_per_second, time.monotonic)
        self.visitors = visitors or (lambda: nobody)
        self.metrics = Metrics(self.visitors)
        self.reads = RateLimit(settings.reads_per_second, time.monotonic)
        self.writes = RateLimit(settings.writes_per_second, time.monotonic)

    def close(self) -> None:
        """Shut down the worker threads and close the store."""
        self.weights.close()


def utc_now() -> str:
    """Return the current time as an ISO 8601 string in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
