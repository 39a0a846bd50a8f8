"""The table, the chart and the commands of the runs pane, without a browser."""

from __future__ import annotations

import csv
import io
import time
from typing import Any

import numpy as np
from controller_helpers import ink, make_controller, until
from training_helpers import Ticks, in_event_loop

from dashboard.runs.controller import RunsController, RunSource
from dashboard.runs.curve import POINTS, Line, RunCurve
from dashboard.runs.recorder import RunRecorder
from dashboard.runs.records import MAX_RUNS, RunCollection, RunRecord
from dashboard.runs.state import RunsState
from dashboard.runs.trials import DigitsTrials
from dashboard.runs.views.curves import RunCurves, curves_csv
from dashboard.runs.views.pane import RunsPane
from dashboard.runs.views.table import table_html
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.shell.redraw_scheduler import RedrawRate
from dashboard.shell.theme import Theme
from dashboard.training.history import Score
from dashboard.training.trainer import TimeBudget, execute_in_line

REDRAW_SECONDS = 0.03


def long_line(seed: int, points: int = POINTS) -> Line:
    """A line of two hours at 500 steps a second, with noise."""
    places = np.linspace(1, 3.6e6, points)
    values = np.random.default_rng(seed).random(points)
    columns = (places, places / 125, places / 500, 2 * values, values)
    return Line(*(np.asarray(column, np.float32) for column in columns))


def fill(runs: RunCollection, count: int) -> None:
    for number in range(count):
        score = Score(3_600_000, 0.1, 0.9 + number / 1000, 500)
        runs.add(
            settings={"seed": number, "learning_rate": 0.001},
            backend="numpy",
            iteration=3_600_000,
            epochs=28_800.0,
            seconds=7200.0,
            curve=RunCurve(long_line(number), long_line(number + 100), 12_000),
            best_accuracy=score,
            best_loss=score,
            last=score,
        )


def make_runs(**settings: Any) -> tuple[RunsController, RunRecorder]:
    controller = make_controller(**settings)
    recorder = RunRecorder(controller.training, RunCollection())
    trials = DigitsTrials(controller, Ticks(), execute_in_line, TimeBudget())
    sources = {"digits": RunSource("Digits", recorder, trials)}
    runs = RunsController(RunsState(), lambda: sources, execute_in_line, controller.spawn)
    return runs, recorder


def test_forty_runs_of_two_hours_are_redrawn_in_30_ms() -> None:
    runs = RunCollection()
    fill(runs, MAX_RUNS)
    chart = RunCurves(runs, Theme(), lambda: None)
    taken = []
    for metric in ("loss", "accuracy") * 4:
        runs.metric = metric
        began = time.process_time()
        chart.draw(runs.records, runs)
        table_html(runs.records, runs, {})
        taken.append(time.process_time() - began)
    assert min(taken) < REDRAW_SECONDS
    assert len(chart.lines.data["xs"]) == MAX_RUNS
    assert sum(map(len, chart.lines.data["xs"])) <= MAX_RUNS * POINTS
    looks = set(zip(chart.lines.data["color"], chart.lines.data["dash"], strict=True))
    assert len(looks) == MAX_RUNS


def test_the_csv_of_the_curves_has_every_point() -> None:
    runs = RunCollection()
    fill(runs, 2)
    rows = list(csv.DictReader(io.StringIO(curves_csv(runs.records))))
    assert len(rows) == 2 * 2 * POINTS
    first = runs.records[0].curve.training
    assert float(rows[0]["loss"]) == np.float32(f"{first.loss[0]:.6g}")
    assert {row["run"] for row in rows} == {"Run 1", "Run 2"}


def test_names_are_escaped_and_the_commands_say_their_state() -> None:
    runs = RunCollection()
    fill(runs, 2)
    runs.rename(1, "<b>bold</b>")
    runs.pin(1, True)
    html = table_html(runs.records, runs, {})
    assert "<b>bold" not in html
    assert 'data-do="pin" data-run="1" aria-pressed="true"' in html
    assert 'data-do="pin" data-run="2" aria-pressed="false"' in html
    assert "Seed" not in html
    assert ">seed<" in html  # it differs
    assert "learning_rate" not in html


async def train_run(runs: RunsController, steps: int) -> None:
    controller = runs.source.trials.controller
    run = controller.trainer.run
    controller.state.running = True
    await until(lambda: run.iteration >= steps)
    controller.state.running = False
    await until(lambda: controller.training_loop.is_idle)


@in_event_loop
async def test_two_runs_are_compared_on_the_same_samples_and_the_drawing() -> None:
    runs, recorder = make_runs(seed=3)
    controller = runs.source.trials.controller
    controller.start()
    controller.reset()
    await train_run(runs, 5)
    controller.reset()
    await train_run(runs, 40)
    controller.drawing.take(ink())
    for number in (1, 0):
        recorder.collection.choose(number, True)
    runs.compare()
    await until(lambda: not runs.state.running)
    result = runs.state.comparison
    assert result is not None
    assert result.count == 100
    held_out = await runs.source.trials.held_out()
    assert held_out is not None
    records: tuple[RunRecord, RunRecord] = result.records
    assert [record.number for record in records] == [1, 0]
    old = records[0].model.run_state().network  # type: ignore[union-attr]
    x = held_out.images.astype(np.float32) / 255
    one, two = (net.predict_proba(x).argmax(axis=1) for net in (old, controller.state.network))
    assert {it.index for it in result.disagreements} == set(np.flatnonzero(one != two).tolist())
    assert result.accuracy(0) == np.mean(one == held_out.labels)
    assert len(result.drawing) == 2
    shown: list[Any] = []
    controller.drawing.show_on_pad = shown.append
    runs.show_on_pad(0)
    assert len(shown) == 1
    await controller.close()


@in_event_loop
async def test_the_pane_draws_its_experiments_and_the_fork_is_kept() -> None:
    runs, recorder = make_runs()
    controller = runs.source.trials.controller
    pane = RunsPane(runs, DirectPageWriter(), RedrawRate())
    pane.show(True)
    controller.start()
    controller.reset()
    await train_run(runs, 12)
    runs.state.param.update(experiment="fork", value="0.05", fork_steps=15)
    runs.fork()
    await until(lambda: not runs.state.running)
    present, changed = recorder.collection.records
    assert present.settings["learning_rate"] == controller.state.learning_rate
    assert changed.settings["learning_rate"] == 0.05
    assert changed.iteration == controller.trainer.run.iteration + 15
    assert changed.curve.training.iteration[0] == 1  # from the beginning, not from the fork
    runs.state.param.update(experiment="seeds", seeds=2, epochs=1)
    runs.repeat_with_seeds()
    await until(lambda: not runs.state.running)
    assert runs.state.seed_result.done == 4
    runs.state.param.update(experiment="rate", rate_steps=60)
    runs.find_rate()
    await until(lambda: not runs.state.running)
    suggestion = runs.state.rate_result.suggestion
    runs.use_rate()
    assert controller.state.learning_rate == suggestion
    runs.state.value = "a lot"
    runs.fork()
    assert runs.state.notice.kind == "warning"
    assert not runs.state.running
    await controller.close()


@in_event_loop
async def test_an_experiment_can_be_cancelled_and_keeps_its_results() -> None:
    runs, _ = make_runs()
    runs.state.param.update(seeds=30, epochs=1, against="nothing")
    runs.repeat_with_seeds()
    await until(lambda: runs.state.seed_result.done >= 2)
    runs.cancel()
    await until(lambda: not runs.state.running)
    assert 2 <= runs.state.seed_result.done < 30
    assert runs.state.seed_result.finals(0)
    await runs.source.trials.controller.close()
