"""Changed settings and divergences stay with the curve of their run."""

import csv
import io
import json
import math
from array import array

import numpy as np
import pytest
from plane_helpers import make_plane_run, train_plane
from training_helpers import curve_of, make_run, train

from dashboard.training.checkpoint import Checkpoint, settings_values
from dashboard.training.history import MAX_DIVERGENCES, History, Score
from dashboard.training.marks import Divergence, SettingChange
from dashboard.training.run import FALLBACK_EVERY, DivergenceError


def changes_of(run):
    return [(it.iteration, it.name, it.old, it.new) for it in run.history.changes]


def diverged_run(good=FALLBACK_EVERY + 1):
    """A run whose learning rate made it diverge after so many good steps."""
    run = make_run(optimizer="sgd", learning_rate=0.05)
    if good:
        train(run, steps=good)
    run.settings.learning_rate = 10.0
    with pytest.raises(DivergenceError):
        train(run, steps=FALLBACK_EVERY - 2)
    return run


# Settings


def test_every_changed_setting_of_a_run_is_marked_where_it_takes_effect():
    run = make_run()
    run.settings.learning_rate = 0.004
    train(run, steps=3)
    assert changes_of(run) == []
    run.settings.param.update(
        learning_rate=0.01, batch_size=10, optimizer="sgd", dropout=0.1, l1=0.2, l2=0.3
    )
    run.settings.param.update(augment="light", cache_size=2)
    train(run, steps=2)
    assert changes_of(run) == [
        (3, "learning_rate", 0.004, 0.01),
        (3, "batch_size", 20, 10),
        (3, "optimizer", "adam", "sgd"),
        (3, "dropout", 0.0, 0.1),
        (3, "l1", 0.0, 0.2),
        (3, "l2", 0.0, 0.3),
        (3, "augment", "none", "light"),
    ]
    np.testing.assert_allclose(run.history.learning_rates[2:4], [0.004, 0.01], rtol=1e-6)


def test_changes_of_one_setting_in_a_pause_are_one_mark_from_first_to_last():
    run = make_run(learning_rate=0.002)
    train(run, steps=3)
    for rate in (0.01, 0.5, 0.02):
        run.settings.learning_rate = rate
        run.apply_settings()
    assert changes_of(run) == [(3, "learning_rate", 0.002, 0.02)]
    run.settings.learning_rate = 0.002
    run.apply_settings()
    assert changes_of(run) == []


def test_a_run_on_points_has_marks_too():
    run = make_plane_run(learning_rate=0.5)
    train_plane(run, 4)
    run.settings.learning_rate = 0.1
    train_plane(run, 1)
    assert changes_of(run) == [(4, "learning_rate", 0.5, 0.1)]


def test_a_change_after_the_iteration_returned_to_is_marked_there_again():
    run = make_plane_run(learning_rate=0.5)
    train_plane(run, 4)
    early = run.state(history=False)
    train_plane(run, 4)
    run.settings.learning_rate = 0.1
    train_plane(run, 4)
    run.load_state(early)
    assert changes_of(run) == []
    train_plane(run, 1)
    assert changes_of(run) == [(4, "learning_rate", 0.5, 0.1)]


def test_a_change_is_told_with_its_values_and_its_iteration():
    text = SettingChange(1200, "learning_rate", 0.002, 0.01).text()
    assert text == "learning rate 0.002 → 0.01 at iteration 1,200"


# Divergence


def test_the_values_up_to_a_divergence_stay_with_the_run():
    run = diverged_run()
    same = make_run(optimizer="sgd", learning_rate=0.05)
    train(same, steps=FALLBACK_EVERY + 1)
    (divergence,) = run.history.divergences
    assert (divergence.fallback, len(run.history)) == (FALLBACK_EVERY, FALLBACK_EVERY)
    assert divergence.iteration > FALLBACK_EVERY + 1
    # The first step that was taken back had still the old rate.
    assert divergence.losses[0] == same.history.losses[FALLBACK_EVERY]
    assert divergence.losses[-1] > divergence.losses[0]
    assert all(math.isfinite(loss) for loss in divergence.losses)
    assert len(divergence.losses) == len(divergence.accuracies)


def test_a_divergence_before_the_first_good_weights_keeps_its_values():
    run = make_run(optimizer="sgd", hidden_layers=[30, 30], learning_rate=10.0)
    with pytest.raises(DivergenceError):
        train(run, steps=40)
    (divergence,) = run.history.divergences
    assert (len(run.history), divergence.fallback) == (0, 0)
    assert len(divergence.losses) >= divergence.iteration - 1 >= 1


def test_weights_that_became_nan_leave_finite_values():
    run = make_run(optimizer="sgd")
    run.step.network.layers[0].weights[:] = np.nan
    with pytest.raises(DivergenceError):
        train(run, steps=1)
    (divergence,) = run.history.divergences
    assert (divergence.iteration, divergence.losses.tolist()) == (1, [])


def test_a_lower_rate_after_a_divergence_is_marked_at_the_iteration_returned_to():
    run = diverged_run()
    run.settings.learning_rate = 0.01
    train(run, steps=5)
    assert changes_of(run) == [(FALLBACK_EVERY, "learning_rate", 0.05, 0.01)]
    assert len(run.history) == FALLBACK_EVERY + 5
    assert len(run.history.divergences) == 1


def test_only_the_newest_divergences_are_kept():
    history = History()
    for number in range(MAX_DIVERGENCES + 3):
        history.add_divergence(Divergence(number + 1, number, "exploded"))
    assert [it.fallback for it in history.divergences] == list(range(3, MAX_DIVERGENCES + 3))


# Validation


def test_the_best_validation_is_the_first_of_the_best():
    history = History()
    assert history.best_validation("loss") is None
    for iteration, loss, accuracy in ((10, 0.9, 0.5), (20, 0.4, 0.8), (30, 0.6, 0.8)):
        history.validation.append(Score(iteration, loss, accuracy, 100))
    assert history.best_validation("loss").iteration == 20
    assert history.best_validation("accuracy").iteration == 20


# Files


def test_marks_are_saved_with_the_run():
    run = diverged_run()
    run.settings.learning_rate = 0.01
    train(run, steps=5)
    content = Checkpoint(settings_values(run.settings), run.state()).to_bytes()
    checkpoint = Checkpoint.from_bytes(content, "it")
    history = checkpoint.state.history
    assert history.changes == run.history.changes
    assert history.marks() == run.history.marks()
    assert history.divergences[0].losses == run.history.divergences[0].losses
    assert history.epochs.points == run.history.epochs.points
    assert checkpoint.to_bytes() == content
    other = make_run(state=checkpoint.state, optimizer="sgd", learning_rate=0.01)
    train(other, steps=3)
    train(run, steps=3)
    assert curve_of(other) == curve_of(run)
    assert other.history.epochs.at([55]) == run.history.epochs.at([55])


def test_checkpoints_of_before_have_no_marks_and_continue():
    run = make_run()
    train(run, steps=23)
    content = Checkpoint(settings_values(run.settings), run.state()).to_bytes()
    with np.load(io.BytesIO(content)) as archive:
        arrays = dict(archive)
    header = json.loads(arrays["header"].tobytes())
    for name in ("changes", "divergences", "epochs"):
        del header[name]
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    file = io.BytesIO()
    np.savez(file, **arrays)
    other = make_run(state=Checkpoint.from_bytes(file.getvalue(), "it").state)
    assert other.history.marks() == []
    assert other.history.epochs.at([23]) == pytest.approx(23 * 20 / 300)


def test_the_exported_curve_has_a_column_of_marks_only_if_there_are_any():
    run = make_run()
    train(run, steps=3)
    assert "event" not in curve_of(run)
    run.settings.param.update(batch_size=1000, l2=0.5)
    train(run, steps=1)
    run.history.add_divergence(Divergence(4, 3, "exploded to 1,234", array("f"), array("f")))
    rows = list(csv.DictReader(io.StringIO(curve_of(run))))
    assert [row["event"] for row in rows] == [
        "",
        "",
        "batch size 20 → 1000 at iteration 3; L2 penalty 0 → 0.5 at iteration 3; diverged at "
        "iteration 4: the loss exploded to 1,234; back to the weights of iteration 3",
        "",
    ]
    assert [int(row["iteration"]) for row in rows] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "make",
    [
        lambda: SettingChange(3, "moon", 1, 2),
        lambda: SettingChange(-1, "l1", 1, 2),
        lambda: Divergence(5, 1, "", array("f", [1, 2]), array("f", [1, 2])),
        lambda: Divergence(2, 1, "", array("f", [math.inf]), array("f", [1])),
        lambda: Divergence(2, 1, "", array("f", [1]), array("f")),
    ],
)
def test_impossible_marks_are_refused(make):
    with pytest.raises(ValueError, match="expected"):
        make()
