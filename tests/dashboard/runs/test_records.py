"""Runs that are kept: which ones, with what, in how much memory."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
from controller_helpers import Door, all_done, make_controller, until, weights_of
from plane_helpers import make_plane_controller
from training_helpers import Ticks, in_event_loop, make_run, make_trainer

from dashboard.runs.curve import POINTS, Line, RunCurve, curve_of
from dashboard.runs.recorder import RunRecorder
from dashboard.runs.records import (
    MAX_PINNED,
    MAX_RUNS,
    RunCollection,
    RunStyle,
    differing_settings,
    score_delta,
)
from dashboard.training.history import Score


def line(points: int = 5) -> Line:
    values = np.arange(points, dtype=np.float32)
    return Line(values, values, values, values, values)


def facts(**values: object) -> dict[str, object]:
    """Return the attributes of a record that do not matter in a test."""
    return {
        "settings": {"seed": 1},
        "backend": "numpy",
        "iteration": 5,
        "epochs": 1.0,
        "seconds": 2.0,
        "curve": RunCurve(line(), line()),
        **values,
    }


def test_forty_runs_differ_in_colour_or_dash() -> None:
    styles = [RunStyle(number) for number in range(MAX_RUNS)]
    assert len({(style.color, style.dash) for style in styles}) == MAX_RUNS
    assert all(a.dash != b.dash for a, b in pairwise(styles) if a.number % 10 < 9)


def test_the_oldest_run_that_is_not_pinned_goes() -> None:
    runs = RunCollection()
    first = runs.add(**facts())
    runs.pin(first.number, True)
    for _ in range(MAX_RUNS + 4):
        runs.add(**facts())
    assert len(runs.records) == MAX_RUNS
    assert runs.records[0].number == first.number
    assert [record.number for record in runs.records[1:]] == list(range(7, MAX_RUNS + 6))
    styles = [record.style.number for record in runs.records]
    assert sorted(styles) == list(range(MAX_RUNS))


def test_pinning_ends_before_every_run_is_pinned() -> None:
    runs = RunCollection()
    added = [runs.add(**facts()) for _ in range(MAX_RUNS)]
    assert [runs.pin(it.number, True) for it in added].count(True) == MAX_PINNED


def test_a_deleted_run_is_no_baseline_and_not_chosen() -> None:
    runs = RunCollection()
    one, two, three = (runs.add(**facts()) for _ in range(3))
    runs.baseline = one.number
    for record in (one, two, three):
        runs.choose(record.number, True)
    assert runs.chosen == (two.number, three.number)
    runs.delete(one.number)
    runs.delete(three.number)
    assert runs.baseline is None
    assert runs.chosen == (two.number,)


def test_only_settings_that_differ_are_named_and_scores_are_compared_with_the_baseline() -> None:
    runs = RunCollection()
    one = runs.add(**facts(settings={"seed": 1, "l2": 0.0}, best_accuracy=Score(4, 0.5, 0.75, 100)))
    two = runs.add(**facts(settings={"seed": 1, "l2": 0.1}, best_accuracy=Score(4, 0.5, 0.5, 100)))
    assert differing_settings([one, two]) == ["l2"]
    assert differing_settings([one]) == []
    assert score_delta(two, one, "accuracy") == -0.25
    assert score_delta(one, one, "accuracy") is None
    assert score_delta(one, two, "loss") is None


def test_a_name_is_cut_and_an_empty_one_is_not_taken() -> None:
    runs = RunCollection()
    record = runs.add(**facts())
    runs.rename(record.number, "  with \n dropout ")
    assert runs.find(record.number).name == "with dropout"  # type: ignore[union-attr]
    runs.rename(record.number, "   ")
    runs.rename(record.number, "x" * 500)
    assert runs.find(record.number).name == "x" * 60  # type: ignore[union-attr]


@in_event_loop
async def test_a_long_curve_has_few_points_whose_means_are_those_of_the_steps() -> None:
    run = make_run(seed=3)
    await make_trainer(run, clock=Ticks(0.0001)).train(steps=701)
    curve = curve_of(run)
    losses = np.array(run.history.losses)
    group = curve.stride
    assert len(curve.training) <= POINTS
    for index, end in enumerate(curve.training.iteration):
        taken = losses[index * group : int(end)]
        np.testing.assert_allclose(curve.training.loss[index], taken.mean(), rtol=1e-5)
    assert curve.training.iteration[-1] == 701
    np.testing.assert_allclose(curve.training.epoch[-1], run.epochs_done, rtol=1e-3)
    assert np.all(np.diff(curve.training.seconds) >= 0)
    np.testing.assert_allclose(curve.training.seconds[-1], run.times.total)


@in_event_loop
async def test_a_run_of_digits_is_kept_at_reset_and_restored_exactly() -> None:
    controller = make_controller(learning_rate=0.01)
    runs = RunCollection()
    recorder = RunRecorder(controller.training, runs)
    controller.start()
    controller.reset()
    assert runs.records == []  # nothing has been trained yet
    assert recorder.current() is None
    controller.state.running = True
    await until(lambda: controller.trainer.run.iteration > 20)
    controller.state.running = False
    await until(lambda: controller.training_loop.is_idle)
    iteration, weights = controller.trainer.run.iteration, weights_of(controller)
    current = recorder.current()
    assert current is not None
    assert current.iteration == iteration
    controller.state.learning_rate = 0.5  # not trained with any more
    controller.reset()
    (record,) = runs.records
    assert (record.iteration, record.seed, record.settings["learning_rate"]) == (iteration, 1, 0.01)
    assert record.settings["hidden_layers"] == [12]
    assert record.settings["data_set"] == "digits"
    assert record.last is not None
    assert record.seconds > 0
    assert record.model is not None
    controller.restore_model(record.model)  # type: ignore[arg-type]
    assert weights_of(controller) == weights
    assert controller.trainer.run.iteration == iteration
    controller.reset()
    assert runs.records == [record]  # it is kept already
    await controller.close()
    await all_done()


@in_event_loop
async def test_a_run_that_is_replaced_during_a_slice_is_kept_with_the_slice() -> None:
    door = Door()
    controller = make_controller(execute=door)
    runs = RunCollection()
    RunRecorder(controller.training, runs)
    controller.start()
    controller.reset()
    controller.state.running = True
    await until(lambda: controller.trainer.run.iteration > 4)
    door.shut()
    await until(lambda: door.waiting == 1)
    run = controller.trainer.run
    before = run.iteration
    controller.reset()
    assert runs.records == []
    door.open()
    await until(lambda: bool(runs.records))
    (record,) = runs.records
    assert record.iteration == run.iteration > before
    assert record.curve.training.iteration[-1] == run.iteration
    await controller.close()
    await all_done()


@in_event_loop
async def test_a_run_in_the_plane_is_kept_with_its_own_settings_and_restored_exactly() -> None:
    controller = make_plane_controller(hidden_layers=[5])
    runs = RunCollection()
    RunRecorder(controller.training, runs)
    controller.state.running = True
    await until(lambda: controller.trainer.run.iteration > 5)
    controller.state.running = False
    await until(lambda: controller.training_loop.is_idle)
    run = controller.trainer.run
    weights = [it.tobytes() for it in run.network.parameters()]
    controller.state.hidden_layers = [7]
    (record,) = runs.records
    assert record.settings["hidden_layers"] == [5]
    assert controller.trainer.run.network.sizes[1] == 7
    model = record.model
    controller.restore_run(model.values, model.data, model.state)  # type: ignore[union-attr]
    assert controller.state.hidden_layers == [5]
    restored = controller.trainer.run
    assert [it.tobytes() for it in restored.network.parameters()] == weights
    assert restored.iteration == run.iteration
    controller.reset()
    assert runs.records == [record]
    await controller.close()
    await all_done()


def test_old_weights_go_before_old_runs(monkeypatch: object) -> None:
    class Model:
        def run_state(self) -> object:
            run = make_run()
            return run.state()

    size = RunCollection().add(**facts(model=Model())).nbytes
    runs = RunCollection()
    with np.errstate(all="raise"):
        from dashboard.runs import records  # noqa: PLC0415

        monkeypatch.setattr(records, "MAX_BYTES", 2 * size)  # type: ignore[attr-defined]
        added = [runs.add(**facts(model=Model())) for _ in range(3)]
    assert [record.model is None for record in runs.records] == [True, False, False]
    assert [record.number for record in runs.records] == [it.number for it in added]


def test_forty_curves_of_two_hours_are_smoothed_in_little_time() -> None:
    curves = [RunCurve(line(POINTS), line(POINTS), 4096) for _ in range(MAX_RUNS)]
    began = time.perf_counter()
    for curve in curves:
        curve.smoothed("loss", 0.99)
    assert time.perf_counter() - began < 0.5  # ten times what it takes under load
