"""A run that is saved as bytes continues with the same numbers; damaged bytes are refused."""

import io
import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from plane_helpers import bits_of, make_plane_run, train_plane
from training_helpers import curve_of, few_samples, make_run, train, weights_of

from dashboard.plane.settings import PlaneSettings
from dashboard.training.checkpoint import (
    BLOCK_STEPS,
    Checkpoint,
    CheckpointError,
    read_checkpoint,
    settings_values,
    write_checkpoint,
)
from dashboard.training.settings import TrainingSettings
from nn import OPTIMIZERS, WeightsError, create_schedule

BUSY = {
    "augment": "light",
    "dropout": 0.2,
    "hidden_layers": [16, 12],
    "l2": 1e-4,
    "batch_size": 17,
    "weight_average": 0.9,
}


def checkpoint_of(run) -> Checkpoint:
    return Checkpoint(
        settings_values(run.settings), run.state(), {"data": "few"}, {"codes": np.arange(3)}
    )


def through_bytes(run):
    return Checkpoint.from_bytes(checkpoint_of(run).to_bytes(), "a.npz").state


@pytest.fixture(scope="module")
def content() -> bytes:
    run = make_run()
    train(run, steps=5, validation=few_samples(30, 1000))
    return checkpoint_of(run).to_bytes()


def with_changes(
    content: bytes, arrays: dict | None = None, without: Sequence[str] = (), **header
) -> bytes:
    """Return a checkpoint with another header and other arrays."""
    with np.load(io.BytesIO(content)) as archive:
        found = {**archive, **(arrays or {})}
    for name in without:
        del found[name]
    text = json.dumps({**json.loads(found["header"].tobytes()), **header})
    found["header"] = np.frombuffer(text.encode(), np.uint8)
    file = io.BytesIO()
    np.savez(file, **found)
    return file.getvalue()


def lengthened(checkpoint: Checkpoint, steps: int) -> Checkpoint:
    """Return a checkpoint of a run that has taken so many steps more."""
    history = checkpoint.state.history.copy()
    for step in range(steps):
        history.append(step / 7, step % 11 / 11, 0.1)
    state = replace(checkpoint.state, history=history, iteration=len(history))
    return replace(checkpoint, state=state)


def test_a_longer_run_begins_with_the_bytes_of_a_shorter_one_and_both_are_read(content):
    short = Checkpoint.from_bytes(content, "it")
    long = lengthened(short, BLOCK_STEPS)
    longer = lengthened(long, 1000)
    contents = [it.to_bytes() for it in (long, longer)]
    assert contents[0][: 12 * BLOCK_STEPS] == contents[1][: 12 * BLOCK_STEPS]
    assert len(contents[1]) - len(contents[0]) == pytest.approx(12 * 1000, abs=200)
    found = Checkpoint.from_bytes(contents[1], "it").state.history
    for name in ("losses", "accuracies", "learning_rates"):
        assert getattr(found, name) == getattr(longer.state.history, name)
    # As earlier versions wrote it.
    with np.load(io.BytesIO(contents[1])) as archive:
        block = archive["history.000000"]
        rest = [archive[name] for name in ("losses", "accuracies", "learning_rates")]
    names = ("losses", "accuracies", "learning_rates")
    whole = {name: np.append(*both) for name, *both in zip(names, block, rest, strict=True)}
    former = with_changes(contents[1], whole, without=("history.000000",), format=1)
    assert Checkpoint.from_bytes(former, "it").state.history.losses == found.losses
    for arrays in ({"history.000000": block[:, 1:]}, {"history.000002": block}):
        with pytest.raises(CheckpointError):
            Checkpoint.from_bytes(with_changes(contents[1], arrays), "it")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_run_continues_from_its_bytes_with_the_same_numbers(optimizer):
    values = {**BUSY, "optimizer": optimizer}
    options = {
        "learning_rate": create_schedule("one-cycle", 0.004, 54),
        "validation": few_samples(60, 1000),
    }
    whole = make_run(**values)
    train(whole, epochs=3, **options)
    first = make_run(**values)
    train(first, steps=25, **options)
    assert 0 < first.consumed < first.feed.sample_count
    second = make_run(state=through_bytes(first), **values)
    train(second, epochs=3, **options)
    assert curve_of(second) == curve_of(whole)
    assert weights_of(second) == weights_of(whole)
    mean, expected = second.evaluated_network.parameters(), whole.evaluated_network.parameters()
    assert [array.tobytes() for array in mean] == [array.tobytes() for array in expected]
    assert second.step.optimizer.state().keys() == whole.step.optimizer.state().keys()
    np.testing.assert_array_equal(
        second.history.loss_curve.points(), whole.history.loss_curve.points()
    )


@pytest.mark.parametrize("steps", [0, 1, 15, 16, 50])
def test_a_run_continues_from_every_position_in_its_blocks(steps):
    whole, first = make_run(), make_run()
    train(whole, steps=55)
    if steps:
        train(first, steps=steps)
    second = make_run(state=through_bytes(first))
    assert second.epochs_done == first.epochs_done
    train(second, steps=55 - steps)
    assert weights_of(second) == weights_of(whole)
    assert curve_of(second) == curve_of(whole)


def test_a_run_on_points_continues_from_its_bytes_with_the_same_fallback():
    run = make_plane_run(batch_size=7)
    train_plane(run, 60)
    settings = {name: getattr(run.settings, name) for name in PlaneSettings.param if name != "name"}
    content = Checkpoint(settings, run.state(fallback=True)).to_bytes()
    state = Checkpoint.from_bytes(content, "it", PlaneSettings).state
    other = make_plane_run(batch_size=7)
    other.load_state(state)
    assert state.fallback.iteration == 50
    for it in (run, other):
        train_plane(it, 30)
    assert (bits_of(other), curve_of(other)) == (bits_of(run), curve_of(run))
    for it in (run, other):
        it.restore_fallback()
    assert other.iteration == run.iteration
    assert bits_of(other) == bits_of(run)


def test_a_checkpoint_holds_settings_task_arrays_and_scores(content):
    checkpoint = Checkpoint.from_bytes(content, "a.npz")
    assert checkpoint.task == {"data": "few"}
    assert checkpoint.arrays["codes"].tolist() == [0, 1, 2]
    settings = TrainingSettings(**checkpoint.settings)
    assert (settings.hidden_layers, settings.batch_size) == ([12], 20)
    assert checkpoint.state.iteration == len(checkpoint.state.history) == 5
    assert [score.count for score in checkpoint.state.history.validation] == [30]
    assert checkpoint.to_bytes() == content


@pytest.mark.parametrize("ruined", ["network", "optimizer"])
def test_a_run_with_nan_is_not_saved(ruined):
    run = make_run(optimizer="adam")
    train(run, steps=1)
    state = run.state()
    arrays = state.network.parameters() if ruined == "network" else state.optimizer_state["first.0"]
    arrays[0][0] = np.nan
    with pytest.raises(WeightsError, match=r"NaN or infinity|nan"):
        Checkpoint(settings_values(run.settings), state).to_bytes()


def test_a_file_is_read_back(tmp_path, content):
    path = tmp_path / "a.npz"
    write_checkpoint(Checkpoint.from_bytes(content, "a.npz"), path)
    assert path.read_bytes() == content
    assert read_checkpoint(path).state.iteration == 5
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"b\.npz: .*found no file"):
        read_checkpoint(tmp_path / "b.npz")
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_checkpoint(tmp_path)


@pytest.mark.parametrize("length", [0, 10, 1000, -1])
def test_a_checkpoint_that_was_cut_short_is_refused(content, length):
    with pytest.raises(CheckpointError, match=r"^a\.npz: expected a whole checkpoint"):
        Checkpoint.from_bytes(content[:length], "a.npz")


def test_a_flipped_bit_in_the_weights_is_found(content):
    damaged = bytearray(content)
    damaged[len(content) // 3] ^= 1
    with pytest.raises(CheckpointError, match=r"^a\.npz: "):
        Checkpoint.from_bytes(bytes(damaged), "a.npz")


def test_a_weights_file_is_not_a_checkpoint():
    file = io.BytesIO()
    np.savez(file, W0=np.zeros(3))
    with pytest.raises(CheckpointError, match="expected a checkpoint, found another archive"):
        Checkpoint.from_bytes(file.getvalue(), "a.npz")


@pytest.mark.parametrize("changes", [{"format": 3}, {"kind": "inkling spiral"}])
def test_a_checkpoint_of_another_format_or_kind_is_refused(content, changes):
    with pytest.raises(CheckpointError, match=f"found .*{next(iter(changes.values()))}"):
        Checkpoint.from_bytes(with_changes(content, **changes), "a.npz")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iteration": 4}, "4 steps"),
        ({"epoch": -1}, "-1"),
        ({"consumed": 0.5}, "0.5"),
        ({"optimizer": "magic"}, "magic"),
        ({"optimizer": "sgd"}, "optimizer state"),
        ({"settings": {"batch_size": 0}}, "batch_size"),
        ({"settings": {"speed": 3}}, "speed"),
        ({"settings": None}, "NoneType"),
        ({"position": {}}, "PointPosition"),
        ({"dropout_state": {"bit_generator": "PCG64"}}, "state"),
        ({"starting_loss": float("inf")}, "inf"),
        ({"loss": 3}, "int"),
        ({"loss": {"total": float("nan"), "weight": 1}}, "nan"),
        ({"arrays": {"losses": np.zeros(4)}}, "5 steps"),
        ({"arrays": {"optimizer.first.0": np.full((784, 12), np.nan, np.float32)}}, "first.0"),
        ({"arrays": {"optimizer.first.0": np.zeros(3, np.float32)}}, "first.0"),
        ({"fallback": {"iteration": 9}}, "network"),
    ],
)
def test_an_inconsistent_checkpoint_is_refused(content, changes, reason):
    with pytest.raises(CheckpointError) as caught:
        Checkpoint.from_bytes(with_changes(content, **changes), "a.npz")
    assert reason in str(caught.value)
