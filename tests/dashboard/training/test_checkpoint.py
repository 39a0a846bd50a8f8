import io
import json

import numpy as np
import pytest
from training_helpers import curve_of, few_samples, make_run, train, weights_of

from dashboard.training.checkpoint import (
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
}


def checkpoint_of(run) -> Checkpoint:
    return Checkpoint(settings_values(run.settings), run.state(), {"data": "few"})


def again(run) -> Checkpoint:
    """Send a run through bytes."""
    return Checkpoint.from_bytes(checkpoint_of(run).to_bytes(), "a.npz")


@pytest.fixture(scope="module")
def content() -> bytes:
    run = make_run()
    train(run, steps=5, validation=few_samples(30, 1000))
    return checkpoint_of(run).to_bytes()


def with_header(content: bytes, **changes) -> bytes:
    """Return a checkpoint with another header."""
    with np.load(io.BytesIO(content)) as archive:
        arrays = dict(archive)
    header = {**json.loads(arrays["header"].tobytes()), **changes}
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_run_goes_on_from_its_bytes_with_the_same_numbers(optimizer):
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
    second = make_run(state=again(first).state, **values)
    train(second, epochs=3, **options)
    assert curve_of(second) == curve_of(whole)
    assert weights_of(second) == weights_of(whole)
    assert second.step.optimizer.state().keys() == whole.step.optimizer.state().keys()
    np.testing.assert_array_equal(
        second.history.loss_curve.points(), whole.history.loss_curve.points()
    )


@pytest.mark.parametrize("steps", [1, 15, 16, 50])
def test_every_place_in_the_stream_can_be_gone_on_from(steps):
    whole, first = make_run(), make_run()
    train(whole, steps=55)
    train(first, steps=steps)
    second = make_run(state=again(first).state)
    assert second.epochs_done == first.epochs_done
    train(second, steps=55 - steps)
    assert weights_of(second) == weights_of(whole)
    assert curve_of(second) == curve_of(whole)


def test_a_checkpoint_keeps_settings_task_and_scores(content):
    checkpoint = Checkpoint.from_bytes(content, "a.npz")
    assert checkpoint.task == {"data": "few"}
    settings = TrainingSettings(**checkpoint.settings)
    assert (settings.hidden_layers, settings.batch_size) == ([12], 20)
    assert checkpoint.state.iteration == len(checkpoint.state.history) == 5
    assert [score.count for score in checkpoint.state.history.validation] == [30]


def test_the_same_run_gives_the_same_bytes(content):
    assert Checkpoint.from_bytes(content, "a.npz").to_bytes() == content


def test_a_fresh_run_can_be_kept_too():
    fresh = make_run()
    second = make_run(state=again(fresh).state)
    train(second, epochs=1)
    train(fresh, epochs=1)
    assert curve_of(second) == curve_of(fresh)


def test_a_run_with_ruined_weights_is_not_kept():
    run = make_run()
    run.network.layers[0].weights[0, 0] = np.nan
    with pytest.raises(WeightsError, match=r"not saved.*nan at position 0 of W0"):
        checkpoint_of(run).to_bytes()


def test_a_file_is_read_back(tmp_path, content):
    path = tmp_path / "a.npz"
    write_checkpoint(Checkpoint.from_bytes(content, "a.npz"), path)
    assert path.read_bytes() == content
    assert read_checkpoint(path).state.iteration == 5
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_file_says_that_there_is_nothing_to_go_on_with(tmp_path):
    with pytest.raises(CheckpointError, match=r"b\.npz: there is no such checkpoint"):
        read_checkpoint(tmp_path / "b.npz")
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_checkpoint(tmp_path)


@pytest.mark.parametrize("kept", [0, 10, 1000, -1])
def test_a_checkpoint_cut_short_is_refused(content, kept):
    with pytest.raises(CheckpointError, match=r"^a\.npz: expected a whole checkpoint and found"):
        Checkpoint.from_bytes(content[:kept], "a.npz")


def test_a_flipped_bit_in_the_weights_is_found(content):
    damaged = bytearray(content)
    damaged[len(content) // 3] ^= 1
    with pytest.raises(CheckpointError, match=r"^a\.npz: "):
        Checkpoint.from_bytes(bytes(damaged), "a.npz")


def test_a_weights_file_is_no_checkpoint():
    file = io.BytesIO()
    np.savez(file, W0=np.zeros(3))
    with pytest.raises(CheckpointError, match="the weights file is not a checkpoint"):
        Checkpoint.from_bytes(file.getvalue(), "a.npz")


def test_a_checkpoint_of_a_later_format_says_so(content):
    with pytest.raises(CheckpointError, match="of format 1 and found inkling checkpoint of form"):
        Checkpoint.from_bytes(with_header(content, format=2), "a.npz")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iteration": 4}, "4 steps, but curves of"),
        ({"epoch": -1}, "a place before the beginning"),
        ({"optimizer": "magic"}, "optimizer and found 'magic'"),
        ({"optimizer": "sgd"}, "optimizer state"),
        ({"settings": {"batch_size": 0}}, "batch_size"),
        ({"settings": {"speed": 3}}, "speed"),
        ({"position": {}}, "queue"),
        ({"dropout_state": {"bit_generator": "PCG64"}}, "state"),
        ({"loss": 3}, "mapping"),
        ({"settings": None}, "NoneType"),
    ],
)
def test_a_checkpoint_that_contradicts_itself_is_refused(content, changes, reason):
    with pytest.raises(CheckpointError, match="contradicts itself") as caught:
        Checkpoint.from_bytes(with_header(content, **changes), "a.npz")
    assert reason in str(caught.value)
