"""A controller with the bundled digits, and what inspection panels are made with."""

from __future__ import annotations

import time

import pytest

from dashboard.digits.controller import DigitsController
from dashboard.digits.datasets import InMemoryDataSet, open_from_disk
from dashboard.digits.state import DigitsState
from dashboard.inspection.panels import InspectionContext
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.shell.redraw_scheduler import RedrawRate
from dashboard.shell.theme import Theme
from dashboard.training.trainer import execute_in_line
from data_cache import load_digits


@pytest.fixture(scope="session")
def digits():
    return load_digits()


@pytest.fixture
def inspection_context(digits) -> InspectionContext:
    controller = DigitsController(
        DigitsState(),
        InMemoryDataSet(digits),
        open_data_set=open_from_disk,
        clock=time.perf_counter,
        execute=execute_in_line,
    )
    return InspectionContext(controller, DirectPageWriter(), Theme(), RedrawRate(), execute_in_line)
