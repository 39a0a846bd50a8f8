"""Timing, interleaving, comparison and reports of the benchmarks."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parent


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Import a module of the benchmarks by name."""
    monkeypatch.syspath_prepend(str(TESTS))
    return lambda name: importlib.import_module(f"benchmarks.{name}")


class Work:
    """A function that takes a known time on a simulated clock."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.now, self.calls = seconds, 0.0, 0

    def __call__(self) -> None:
        self.now += self.seconds
        self.calls += 1

    def clock(self) -> float:
        return self.now


@pytest.mark.parametrize("seconds", [1e-5, 0.004, 0.7])
def test_calls_of_any_length_are_timed(bench, seconds):
    work = Work(seconds)
    timed = bench("timing").seconds_per_call(work, 0.3, 0.1, work.clock)
    assert timed == pytest.approx(seconds)
    assert work.now >= 0.4


def test_the_warm_up_is_not_counted(bench):
    work = Work(0.01)

    def slow_at_first() -> None:
        work()
        work.now += 1.0 if work.calls == 1 else 0.0

    timed = bench("timing").seconds_per_call(slow_at_first, 0.3, 0.1, work.clock)
    assert timed == pytest.approx(0.01)


def test_entries_are_interleaved_and_a_failure_excludes_only_its_own_entry(bench):
    runner, results = bench("runner"), bench("results")
    calls: list[str] = []

    def make(name: str) -> Any:
        def measure() -> float:
            calls.append(name)
            if name == "b" and calls.count("b") == 2:
                raise runner.BenchmarkError("b failed")
            return float(len(calls))

        return runner.Entry(results.Result("s", "case", name, "samples/s"), measure)

    entries = [make("a"), make("b"), make("c")]
    runner.run_interleaved(entries, 3)
    assert "".join(calls) == "abcabcac"
    assert entries[0].result.repetitions == [1.0, 4.0, 7.0]
    assert (entries[1].result.missing, entries[1].result.repetitions) == ("b failed", [])


def test_a_ratio_is_the_median_of_the_repetitions_and_above_one_the_baseline_is_better(bench):
    ratio_of = bench("results").ratio_of
    assert ratio_of([2, 20, 200], [1, 10, 50], more_is_better=True) == 2
    assert ratio_of([1, 10, 50], [2, 20, 200], more_is_better=False) == 2


def make_section(bench: Any) -> Any:
    results = bench("results")
    section = results.Section("native")
    make = results.Result
    section.results = [
        make("native", "one net", "Inkling", "samples/s", repetitions=[4000.0, 3000.0, 5000.0]),
        make(
            "native",
            "one net",
            "Peer",
            "samples/s",
            repetitions=[20.0, 15.0, 25.0],
            baseline="Inkling",
        ),
        make("native", "one net", "Absent", "samples/s", missing="no network", baseline="Inkling"),
    ]
    section.notes.append("a remark")
    section.compare()
    return section


def test_the_table_has_each_case_once_and_the_reasons_of_missing_rows(bench):
    text = bench("report").format_table([make_section(bench)])
    lines = text.splitlines()
    assert text.count("one net") == 1
    assert lines[3].split() == ["one", "net", "Inkling", "4,000", "3,000", "5,000", "samples/s"]
    assert lines[4].split() == ["Peer", "20.0", "15.0", "25.0", "samples/s", "200", "×"]
    assert lines[5].split() == ["Absent", "missing"]
    assert "missing: Absent (native): no network" in lines
    assert "native: a remark" in lines


def test_the_json_file_has_all_repetitions_and_the_machine(bench, tmp_path):
    report = bench("report")
    path = tmp_path / "build" / "bench.json"
    machine = report.machine_facts()
    report.write_record(path, [make_section(bench)], bench("runner").QUICK, machine)
    written = json.loads(path.read_text(encoding="utf-8"))
    assert written["machine"]["cores"] == machine["cores"]
    inkling, peer, absent = written["sections"][0]["results"]
    assert inkling["repetitions"] == [4000.0, 3000.0, 5000.0]
    assert (inkling["min"], inkling["median"], inkling["max"]) == (3000.0, 4000.0, 5000.0)
    assert peer["ratio"] == 200
    assert absent["missing"] == "no network"
    assert "median" not in absent


def test_the_rows_of_a_peer_that_cannot_be_installed_are_missing_with_the_reason(
    bench, monkeypatch
):
    native, runner = bench("native"), bench("runner")

    def refuse(module: str) -> Path:
        raise runner.BenchmarkError(f"{module} could not be installed: no network")

    monkeypatch.setattr(native, "python_peer", refuse)
    section = native.measure(runner.Plan(repetitions=1, seconds=0.001, warm_up=0.0))
    rows = {result.implementation: result for result in section.results}
    assert rows["PyTorch"].missing == "pytorch could not be installed: no network"
    assert rows["Inkling"].median > 0
    assert rows["Inkling"].ratio is None


def test_a_training_step_has_no_gradient_of_the_inputs(bench):
    case = bench("cases").Case((784, 128, 10), 64)
    first, second = 2 * 64 * 784 * 128, 2 * 64 * 128 * 10
    assert case.forward_operations == first + second
    assert case.training_operations == 2 * first + 3 * second


def test_a_process_that_cannot_start_is_an_error_with_its_name(bench):
    processes = bench("processes")
    error = bench("runner").BenchmarkError
    worker = processes.WorkerProcess(TESTS / "no-such-python", "inkling", 1)
    with worker, pytest.raises(error, match="no-such-python"):
        worker.ask({"do": "facts"})


def test_an_implementation_responds_from_its_process_and_rejects_unknown_functions(bench):
    processes, cases = bench("processes"), bench("cases")
    plan = bench("runner").Plan(repetitions=1, seconds=0.001, warm_up=0.0)
    with processes.WorkerProcess(Path(sys.executable), "inkling", 1) as worker:
        assert worker.ask({"do": "facts"})["threads_asked"] == "1"
        case = cases.Case((784, 12, 10), 4)
        assert worker.seconds_per_call("training_step", case, plan) > 0
        with pytest.raises(bench("runner").BenchmarkError, match="juggle"):
            worker.seconds_per_call("juggle", case, plan)
        assert worker.ask({"do": "memory"})["bytes"] >= 0
