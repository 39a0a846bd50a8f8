"""Kept runs are saved with the work: records, curves, and weights as far as a limit allows."""

from __future__ import annotations

import numpy as np
import pytest
from controller_helpers import make_controller, until
from plane_helpers import make_plane_controller
from training_helpers import in_event_loop

from dashboard.autosave import runs as saved_runs
from dashboard.autosave.runs import saved_digits_runs, saved_plane_runs
from dashboard.autosave.save import SaveError
from dashboard.runs.curve import LINE_COLUMNS
from dashboard.runs.recorder import RunRecorder
from dashboard.runs.records import RunCollection


async def train_some(controller: object, steps: int) -> None:
    run = controller.trainer.run
    controller.state.running = True
    await until(lambda: run.iteration >= steps)
    controller.state.running = False
    await until(lambda: controller.training_loop.is_idle)


@in_event_loop
async def test_saved_runs_come_back_with_curves_and_the_same_weights() -> None:
    controller, runs = make_controller(), RunCollection(metric="loss", smoothing=0.5)
    RunRecorder(controller.training, runs)
    controller.start()
    for rate in (0.01, 0.02):
        controller.reset()
        controller.state.learning_rate = rate
        await train_some(controller, 20)
    controller.reset()
    runs.rename(1, "slow")
    runs.pin(1, True)
    runs.baseline = 2
    part = saved_digits_runs(runs)
    content = part.capture()
    assert content is part.capture()  # nothing changed
    assert part.title == "2 kept runs"

    others = RunCollection()
    await saved_digits_runs(others).restore(content)
    assert (others.metric, others.smoothing, others.baseline) == ("loss", 0.5, 2)
    assert len(others.records) == 2
    for before, after in zip(runs.records, others.records, strict=True):
        for name in ("name", "style", "settings", "iteration", "is_pinned", "last", "best_loss"):
            assert getattr(after, name) == getattr(before, name)
        for part_name in ("training", "validation"):
            for column in LINE_COLUMNS:
                np.testing.assert_array_equal(
                    getattr(getattr(after.curve, part_name), column),
                    getattr(getattr(before.curve, part_name), column),
                )
        old, new = before.model.run_state(), after.model.run_state()
        assert [it.tobytes() for it in new.network.parameters()] == [
            it.tobytes() for it in old.network.parameters()
        ]
        assert all(
            (old.optimizer_state[name] == new.optimizer_state[name]).all()
            for name in (old.optimizer_state)
        )
        assert new.history.losses == old.history.losses
    controller.restore_model(others.records[0].model)
    assert controller.trainer.run.iteration == runs.records[0].iteration
    assert controller.state.learning_rate == 0.01
    await controller.close()


@in_event_loop
async def test_runs_in_the_plane_are_saved_with_their_points() -> None:
    controller, runs = make_plane_controller(hidden_layers=[4]), RunCollection()
    RunRecorder(controller.training, runs)
    await train_some(controller, 10)
    controller.state.shape = "circles"
    content = saved_plane_runs(runs).capture()
    others = RunCollection()
    await saved_plane_runs(others).restore(content)
    model = others.records[0].model
    controller.restore_run(model.values, model.data, model.state)
    assert controller.state.points.origin == "spiral"
    assert controller.trainer.run.iteration == runs.records[0].iteration
    await controller.close()


@in_event_loop
async def test_weights_beyond_the_limit_are_left_out_and_pinned_ones_come_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    controller, runs = make_controller(), RunCollection()
    RunRecorder(controller.training, runs)
    controller.start()
    controller.reset()
    for _ in range(3):
        await train_some(controller, 5)
        controller.reset()
    runs.pin(1, True)
    one = len(saved_digits_runs(runs).capture()) // 3
    monkeypatch.setattr(saved_runs, "MAX_MODEL_BYTES", int(1.9 * one))
    others = RunCollection()
    await saved_digits_runs(others).restore(saved_digits_runs(runs).capture())
    assert [record.model is not None for record in others.records] == [True, False, False]
    await controller.close()


@in_event_loop
async def test_a_save_without_runs_is_read_and_a_damaged_one_is_refused() -> None:
    runs = RunCollection()
    part = saved_digits_runs(runs)
    assert part.capture() == b""
    await part.restore(b"")
    assert runs.records == []
    with pytest.raises(SaveError):
        await part.restore(b"something else")
