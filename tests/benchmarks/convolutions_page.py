"""Accuracy of ConvNetJS's network in the built site after half a minute on the full MNIST.

The time starts with the click on Train, so it includes fetching the digits.
"""

from __future__ import annotations

import re

from browser_page import open_lab

from benchmarks.results import Result, Section
from benchmarks.runner import Plan
from benchmarks.start import served_site
from data_cache import DATA_SETS, data_set_available
from nn import ARCHITECTURES

NAME = "browser: half a minute of convolutions"
BATCH = 20
SECONDS, QUICK_SECONDS = 30, 10


def measure(plan: Plan) -> Section:
    """Train for the given time, and evaluate on the test digits."""
    section = Section(NAME)
    if not data_set_available("mnist"):
        section.notes.append("not measured: the full MNIST is not available (INKLING_DATA)")
        return section
    seconds = SECONDS if plan.is_full else QUICK_SECONDS
    with served_site() as (browser, address):
        lab = open_lab(browser, address)
        lab.choose("ink-data-set", DATA_SETS["mnist"].title)
        lab.wait_text(".ink-notice", f"{DATA_SETS['mnist'].title}: .* samples to train on")
        lab.choose("ink-architecture", ARCHITECTURES["convnetjs"].title)
        lab.click("ink-rebuild")
        lab.wait_text(".ink-status", rf"iteration 0 .*batch {BATCH} ")
        lab.press_train("Train")
        lab.page.wait_for_timeout(1000 * seconds)
        lab.press_train("Pause")
        lab.wait_text(".ink-train", "Train")
        steps = lab.iteration()
        lab.click("ink-test")
        notice = lab.wait_text(".ink-notice", "Test: .* right")
    accuracy = re.search(r"Test: ([\d.]+) %", notice)
    assert accuracy is not None
    case = f"ConvNetJS's net, batch {BATCH}, {seconds} s after Train"
    section.results = [
        Result(NAME, case, "test accuracy", "%", repetitions=[float(accuracy[1])]),
        Result(NAME, case, "samples seen", "", repetitions=[float(BATCH * steps)]),
    ]
    section.notes.append(notice)
    return section
