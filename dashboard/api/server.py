"""What all requests of one process share: the settings, the data, the weights, the limits.

It is made when the plugin is loaded; files and threads come with the first request.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from dashboard.api.admission_queue import AdmissionQueue
from dashboard.api.body import BodyRoom
from dashboard.api.data_service import DataService
from dashboard.api.rate_limit import RateLimit
from dashboard.api.settings import ApiSettings
from dashboard.api.weights_service import WeightsService
from dashboard.api.weights_store import WeightsStore
from data_cache import DataSet, load_data_set


class Server:
    """The API's side of a process.

    Parameters
    ----------
    load
        Loads a data set by name, and remembers it.
    """

    def __init__(
        self, settings: ApiSettings, *, load: Callable[[str], DataSet] = load_data_set
    ) -> None:
        self.settings = settings
        self.data = DataService(settings, load)
        store = WeightsStore(settings.state_folder, settings.versions_kept, time_of_day)
        self.weights = WeightsService(settings, store, self.data.validation)
        self.room = BodyRoom(settings.bodies_bytes)
        self.turns = AdmissionQueue()
        self.reads = RateLimit(settings.reads_per_second, time.monotonic)
        self.writes = RateLimit(settings.writes_per_second, time.monotonic)

    def close(self) -> None:
        """End its threads."""
        self.weights.close()


def time_of_day() -> str:
    """Return the time as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
