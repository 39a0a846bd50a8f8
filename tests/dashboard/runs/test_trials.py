"""Repeats with seeds, races from a checkpoint, and the range test of the learning rate."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from controller_helpers import make_controller, until
from plane_helpers import make_plane_controller
from training_helpers import Ticks, curve_of, in_event_loop

from dashboard.runs.fork import make_race, run_race
from dashboard.runs.rate_finder import RateTest, find_rate, rate_at
from dashboard.runs.seeds import Configuration, SeedComparison, repeat
from dashboard.runs.t_test import PAIRED, WELCH
from dashboard.runs.trials import DigitsTrials, PlaneTrials, changed_settings
from dashboard.training.settings import SettingError
from dashboard.training.trainer import TimeBudget, execute_in_line


def digits_trials(**settings: Any) -> DigitsTrials:
    controller = make_controller(**settings)
    return DigitsTrials(controller, Ticks(), execute_in_line, TimeBudget())


def plane_trials(**settings: Any) -> PlaneTrials:
    controller = make_plane_controller(**{"hidden_layers": [5], "points_count": 100, **settings})
    return PlaneTrials(controller, Ticks(), execute_in_line, TimeBudget())


@in_event_loop
async def test_runs_of_the_same_seeds_are_compared_in_pairs() -> None:
    trials = digits_trials()
    seeds = [1, 2, 3]
    comparison = SeedComparison(
        [
            Configuration("present settings", {}, seeds),
            Configuration("learning rate 1e-6", {"learning_rate": 1e-6}, seeds),
        ],
        2,
    )
    calls: list[int] = []
    await repeat(trials, comparison, lambda: calls.append(comparison.done))
    assert comparison.done == comparison.total == calls[-1] == 6
    test = comparison.test()
    assert test is not None
    assert (test.kind, test.count) == (PAIRED, 3)
    assert test.difference < -0.1
    assert test.is_significant
    epochs, means, deviations = comparison.band(0)
    np.testing.assert_allclose(epochs, [1, 2])
    finals = comparison.finals(0)
    assert means[-1] == pytest.approx(np.mean(list(finals.values())))
    assert deviations[-1] == pytest.approx(np.std(list(finals.values()), ddof=1))
    lines = comparison.csv().splitlines()
    assert len(lines) == 1 + 3 * 2 * 2
    finals_in_csv = [float(line.split(",")[5]) for line in lines if line.endswith(",1")]
    assert finals_in_csv == [*finals.values(), *comparison.finals(1).values()]


@in_event_loop
async def test_the_run_of_a_seed_is_the_one_that_the_pane_trains() -> None:
    trials = digits_trials(seed=5, stop_epoch=1)
    comparison = SeedComparison([Configuration("present settings", {}, [5])], 1)
    await repeat(trials, comparison)
    controller = trials.controller
    controller.start()
    controller.state.running = True
    await until(lambda: not controller.state.running)
    await until(lambda: controller.training_loop.is_idle)
    assert comparison.finals(0)[5] == controller.state.history.validation[-1].accuracy
    await controller.close()


@in_event_loop
async def test_the_same_settings_with_other_seeds_are_compared_by_welchs_test() -> None:
    trials = plane_trials()
    comparison = SeedComparison(
        [Configuration("present", {}, [1, 2]), Configuration("others", {}, [3, 4])], 3
    )
    await repeat(trials, comparison)
    test = comparison.test()
    assert test is not None
    assert test.kind == WELCH
    assert "seeds" in comparison.sentence()


@in_event_loop
async def test_a_run_that_diverges_is_scored_with_the_weights_that_it_returned_to() -> None:
    trials = digits_trials(optimizer="sgd", learning_rate=10.0, hidden_layers=[30, 30])
    comparison = SeedComparison([Configuration("too fast", {}, [1, 2])], 2)
    await repeat(trials, comparison)
    assert all(run.fault for run in comparison.runs[0])
    assert len(comparison.finals(0)) == 2


@pytest.mark.skipif("INKLING_NULL_TRIES" not in os.environ, reason="INKLING_NULL_TRIES asks for it")
@in_event_loop
async def test_equal_settings_are_called_chance_in_95_of_100_tries_with_real_runs() -> None:
    tries = int(os.environ["INKLING_NULL_TRIES"])
    trials = digits_trials()
    called = 0
    for number in range(tries):
        first = range(10 * number, 10 * number + 5)
        comparison = SeedComparison(
            [
                Configuration("one", {}, list(first)),
                Configuration("other", {}, [seed + 5 for seed in first]),
            ],
            1,
        )
        await repeat(trials, comparison)
        called += "may be chance" in comparison.sentence()
    print(f"{called} of {tries} called chance")  # noqa: T201
    assert called >= 0.95 * tries


async def trained_state(trials: Any, steps: int) -> Any:
    """Return the state of a run of its own after some steps."""
    run = trials.make(trials.settings())
    await trials.trainer(run, await trials.held_out()).train(steps=steps)
    state = run.state()
    await run.close()
    return state


def record_batches(run: Any) -> list[bytes]:
    """Note the images of every batch that a run takes from now on."""
    taken: list[bytes] = []
    take = run.feed.take

    def noting(*arguments: Any) -> Any:
        batch = take(*arguments)
        if batch is not None:
            taken.append(batch.images.tobytes())
        return batch

    run.feed.take = noting
    return taken


@pytest.mark.parametrize("make_trials", [digits_trials, plane_trials])
def test_a_fork_with_nothing_changed_gives_equal_curves_to_the_bit(make_trials: Any) -> None:
    @in_event_loop
    async def race_of_equals() -> None:
        trials = make_trials()
        if make_trials is digits_trials:
            trials.controller.state.dropout = 0.2
        race = await make_race(trials, await trained_state(trials, 23), {}, "nothing changed", 35)
        await run_race(race)
        one, two = race.racers
        assert curve_of(one.run) == curve_of(two.run)
        assert len(one.run.history) == 58
        for first, second in zip(
            one.run.network.parameters(), two.run.network.parameters(), strict=True
        ):
            assert first.tobytes() == second.tobytes()

    race_of_equals()


@pytest.mark.parametrize("make_trials", [digits_trials, plane_trials])
def test_with_one_setting_changed_both_see_the_same_batches(make_trials: Any) -> None:
    @in_event_loop
    async def race() -> None:
        trials = make_trials()
        state = await trained_state(trials, 12)
        race = await make_race(trials, state, {"learning_rate": 0.05}, "learning rate 0.05", 21)
        batches = [record_batches(racer.run) for racer in race.racers]
        await run_race(race)
        # A slice may take several consecutive batches in one call.
        one, two = (b"".join(taken) for taken in batches)
        assert one == two
        assert one
        one_run, two_run = (racer.run for racer in race.racers)
        assert one_run.history.losses[:13] == two_run.history.losses[:13]
        assert one_run.history.losses[13:] != two_run.history.losses[13:]

    race()


@in_event_loop
async def test_a_fork_continues_as_the_run_would_have() -> None:
    trials = digits_trials()
    race = await make_race(trials, await trained_state(trials, 17), {}, "nothing changed", 20)
    await run_race(race)
    whole = await trained_state(trials, 37)
    assert race.racers[0].run.history.losses == whole.history.losses
    settings, model = trials.keep(race.racers[1].run)
    assert model.run_state().iteration == 37
    assert settings["learning_rate"] == trials.controller.state.learning_rate


@in_event_loop
async def test_the_range_test_grows_the_rate_and_leaves_the_pane_alone() -> None:
    trials = digits_trials(optimizer="sgd")
    before = trials.controller.network
    shown: list[int] = []
    result = await find_rate(trials, 1e-4, 10, 80, lambda it: shown.append(len(it.rates)))
    np.testing.assert_allclose(result.rates[1:] / result.rates[:-1], 10 ** (5 / 79), rtol=1e-4)
    assert result.rates[0] == pytest.approx(1e-4)
    assert shown[0] == 10
    assert result.suggestion is not None
    assert 0.003 <= result.suggestion <= 0.5
    assert trials.controller.network is before
    assert not trials.controller.state.history.losses


def test_the_suggestion_is_a_tenth_of_the_rate_of_the_lowest_loss() -> None:
    rates = np.array([rate_at(step, 0.001, 10, 101) for step in range(101)])
    losses = 1 + np.abs(np.arange(101) - 60.0)
    result = RateTest(rates, losses)
    lowest = rates[np.argmin(result.smoothed)]
    assert result.suggestion == float(f"{lowest / 10:.0e}")
    assert RateTest(rates, np.arange(101) + 1.0).suggestion is None
    assert RateTest(rates[:0], losses[:0]).suggestion is None


def test_a_change_is_read_as_its_field_reads_it() -> None:
    trials = digits_trials()
    assert changed_settings(trials, "hidden_layers", "32 16") == {"hidden_layers": [32, 16]}
    assert changed_settings(trials, "optimizer", "sgd") == {"optimizer": "sgd"}
    assert changed_settings(trials, "biases", "off") == {"biases": False}
    for name, text in (("learning_rate", "fast"), ("hidden_layers", "2048 2048 2048 2048")):
        with pytest.raises(SettingError):
            changed_settings(trials, name, text)
