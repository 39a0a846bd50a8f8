"""The command: `python tests/benchmarks/run.py [--quick] [--only SECTION]`.

Prints one table and writes build/bench.json; `make bench` calls it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Error as BrowserError

TESTS = Path(__file__).parents[1]
# The project's root comes first, so that its packages are not mistaken for their tests.
sys.path[:1] = [str(TESTS.parent), str(TESTS), str(TESTS / "support")]

from benchmarks import (  # noqa: E402
    api_load,
    app_overhead,
    browser,
    convolutions,
    convolutions_page,
    digits,
    inside,
    native,
    overhead,
    plane,
    plane_page,
    prediction_latency,
    scaling,
    sessions,
    start,
    threads,
    upstream,
)
from benchmarks.report import format_table, machine_facts, write_record  # noqa: E402
from benchmarks.results import Section  # noqa: E402
from benchmarks.runner import FULL, QUICK, BenchmarkError, Plan  # noqa: E402

SECTIONS = {
    "native": (native.measure,),
    "overhead": (overhead.measure, app_overhead.measure),
    "browser": (browser.measure,),
    "threads": (threads.measure,),
    "digits": (digits.measure_native, digits.measure_browser),
    "plane": (plane.measure, plane_page.measure),
    "convolutions": (convolutions.measure, convolutions_page.measure),
    "start": (start.measure,),
    "answers": (prediction_latency.measure,),
    "inside": (inside.measure,),
    "scaling": (scaling.measure,),
    "sessions": (sessions.measure,),
    "api": (api_load.measure,),
    "upstream": (upstream.measure,),
}
RECORD = TESTS.parent / "build" / "bench.json"


def _measure(name: str, measure: Callable[[Plan], Section], plan: Plan) -> Section:
    """Measure a section; one that fails is reported and does not end the run."""
    try:
        return measure(plan)
    except (BenchmarkError, BrowserError, AssertionError) as error:
        return Section(name, notes=[f"not measured: {str(error).splitlines()[0]}"])


def main() -> None:
    """Measure the requested sections, print the table, and write the file."""
    parser = argparse.ArgumentParser(description="Benchmarks of Inkling and its peers.")
    parser.add_argument("--quick", action="store_true", help="three short repetitions")
    parser.add_argument("--only", choices=SECTIONS, action="append", help="only this section")
    parser.add_argument("--json", type=Path, default=RECORD, help="file to write (%(default)s)")
    arguments = parser.parse_args()
    plan = QUICK if arguments.quick else FULL
    machine, sections, start_time = machine_facts(), [], time.perf_counter()
    for name in arguments.only or SECTIONS:
        for measure in SECTIONS[name]:
            print(f"measuring: {name} …", file=sys.stderr)  # noqa: T201
            sections.append(_measure(name, measure, plan))
    write_record(arguments.json, sections, plan, machine)
    print(format_table(sections))  # noqa: T201
    print(  # noqa: T201
        f"\n{machine['processor']}, {machine['cores']} cores, load {machine['load']}; "
        f"{plan.repetitions} repetitions of {plan.seconds} s; medians; “first is”: how many "
        "times better the first implementation of the case is, median of the repetitions; "
        f"{time.perf_counter() - start_time:.0f} s in all; {arguments.json}"
    )


if __name__ == "__main__":
    main()
