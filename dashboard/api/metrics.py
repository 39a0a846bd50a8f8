"""What an operator watches: sessions, training, times and refusals, in the format of Prometheus.

`prometheus_client` writes the format; it comes with `pip install inkling[metrics]`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dashboard.api.errors import ApiError

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper limits of the histograms, in seconds."""
MISSING = (
    "Metrics need the package prometheus_client; the operator can install it with "
    "pip install inkling[metrics]."
)


class Metrics:
    """The numbers of one process.

    Parameters
    ----------
    visitors
        Returns the visitors of the process.

    Attributes
    ----------
    is_available
        Whether `prometheus_client` is installed.
    """

    def __init__(self, visitors: Callable[[], Any]) -> None:
        try:
            import prometheus_client  # noqa: PLC0415 - an extra
        except ImportError:
            self.is_available = False
            return
        self.is_available = True
        client = prometheus_client
        self._client = client
        self._registry = registry = client.CollectorRegistry()

        def gauge(name: str, text: str, read: Callable[[], float]) -> None:
            client.Gauge(f"inkling_{name}", text, registry=registry).set_function(read)

        gauge("sessions", "Open sessions.", lambda: visitors().count)
        gauge("training_sessions", "Networks that are trained.", lambda: visitors().training)
        gauge("pages_refused", "Pages and trainings refused so far.", lambda: visitors().refused)
        gauge("memory_bytes", "Resident memory of the process.", memory_bytes)
        self._slices = client.Histogram(
            "inkling_slice_seconds",
            "Time that a call took in the threads that all visitors share.",
            buckets=BUCKETS,
            registry=registry,
        )
        self._requests = client.Histogram(
            "inkling_request_seconds",
            "Time until a request of the API was answered.",
            ["status"],
            buckets=BUCKETS,
            registry=registry,
        )

    def observe_slice(self, seconds: float) -> None:
        """Count a call in the shared threads."""
        if self.is_available:
            self._slices.observe(seconds)

    def observe_request(self, seconds: float, status: int) -> None:
        """Count an answered request of the API; refusals are those with a status from 400."""
        if self.is_available:
            self._requests.labels(str(status)).observe(seconds)

    def text(self) -> tuple[bytes, str]:
        """Return the numbers and their media type; raise ApiError 501 without the package."""
        if not self.is_available:
            raise ApiError(501, MISSING)
        return self._client.generate_latest(self._registry), self._client.CONTENT_TYPE_LATEST


def memory_bytes() -> float:
    """Return the resident memory of this process; NaN where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return float("nan")
    import resource  # noqa: PLC0415 - not on Windows

    return float(pages * resource.getpagesize())
