"""Settings shared by every test: repeatable examples, and one BLAS thread.

Tests share the cores with browsers; on busy cores, BLAS threads that wait for each other are
many times slower than one.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# The command line speaks the language of the terminal.
os.environ["LANGUAGE"] = ""
os.environ["LC_ALL"] = "C.UTF-8"

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from dashboard.upstream import is_applied

settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=50,
)
settings.load_profile("repeatable")


BROWSER_TESTS = Path(__file__).parent / "ui"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put browser tests last: Playwright keeps a loop running beside which no other can run.

    Tests of upstream patches that are turned off are skipped.
    """
    for item in items:
        if BROWSER_TESTS in item.path.parents:
            item.add_marker(pytest.mark.ui)
    items.sort(key=lambda item: item.get_closest_marker("ui") is not None)
    for item in items:
        patch = item.get_closest_marker("upstream_patch")
        in_runtime = patch is not None and f"[{patch.kwargs.get('runtime', '')}" in f"{item.name}["
        if in_runtime and not is_applied(patch.args[0]):
            item.add_marker(pytest.mark.skip(f"the patch {patch.args[0]} is turned off"))
