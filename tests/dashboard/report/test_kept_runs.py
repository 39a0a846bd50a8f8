"""Reports of the runs of the page, whose code is run as it stands in the report."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from cache_helpers import idx_bytes, no_pause
from controller_helpers import ink, make_controller, until
from html_values import accuracy_of, code_of
from local_server import local_server
from plane_helpers import make_plane_controller
from training_helpers import Ticks

from dashboard.digits.datasets import HttpDataSet, InMemoryDataSet
from dashboard.digits.state import DigitsState
from dashboard.report.kept_runs import RunReports
from dashboard.runs.controller import RunsController, RunSource
from dashboard.runs.recorder import RunRecorder
from dashboard.runs.records import RunCollection
from dashboard.runs.state import RunsState
from dashboard.runs.trials import DigitsTrials, PlaneTrials
from dashboard.sharing.links import DIGITS_SETTINGS, read_link
from dashboard.training.trainer import TimeBudget, execute_in_line
from data_cache import load_data_set, load_digits, write_blocks
from data_cache.sources.manifest import parse_manifest

ADDRESS = "https://example.org/lab"


def make_runs(controller: Any, make_trials: Any) -> RunsController:
    recorder = RunRecorder(controller.training, RunCollection())
    trials = make_trials(controller, Ticks(), execute_in_line, TimeBudget())
    sources = {"digits": RunSource("Digits", recorder, trials)}
    reports = RunReports(lambda: ADDRESS, lambda: "2026-11-27", execute_in_line)
    return RunsController(
        RunsState(), lambda: sources, execute_in_line, controller.spawn, reports.make
    )


def digits_runs(**settings: Any) -> RunsController:
    controller = make_controller(InMemoryDataSet(load_digits()), hidden_layers=[12], **settings)
    controller.start()
    return make_runs(controller, DigitsTrials)


async def train(runs: RunsController, steps: int) -> None:
    controller = runs.source.trials.controller
    run = controller.trainer.run
    controller.state.running = True
    await until(lambda: run.iteration >= steps or controller.trainer.run is not run)
    await until(lambda: controller.trainer.run.iteration >= steps)
    controller.state.running = False
    await until(lambda: controller.training_loop.is_idle)


async def report_of(runs: RunsController, number: int) -> str:
    runs.state.report = None
    runs.report(number)
    await until(lambda: not runs.state.running)
    if runs.state.report is None:
        return str(runs.state.notice.text)
    name, content = runs.state.report
    assert name.endswith(".html")
    return str(content.decode())


@pytest.fixture
def repeated(capsys: pytest.CaptureFixture[str]) -> Callable[[str], float]:
    """Run the code of a report, and return the accuracy that it prints."""

    def run(html: str) -> float:
        capsys.readouterr()
        exec(compile(code_of(html), "repeat.py", "exec"), {"__name__": "__main__"})
        return float(capsys.readouterr().out.split()[-1])

    return run


def test_the_code_of_a_run_whose_settings_changed_and_of_its_forks_repeats_them(
    repeated: Callable[[str], float],
) -> None:
    async def work() -> list[str]:
        runs = digits_runs(seed=5, dropout=0.1)
        controller = runs.source.trials.controller
        controller.state.training_samples = "1000"
        await until(lambda: controller.data.source.sample_count == 1000)
        controller.reset()
        await train(runs, 30)
        controller.state.param.update(learning_rate=0.02, batch_size=16, augment="affine")
        await train(runs, 60)
        runs.state.param.setting.objects = ["optimizer"]
        runs.state.param.update(setting="optimizer", value="sgd", fork_steps=15)
        runs.fork()
        await until(lambda: not runs.state.running)
        reports = [await report_of(runs, number) for number in (0, 1, 2)]
        await controller.close()
        return reports

    reports = asyncio.run(work())
    for html in reports:
        assert repeated(html) == pytest.approx(accuracy_of(html), abs=1e-6)
    assert len({accuracy_of(html) for html in reports}) == 3
    address = re.search(r'href="([^"]+)"', reports[0])
    assert address is not None
    page, _, query = unescape(address[1]).partition("?")
    assert page == ADDRESS
    link = read_link(query, DigitsState(), DIGITS_SETTINGS)
    assert (link.refusal, link.settings["batch_size"], len(link.changes)) == ("", 20, 3)
    assert reports[2].count("optimiser adam → sgd") == 1


def test_the_code_of_a_fine_tuned_model_repeats_it(repeated: Callable[[str], float]) -> None:
    async def work() -> str:
        runs = digits_runs(seed=2, pretrained_model="mlp", fine_tune=True, learning_rate=0.05)
        await train(runs, 20)
        html = await report_of(runs, 0)
        await runs.source.trials.controller.close()
        return html

    html = asyncio.run(work())
    assert "load_pretrained" in code_of(html)
    assert repeated(html) == pytest.approx(accuracy_of(html), abs=1e-6)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HttpDataSet]:
    """A small “MNIST” on this machine's disk, as a site has it: in blocks over HTTP."""
    digits = load_digits()
    (tmp_path / "mnist").mkdir()
    for half, samples in (("train", digits.train[:650]), ("t10k", digits.test[:200])):
        for name, values in (
            ("images-idx3", samples.images.reshape(-1, 28, 28)),
            ("labels-idx1", samples.labels),
        ):
            path = tmp_path / "mnist" / f"{half}-{name}-ubyte"
            path.write_bytes(idx_bytes(values))
    monkeypatch.setenv("INKLING_DATA", str(tmp_path))
    write_blocks([load_data_set("mnist")], tmp_path / "site", block_size=90)
    with local_server() as server:
        for path in (tmp_path / "site").rglob("*.*"):
            relative = path.relative_to(tmp_path / "site").as_posix()
            server.files[f"/data/{relative}"] = path.read_bytes()
        manifest = parse_manifest(
            server.files["/data/manifest.json"], f"{server.url}/data/manifest.json"
        )
        yield HttpDataSet(manifest, "mnist", pause=no_pause)


def test_the_code_of_runs_on_the_blocks_of_a_site_repeats_them(
    published: HttpDataSet, repeated: Callable[[str], float]
) -> None:
    async def work() -> list[str]:
        controller = make_controller(published, data_set="mnist", seed=3, hidden_layers=[12])
        controller.start()
        runs = make_runs(controller, DigitsTrials)
        controller.reset()
        await train(runs, 70)
        found = [await report_of(runs, 0)]
        controller.state.training_samples = "100"
        await until(lambda: controller.data.source.sample_count == 100)
        controller.reset()
        await train(runs, 20)
        found.append(await report_of(runs, 0))
        await controller.close()
        return found

    whole, subset = asyncio.run(work())
    assert "inkling data fetch mnist" in whole
    assert 'ArrayBlockSource(await data.part("train"), 90)' in code_of(whole)
    assert "ArrayBlockSource" not in code_of(subset)
    for html in (whole, subset):
        assert repeated(html) == pytest.approx(accuracy_of(html), abs=1e-6)


def test_what_code_cannot_repeat_is_said_instead() -> None:
    async def work() -> tuple[str, str]:
        runs = digits_runs()
        controller = runs.source.trials.controller
        controller.reset()
        await train(runs, 5)
        controller.drawing.take(ink())
        controller.fine_tune(3)
        taught = await report_of(runs, 0)
        record = runs.find(0)
        assert record is not None
        runs.collection.add(
            settings={**record.settings, "data_set": "fashion-mnist"},
            model=runs.source.trials.keep(controller.trainer.run)[1],
            **{name: getattr(record, name) for name in ("backend", "iteration", "epochs")},
            **{name: getattr(record, name) for name in ("seconds", "curve")},
        )
        elsewhere = await report_of(runs, 1)
        await controller.close()
        return taught, elsewhere

    taught, elsewhere = asyncio.run(work())
    assert not code_of(taught)
    assert "steps on drawings" in taught
    assert "Fashion-MNIST" in elsewhere
    assert "<html" not in elsewhere


def test_a_run_on_points_is_reported_and_its_code_repeats_it(
    repeated: Callable[[str], float],
) -> None:
    async def work() -> list[str]:
        controller = make_plane_controller(shape="moons", points_count=120, seed=4)
        runs = make_runs(controller, PlaneTrials)
        await train(runs, 25)
        controller.state.learning_rate = 0.1
        await train(runs, 60)
        found = [await report_of(runs, 0)]
        controller.reset()
        found.append(await report_of(runs, 1))
        await controller.close()
        return found

    reports = asyncio.run(work())
    assert "pane=spiral" in reports[0]
    assert "Answers over the plane" in reports[0]
    assert code_of(reports[0]) == code_of(reports[1])
    for html in reports:
        assert repeated(html) == pytest.approx(accuracy_of(html), abs=1e-6)
