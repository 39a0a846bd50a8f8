"""The search of the runs pane, and its definition for `inkling sweep`."""

from __future__ import annotations

import tomllib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from controller_helpers import make_controller, until
from training_helpers import Ticks, in_event_loop

from dashboard.blas import limit_blas_threads
from dashboard.cli.sweeps.definition import parse_sweep
from dashboard.cli.sweeps.trial import run_trial
from dashboard.digits.datasets import InMemoryDataSet
from dashboard.runs.controller import RunsController, RunSource
from dashboard.runs.recorder import RunRecorder
from dashboard.runs.records import RunCollection
from dashboard.runs.search import MAX_CONFIGURATIONS, make_search, read_values, search_html
from dashboard.runs.state import RunsState
from dashboard.runs.trials import DigitsTrials
from dashboard.runs.views.pane import RunsPane
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.shell.redraw_scheduler import RedrawRate
from dashboard.training.settings import SettingError
from dashboard.training.trainer import TimeBudget, execute_in_line
from data_cache import load_digits


def digits_trials(data: Any = None) -> DigitsTrials:
    controller = make_controller(data, seed=4)
    return DigitsTrials(controller, Ticks(), execute_in_line, TimeBudget())


def make_runs(trials: DigitsTrials) -> RunsController:
    recorder = RunRecorder(trials.controller.training, RunCollection())
    sources = {"digits": RunSource("Digits", recorder, trials)}
    return RunsController(RunsState(), lambda: sources, execute_in_line, trials.controller.spawn)


def test_values_are_read_as_the_fields_read_them() -> None:
    trials = digits_trials()
    assert read_values(trials, "learning_rate", "0.1, 0.2; 0.1") == [0.1, 0.2]
    assert read_values(trials, "hidden_layers", "64; 32 16") == [[64], [32, 16]]
    assert read_values(trials, "biases", "on; off") == [True, False]
    for name, text in (("learning_rate", ""), ("learning_rate", "a lot"), ("dropout", "2")):
        with pytest.raises(SettingError):
            read_values(trials, name, text)


def test_random_configurations_are_different_ones_of_all_and_too_many_are_refused() -> None:
    trials = digits_trials()
    vary = {
        "learning_rate": [number / 1000 for number in range(1, 11)],
        "batch_size": [8, 16, 32, 64],
    }
    with pytest.raises(SettingError, match=str(MAX_CONFIGURATIONS)):
        make_search(trials, vary, [1], 1)
    found = make_search(trials, vary, [1], 1, count=9).comparison.configurations
    titles = {it.title for it in found}
    assert len(titles) == 9
    again = make_search(trials, vary, [1], 1, count=9).comparison.configurations
    assert [it.title for it in again] == [it.title for it in found]


@in_event_loop
async def test_a_search_of_the_page_and_its_definition_give_the_same_accuracies() -> None:
    trials = digits_trials(InMemoryDataSet(load_digits()))
    runs = make_runs(trials)
    pane = RunsPane(runs, DirectPageWriter(), RedrawRate())
    pane.show(True)
    runs.state.param.update(experiment="search", first_values="0.001; 0.02", seeds=2, epochs=1)
    runs.state.param.second_setting.objects = ["", "hidden_layers"]
    runs.state.param.update(second_setting="hidden_layers", second_values="6; 8 4")
    runs.search()
    await until(lambda: not runs.state.running)
    search = runs.state.search_result
    assert (search.comparison.done, search.comparison.total) == (8, 8)
    means = [sum(finals) for _, finals in search.ranking()]
    assert means == sorted(means, reverse=True)
    assert 'data-done="8"' in search_html(search, False)
    definition = runs.search_definition()
    assert definition is not None
    sweep = parse_sweep(tomllib.loads(definition), "page").trials()
    ours = [run.scores[-1] for runs_of in search.comparison.runs for run in runs_of]
    theirs = [run_in_thread_of_its_own(trial) for trial in sweep]
    assert [score.accuracy for score in ours] == theirs
    runs.state.first_values = "nonsense"
    runs.search()
    assert runs.state.notice.kind == "warning"
    await trials.controller.close()


def run_in_thread_of_its_own(trial: Any) -> float:
    """Compute a trial outside the event loop of the test."""
    # The context ends the limit of BLAS that a trial sets for good in a thread.
    with limit_blas_threads(), ThreadPoolExecutor(1) as pool:
        result = pool.submit(run_trial, trial, "one").result()
    assert result.record.last is not None
    return result.record.last.accuracy
